// Pictures over time: bars of traffic, lines of latency and accuracy. Each says in words what it shows.

import type { ComponentChildren, VNode } from "preact";
import { fullTime, numberText } from "../lib/format.ts";

/** As wide as it will be shown, so that its texts are as large as the page's. */
const HALF = 460;
const WHOLE = 940;
const H = 180;
const LEFT = 52;
const RIGHT = 8;
const TOP = 10;
const BOTTOM = 26;

export interface TimeScale {
  readonly from: number;
  readonly to: number;
}
export interface TimeBar {
  readonly begins: number;
  readonly ends: number;
  readonly value: number;
  /** The part of it that is bad. */
  readonly bad: number;
}
export interface TimeLine {
  readonly name: string;
  readonly tone: "main" | "second" | "third" | "estimate";
  readonly points: readonly { readonly at: number; readonly value: number; readonly low?: number | undefined; readonly high?: number | undefined; readonly open?: boolean }[];
}

export function BarsOverTime({ title, scale, bars, unit, bad }: { readonly title: string; readonly scale: TimeScale; readonly bars: readonly TimeBar[]; readonly unit: string; readonly bad: string }): VNode {
  const joined = join(bars, 120);
  const most = Math.max(1, ...joined.map((b) => b.value));
  const { x, y } = axes(scale, 0, most, HALF);
  const total = bars.reduce((n, b) => n + b.value, 0);
  const failed = bars.reduce((n, b) => n + b.bad, 0);
  return <Figure title={title} says={`${numberText(total)} ${unit}, ${numberText(failed)} ${bad}; the most in one part ${numberText(most)}.`} scale={scale} low={0} high={most}>
    {joined.map((b) => {
      const width = Math.max(1.2, x(b.ends) - x(b.begins) - 1);
      return <g key={b.begins}><title>{`${fullTime(new Date(b.begins).toISOString())}: ${numberText(b.value)} ${unit}, ${numberText(b.bad)} ${bad}`}</title>
        <rect class="p-bar" x={x(b.begins)} y={y(b.value)} width={width} height={H - BOTTOM - y(b.value)} />
        {b.bad > 0 && <rect class="p-wrong" x={x(b.begins)} y={y(b.bad)} width={width} height={Math.max(1.5, H - BOTTOM - y(b.bad))} />}
      </g>;
    })}
  </Figure>;
}

export function LinesOverTime({ title, scale, lines, unit, low, high, unripe, wide = false }: {
  readonly title: string; readonly scale: TimeScale; readonly lines: readonly TimeLine[]; readonly unit: string; readonly low?: number; readonly high?: number;
  /** From here on labels are still to come. */ readonly unripe?: number | undefined;
  readonly wide?: boolean;
}): VNode {
  const values = lines.flatMap((l) => l.points.flatMap((p) => [p.value, p.low ?? p.value, p.high ?? p.value]));
  const largest = Math.max(...values, 0);
  const most = high ?? (largest > 0 ? largest * 1.08 : 1);
  const least = low ?? 0;
  const W = wide ? WHOLE : HALF;
  const { x, y } = axes(scale, least, most, W);
  const says = lines.map((l) => {
    const last = l.points.at(-1);
    return last === undefined ? `${l.name}: nothing` : `${l.name}: ${numberText(last.value)} ${unit} last, from ${numberText(Math.min(...l.points.map((p) => p.value)))} to ${numberText(Math.max(...l.points.map((p) => p.value)))}`;
  }).join("; ");
  return <Figure title={title} says={`${says}.${unripe === undefined ? "" : " The last part is unripe: labels are still to come."}`} scale={scale} low={least} high={most} legend={lines} width={W}>
    {unripe !== undefined && <g><rect class="t-unripe" x={x(unripe)} y={TOP} width={Math.max(0, W - RIGHT - x(unripe))} height={H - TOP - BOTTOM} /><text x={W - RIGHT - x(unripe) > 90 ? x(unripe) + 6 : x(unripe) - 6} y={H - BOTTOM - 6} text-anchor={W - RIGHT - x(unripe) > 90 ? "start" : "end"}>labels to come</text></g>}
    {lines.map((l) => <g key={l.name} class={`t-${l.tone}`}>
      {l.points.map((p) => p.low !== undefined && p.high !== undefined && <line class="t-whisker" key={`w${p.at}`} x1={x(p.at)} x2={x(p.at)} y1={y(p.low)} y2={y(p.high)} />)}
      {l.points.length > 1 && <polyline points={l.points.map((p) => `${x(p.at).toFixed(1)},${y(p.value).toFixed(1)}`).join(" ")} />}
      {(l.points.length < 60 ? l.points : []).map((p) => <circle key={p.at} class={p.open === true ? "open" : ""} cx={x(p.at)} cy={y(p.value)} r="3"><title>{`${l.name}, ${fullTime(new Date(p.at).toISOString())}: ${numberText(p.value)} ${unit}`}</title></circle>)}
    </g>)}
  </Figure>;
}

function Figure({ title, says, scale, low, high, legend = [], width: W = HALF, children }: { readonly title: string; readonly says: string; readonly scale: TimeScale; readonly low: number; readonly high: number; readonly legend?: readonly TimeLine[]; readonly width?: number; readonly children: ComponentChildren }): VNode {
  const { x, y } = axes(scale, low, high, W);
  return <figure class={`picture ${W === WHOLE ? "whole" : ""}`}><svg viewBox={`0 0 ${W} ${H}`} role="img" aria-label={`${title}. ${says}`}>
    {[low, (low + high) / 2, high].map((v) => <g key={v}><line class="p-frame" x1={LEFT} x2={W - RIGHT} y1={y(v)} y2={y(v)} /><text x={LEFT - 6} y={y(v) + 4} text-anchor="end">{numberText(Number(v.toPrecision(3)))}</text></g>)}
    {ticksOf(scale, W === WHOLE ? 14 : 7).map(({ at, text }) => <text key={at} x={x(at)} y={H - 8} text-anchor="middle">{text}</text>)}
    {children}
  </svg><figcaption>{title}{legend.length > 1 && <span class="key">{legend.map((l) => <span key={l.name} class={`key-${l.tone}`}>{l.name}</span>)}</span>}</figcaption></figure>;
}

function axes({ from, to }: TimeScale, low: number, high: number, W: number): { readonly x: (at: number) => number; readonly y: (value: number) => number } {
  return {
    x: (at) => LEFT + ((at - from) / Math.max(1, to - from)) * (W - LEFT - RIGHT),
    y: (value) => TOP + (1 - (Math.min(high, Math.max(low, value)) - low) / (high - low || 1)) * (H - TOP - BOTTOM),
  };
}

const STEPS = [60_000, 300_000, 900_000, 1_800_000, 3_600_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000, 2 * 86_400_000, 7 * 86_400_000];

function ticksOf({ from, to }: TimeScale, most: number): { readonly at: number; readonly text: string }[] {
  const step = STEPS.find((s) => (to - from) / s <= most) ?? 30 * 86_400_000;
  const offset = new Date(from).getTimezoneOffset() * 60_000;
  const ticks = [];
  for (let at = Math.ceil((from - offset) / step) * step + offset; at < to - step / 4; at += step) {
    if (at < from + step / 4) continue;
    ticks.push({ at, text: new Date(at).toLocaleString("en-GB", step >= 86_400_000 ? { day: "numeric", month: "short" } : { hour: "2-digit", minute: "2-digit" }) });
  }
  return ticks;
}

/** Neighbours together, so that there are no more than so many. */
function join(bars: readonly TimeBar[], most: number): TimeBar[] {
  const size = Math.ceil(bars.length / most);
  if (size <= 1) return [...bars];
  return Array.from({ length: Math.ceil(bars.length / size) }, (_, i) => {
    const part = bars.slice(i * size, (i + 1) * size);
    return { begins: part[0]!.begins, ends: part.at(-1)!.ends, value: part.reduce((n, b) => n + b.value, 0), bad: part.reduce((n, b) => n + b.bad, 0) };
  });
}
