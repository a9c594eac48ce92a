// Pictures as inline SVG, drawn with the page's own colours, each with a title and a text that says the same.

import { Html, html, numberText, percent } from "../../server/index.ts";
import type { Picture } from "../define-gate-test.ts";

const W = 420;
const H = 240;
const LEFT = 44;
const BOTTOM = 30;

export function drawPicture(picture: Picture): Html {
  const { body, says, height = H } = drawn(picture);
  return html`<figure><svg viewBox="0 0 ${W} ${height}" role="img" aria-label="${`${picture.title}. ${says}`}"><title>${picture.title}</title>${body}</svg><figcaption>${picture.title}</figcaption></figure>`;
}

interface Drawn {
  readonly body: readonly Html[];
  /** For those who do not see it. */
  readonly says: string;
  readonly height?: number;
}

function drawn(picture: Picture): Drawn {
  switch (picture.kind) {
    case "calibration": return calibration(picture);
    case "confusion": return confusion(picture);
    case "intervals": return intervals(picture);
    case "distribution": return distribution(picture);
    case "counts": return intervals({ kind: "intervals", title: picture.title, bars: picture.bars.map((b) => ({ ...b, low: b.value, high: b.value, rows: NaN })) });
  }
}

function calibration({ bins }: Picture & { kind: "calibration" }): Drawn {
  const size = H - BOTTOM - 10;
  const x = (p: number): string => (LEFT + p * size).toFixed(1);
  const y = (p: number): string => (10 + (1 - p) * size).toFixed(1);
  const most = Math.max(1, ...bins.map((b) => b.rows));
  return {
    says: `Said and true: ${bins.map((b) => `${percent(b.said)} said, ${percent(b.true)} true (${b.rows} rows)`).join("; ")}.`,
    body: [
      html`<rect class="frame" x="${LEFT}" y="10" width="${size}" height="${size}"/><line class="even" x1="${x(0)}" y1="${y(0)}" x2="${x(1)}" y2="${y(1)}"/>`,
      html`<polyline class="line" points="${bins.map((b) => `${x(b.said)},${y(b.true)}`).join(" ")}"/>`,
      ...bins.map((b) => html`<circle class="dot" cx="${x(b.said)}" cy="${y(b.true)}" r="${(3 + 5 * Math.sqrt(b.rows / most)).toFixed(1)}"><title>said ${percent(b.said)}, true ${percent(b.true)}, ${b.rows} rows</title></circle>`),
      ...[0, 0.5, 1].map((p) => html`<text x="${x(p)}" y="${H - 12}" text-anchor="middle">${percent(p)}</text><text x="${LEFT - 6}" y="${Number(y(p)) + 4}" text-anchor="end">${percent(p)}</text>`),
      html`<text x="${LEFT + size + 14}" y="${H / 2}">true (up) by said</text>`,
    ],
  };
}

function confusion({ classes, counts }: Picture & { kind: "confusion" }): Drawn {
  const n = classes.length;
  const left = 110;
  const cell = Math.min(60, (W - left - 10) / n);
  const height = Math.ceil(40 + n * cell + 10);
  const body: Html[] = [html`<text x="${left}" y="14">predicted, across; true, down</text>`];
  classes.forEach((name, i) => {
    const total = counts.slice(i * n, i * n + n).reduce((a, b) => a + b, 0);
    body.push(html`<text x="${left - 6}" y="${(40 + (i + 0.5) * cell + 4).toFixed(1)}" text-anchor="end">${short(name)}</text>`);
    if (n <= 8) body.push(html`<text x="${(left + (i + 0.5) * cell).toFixed(1)}" y="34" text-anchor="middle">${short(name, Math.max(2, Math.floor(cell / 7)))}</text>`);
    for (let j = 0; j < n; j++) {
      const count = counts[i * n + j]!;
      const share = total === 0 ? 0 : count / total;
      body.push(html`<rect class="${i === j ? "right" : "wrong"}" x="${(left + j * cell).toFixed(1)}" y="${(40 + i * cell).toFixed(1)}" width="${(cell - 2).toFixed(1)}" height="${(cell - 2).toFixed(1)}" fill-opacity="${(0.08 + 0.8 * share).toFixed(2)}"><title>${name} taken for ${classes[j]!}: ${count}</title></rect>`);
      if (n <= 8) body.push(html`<text class="count" x="${(left + (j + 0.5) * cell - 1).toFixed(1)}" y="${(40 + (i + 0.5) * cell + 4).toFixed(1)}" text-anchor="middle">${count}</text>`);
    }
  });
  return { body, height, says: classes.map((name, i) => `${name}: ${classes.map((other, j) => `${counts[i * n + j]!} as ${other}`).slice(0, 8).join(", ")}`).slice(0, 8).join("; ") };
}

function intervals({ bars, line }: Picture & { kind: "intervals" }): Drawn {
  const left = 130;
  const height = 30 + bars.length * 22;
  const ends = [...bars.flatMap((b) => [b.value, b.low, b.high]), ...(line === undefined ? [] : [line]), 0].filter((v) => Number.isFinite(v));
  const [low, high] = [Math.min(...ends), Math.max(...ends)];
  const x = (v: number): number => left + ((Math.min(high, Math.max(low, v)) - low) / (high - low || 1)) * (W - left - 60);
  return {
    height, says: bars.map((b) => `${b.name} ${numberText(b.value)}${b.low === b.high ? "" : `, from ${numberText(b.low)} to ${numberText(b.high)}`}`).join("; "),
    body: [
      ...(line === undefined ? [] : [html`<line class="even" x1="${x(line).toFixed(1)}" x2="${x(line).toFixed(1)}" y1="6" y2="${height - 20}"/>`]),
      ...bars.filter((b) => Number.isFinite(b.value)).map((b, i) => {
        const y = 10 + i * 22;
        const from = Math.min(x(0), x(b.value));
        return html`<text x="${left - 6}" y="${y + 11}" text-anchor="end">${short(b.name, 18)}</text><rect class="bar" x="${from.toFixed(1)}" y="${y}" width="${Math.max(1, Math.abs(x(b.value) - x(0))).toFixed(1)}" height="14"><title>${b.name}: ${numberText(b.value)}</title></rect>${Number.isFinite(b.low) && b.low < b.high ? html`<line class="whisker" x1="${x(b.low).toFixed(1)}" x2="${x(b.high).toFixed(1)}" y1="${y + 7}" y2="${y + 7}"/>` : ""}<text x="${(Math.max(x(b.value), Number.isFinite(b.high) ? x(b.high) : 0) + 5).toFixed(1)}" y="${y + 11}">${numberText(b.value)}</text>`;
      }),
    ],
  };
}

function distribution({ low, high, counts }: Picture & { kind: "distribution" }): Drawn {
  const most = Math.max(1, ...counts);
  const width = (W - LEFT - 10) / counts.length;
  const tall = H - BOTTOM - 10;
  return {
    says: `From ${numberText(low)} to ${numberText(high)}, in ${counts.length} parts: ${counts.join(", ")}.`,
    body: [
      ...counts.map((count, i) => html`<rect class="bar" x="${(LEFT + i * width).toFixed(1)}" y="${(10 + tall * (1 - count / most)).toFixed(1)}" width="${(width - 1).toFixed(1)}" height="${((tall * count) / most).toFixed(1)}"><title>${count} rows</title></rect>`),
      html`<line class="frame" x1="${LEFT}" x2="${W - 10}" y1="${10 + tall}" y2="${10 + tall}"/><text x="${LEFT}" y="${H - 12}">${numberText(low)}</text><text x="${W - 10}" y="${H - 12}" text-anchor="end">${numberText(high)}</text><text x="${LEFT - 6}" y="20" text-anchor="end">${most}</text>`,
    ],
  };
}

function short(text: string, most = 14): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
