// A column's two distributions drawn over each other: what is now as filled bars, the reference as an outline. Bars are as wide
// as each other, whatever their bins hold, so that rare values stay visible. The picture says in words what it shows.

import { html, numberText, percent, type Html } from "../../server/index.ts";
import type { Distribution } from "@slipway/core/stats";

const W = 420;
const H = 220;
const LEFT = 40;
const BOTTOM = 44;
const TOP = 10;
/** Of categories; the others are drawn together. */
const MOST_BARS = 14;

interface Bar {
  readonly label: string;
  /** Of numbers: where the bar begins, written below its left edge. */
  readonly from?: number;
  readonly now: number;
  readonly before: number;
}

export function drawDistributions(name: string, reference: Distribution, current: Distribution): Html {
  const bars = barsOf(reference, current);
  const most = Math.max(0.01, ...bars.flatMap((b) => [b.now, b.before]));
  const width = (W - LEFT - 6) / bars.length;
  const tall = H - BOTTOM - TOP;
  const x = (i: number): string => (LEFT + i * width).toFixed(1);
  const y = (share: number): string => (TOP + tall * (1 - share / most)).toFixed(1);
  const outline = bars.map((b, i) => `${i === 0 ? "M" : "L"}${x(i)} ${y(b.before)}L${x(i + 1)} ${y(b.before)}`).join("");
  const says = bars.map((b) => `${b.label}: ${percent(b.now)} now, ${percent(b.before)} in the reference`).join("; ");
  return html`<figure><svg viewBox="0 0 ${W} ${H}" role="img" aria-label="${`${name}. ${says}`}"><title>${name}</title>
${bars.map((b, i) => html`<rect class="bar" x="${(LEFT + i * width + 1).toFixed(1)}" y="${y(b.now)}" width="${Math.max(1, width - 2).toFixed(1)}" height="${((tall * b.now) / most).toFixed(1)}"><title>${b.label}: ${percent(b.now)} now, ${percent(b.before)} in the reference</title></rect>`)}
<path class="reference" d="${outline}"/><line class="frame" x1="${LEFT}" x2="${W - 6}" y1="${TOP + tall}" y2="${TOP + tall}"/>
<text x="${LEFT - 5}" y="${TOP + 8}" text-anchor="end">${percent(most)}</text><text x="${LEFT - 5}" y="${TOP + tall}" text-anchor="end">0</text>
${ticksOf(bars, width)}
</svg><figcaption>${name}</figcaption></figure>`;
}

/** As many names as there is room for; numbers stand where their bars begin. */
function ticksOf(bars: readonly Bar[], width: number): Html[] {
  const every = Math.ceil(bars.length / Math.max(1, Math.floor((W - LEFT) / 62)));
  return bars.flatMap((b, i) => {
    const number = b.from !== undefined;
    if (number ? i === 0 || (i - 1) % every !== 0 : bars[0]!.from === undefined && i % every !== 0) return [];
    const at = LEFT + (number ? i : i + 0.5) * width;
    return [html`<text x="${at.toFixed(1)}" y="${H - BOTTOM + 16}" text-anchor="middle">${number ? String(Number(b.from.toPrecision(3))) : short(b.label, Math.max(7, Math.floor((width * every) / 6.4)))}</text>`];
  });
}

function barsOf(reference: Distribution, current: Distribution): Bar[] {
  const share = (n: number, d: Distribution): number => n / Math.max(1, d.rows);
  const bar = (label: string, now: number, before: number): Bar => ({ label, now: share(now, current), before: share(before, reference) });
  const { shape } = reference;
  let bars: Bar[];
  if (shape.kind === "category") {
    const values = shape.values.map((v, i) => bar(v, current.bins[i]!, reference.bins[i]!));
    const last = values.length;
    // Those that matter most here, in the order of the reference.
    const shown = new Set(values.map((b, i) => [Math.max(b.now, b.before), i] as const).sort((a, b) => b[0] - a[0]).slice(0, MOST_BARS).map(([, i]) => i));
    const sum = (pick: (b: Bar) => number): number => values.reduce((n, b, i) => n + (shown.has(i) ? 0 : pick(b)), 0);
    bars = [...values.filter((_, i) => shown.has(i)), ...(shown.size < last ? [{ label: "others", now: sum((b) => b.now), before: sum((b) => b.before) }] : []), bar("new", current.bins[last]!, reference.bins[last]!)];
  } else {
    const bounds = [shape.low, ...shape.edges, shape.high];
    bars = reference.bins.map((before, i) => ({ from: bounds[i]!, ...bar(i === 0 ? `≤ ${numberText(bounds[1]!)}` : i === reference.bins.length - 1 ? `> ${numberText(bounds[i]!)}` : `${numberText(bounds[i]!)}–${numberText(bounds[i + 1]!)}`, current.bins[i]!, before) }));
  }
  return current.missing + reference.missing === 0 ? bars : [...bars, bar("missing", current.missing, reference.missing)];
}

function short(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}
