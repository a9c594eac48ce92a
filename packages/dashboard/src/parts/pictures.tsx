// The gate's pictures as SVG in the page's colours, each with a text that says the same.

import type { ComponentChildren, VNode } from "preact";
import type { Picture } from "../api/types.ts";
import { numberText, percent } from "../lib/format.ts";

const W = 420;
const H = 240;
const LEFT = 44;
const BOTTOM = 30;
type Of<K extends Picture["kind"]> = Extract<Picture, { kind: K }>;
interface Drawn {
  readonly body: ComponentChildren;
  readonly says: string;
  readonly height?: number;
}

export function PictureView({ picture }: { readonly picture: Picture }): VNode {
  const { body, says, height = H } = drawn(picture);
  return <figure class="picture"><svg viewBox={`0 0 ${W} ${height}`} role="img" aria-label={`${picture.title}. ${says}`}>{body}</svg><figcaption>{picture.title}</figcaption></figure>;
}

function drawn(picture: Picture): Drawn {
  switch (picture.kind) {
    case "calibration": return calibration(picture);
    case "confusion": return confusion(picture);
    case "distribution": return distribution(picture);
    case "intervals": return intervals(picture.bars, picture.line);
    case "counts": return intervals(picture.bars.map((b) => ({ ...b, low: b.value, high: b.value })));
  }
}

function calibration({ bins }: Of<"calibration">): Drawn {
  const size = H - BOTTOM - 10;
  const x = (p: number): number => LEFT + p * size;
  const y = (p: number): number => 10 + (1 - p) * size;
  const most = Math.max(1, ...bins.map((b) => b.rows));
  return {
    says: `Said and true: ${bins.map((b) => `${percent(b.said)} said, ${percent(b.true)} true, ${b.rows} rows`).join("; ")}.`,
    body: <>
      <rect class="p-frame" x={LEFT} y="10" width={size} height={size} /><line class="p-even" x1={x(0)} y1={y(0)} x2={x(1)} y2={y(1)} />
      <polyline class="p-line" points={bins.map((b) => `${x(b.said)},${y(b.true)}`).join(" ")} />
      {bins.map((b) => <circle class="p-dot" cx={x(b.said)} cy={y(b.true)} r={3 + 5 * Math.sqrt(b.rows / most)}><title>{`said ${percent(b.said)}, true ${percent(b.true)}, ${b.rows} rows`}</title></circle>)}
      {[0, 0.5, 1].map((p) => <><text x={x(p)} y={H - 12} text-anchor="middle">{percent(p)}</text><text x={LEFT - 6} y={y(p) + 4} text-anchor="end">{percent(p)}</text></>)}
      <text x={LEFT + size + 14} y={H / 2 - 6}>up: true</text><text x={LEFT + size + 14} y={H / 2 + 10}>across: said</text>
    </>,
  };
}

function confusion({ classes, counts }: Of<"confusion">): Drawn {
  const n = classes.length;
  const left = 110;
  const cell = Math.min(60, (W - left - 10) / n);
  return {
    height: Math.ceil(50 + n * cell),
    says: classes.slice(0, 8).map((name, i) => `${name}: ${classes.slice(0, 8).map((other, j) => `${counts[i * n + j] ?? 0} as ${other}`).join(", ")}`).join("; "),
    body: <>
      <text x={left} y="14">predicted, across; true, down</text>
      {classes.map((name, i) => {
        const total = counts.slice(i * n, i * n + n).reduce((a, b) => a + b, 0);
        return <>
          <text x={left - 6} y={40 + (i + 0.5) * cell + 4} text-anchor="end">{short(name)}</text>
          {n <= 8 && <text x={left + (i + 0.5) * cell} y="34" text-anchor="middle">{short(name, Math.max(2, Math.floor(cell / 7)))}</text>}
          {classes.map((other, j) => {
            const count = counts[i * n + j] ?? 0;
            return <><rect class={i === j ? "p-right" : "p-wrong"} x={left + j * cell} y={40 + i * cell} width={cell - 2} height={cell - 2} fill-opacity={0.08 + 0.55 * (total === 0 ? 0 : count / total)}><title>{`${name} taken for ${other}: ${count}`}</title></rect>{n <= 8 && <text x={left + (j + 0.5) * cell - 1} y={40 + (i + 0.5) * cell + 4} text-anchor="middle">{count}</text>}</>;
          })}
        </>;
      })}
    </>,
  };
}

function intervals(bars: readonly { readonly name: string; readonly value: number; readonly low: number; readonly high: number }[], line?: number): Drawn {
  const left = 130;
  const height = 20 + bars.length * 22;
  const ends = [...bars.flatMap((b) => [b.value, b.low, b.high]), ...(line === undefined ? [] : [line]), 0].filter((v) => Number.isFinite(v));
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const x = (v: number): number => left + ((Math.min(high, Math.max(low, v)) - low) / (high - low || 1)) * (W - left - 60);
  return {
    height, says: bars.map((b) => `${b.name} ${numberText(b.value)}${b.low === b.high ? "" : `, from ${numberText(b.low)} to ${numberText(b.high)}`}`).join("; "),
    body: <>
      {line !== undefined && <line class="p-even" x1={x(line)} x2={x(line)} y1="6" y2={height - 10} />}
      {bars.filter((b) => Number.isFinite(b.value)).map((b, i) => {
        const y = 10 + i * 22;
        return <>
          <text x={left - 6} y={y + 11} text-anchor="end">{short(b.name, 18)}</text>
          <rect class="p-bar" x={Math.min(x(0), x(b.value))} y={y} width={Math.max(1, Math.abs(x(b.value) - x(0)))} height="14"><title>{`${b.name}: ${numberText(b.value)}`}</title></rect>
          {Number.isFinite(b.low) && b.low < b.high && <line class="p-whisker" x1={x(b.low)} x2={x(b.high)} y1={y + 7} y2={y + 7} />}
          <text x={Math.max(x(b.value), Number.isFinite(b.high) ? x(b.high) : 0) + 5} y={y + 11}>{numberText(b.value)}</text>
        </>;
      })}
    </>,
  };
}

function distribution({ low, high, counts }: Of<"distribution">): Drawn {
  const most = Math.max(1, ...counts);
  const width = (W - LEFT - 10) / counts.length;
  const tall = H - BOTTOM - 10;
  return {
    says: `From ${numberText(low)} to ${numberText(high)}, in ${counts.length} parts: ${counts.join(", ")}.`,
    body: <>
      {counts.map((count, i) => <rect class="p-bar" x={LEFT + i * width} y={10 + tall * (1 - count / most)} width={Math.max(1, width - 1)} height={(tall * count) / most}><title>{`${count} rows`}</title></rect>)}
      <line class="p-frame" x1={LEFT} x2={W - 10} y1={10 + tall} y2={10 + tall} /><text x={LEFT} y={H - 12}>{numberText(low)}</text><text x={W - 10} y={H - 12} text-anchor="end">{numberText(high)}</text><text x={LEFT - 6} y="20" text-anchor="end">{most}</text>
    </>,
  };
}

function short(text: string, most = 14): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
