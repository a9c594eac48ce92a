// A column's two distributions over each other: now as bars, the reference as an outline.

import type { VNode } from "preact";
import type { Bins, WatchedColumn } from "../api/monitor-types.ts";
import { numberText, percent } from "../lib/format.ts";

const W = 320;
const H = 150;
const LEFT = 42;
const TOP = 8;
const BOTTOM = 24;
const MOST_BARS = 12;

interface Bar {
  readonly label: string;
  readonly tick: string;
  /** Numbers stand below the left edge of their bar, names below its middle. */
  readonly edge: boolean;
  readonly now: number;
  readonly before: number;
}

export function DriftPicture({ column }: { readonly column: WatchedColumn }): VNode {
  const bars = barsOf(column);
  const most = Math.max(0.01, ...bars.flatMap((b) => [b.now, b.before]));
  const width = (W - LEFT - 4) / bars.length;
  const tall = H - TOP - BOTTOM;
  const y = (share: number): number => TOP + tall * (1 - share / most);
  const every = Math.ceil(bars.length / Math.floor((W - LEFT) / 52));
  const outline = bars.map((b, i) => `${i === 0 ? "M" : "L"}${LEFT + i * width} ${y(b.before)}L${LEFT + (i + 1) * width} ${y(b.before)}`).join("");
  return <svg viewBox={`0 0 ${W} ${H}`} role="img" aria-label={`${column.name}: ${bars.map((b) => `${b.label} ${percent(b.now)} now, ${percent(b.before)} before`).join("; ")}`}>
    {bars.map((b, i) => <rect key={i} class="p-bar" x={LEFT + i * width + 0.75} y={y(b.now)} width={Math.max(1, width - 1.5)} height={tall - (y(b.now) - TOP)}><title>{`${b.label}: ${percent(b.now)} now, ${percent(b.before)} before`}</title></rect>)}
    <path class="d-reference" d={outline} />
    <line class="p-frame" x1={LEFT} x2={W - 4} y1={TOP + tall} y2={TOP + tall} />
    <text x={LEFT - 5} y={TOP + 8} text-anchor="end">{percent(most)}</text>
    {bars.map((b, i) => (b.edge ? i > 0 && (i - 1) % every === 0 : i % every === 0 || bars[0]!.edge) && <text key={i} x={LEFT + (b.edge ? i : i + 0.5) * width} y={H - 8} text-anchor="middle">{b.tick}</text>)}
  </svg>;
}

function barsOf({ bins, missing }: WatchedColumn): Bar[] {
  const [n, m] = [bins.current, bins.reference].map((counts) => Math.max(1, counts.reduce((a, b) => a + b, 0))) as [number, number];
  // Shares are of all rows, so that what is missing has its bar beside them.
  const bar = (label: string, tick: string, edge: boolean, i: number): Bar => ({ label, tick, edge, now: (bins.current[i]! / n) * (1 - missing[0]), before: (bins.reference[i]! / m) * (1 - missing[1]) });
  const bars = bins.kind === "category" ? categories(bins, bar) : numbers(bins, bar);
  return missing[0] + missing[1] === 0 ? bars : [...bars, { label: "missing", tick: "none", edge: false, now: missing[0], before: missing[1] }];
}

type MakeBar = (label: string, tick: string, edge: boolean, i: number) => Bar;

function numbers({ edges, low, high, current }: Extract<Bins, { edges: unknown }>, bar: MakeBar): Bar[] {
  const bounds = [low, ...edges, high];
  return current.map((_, i) => bar(i === 0 ? `up to ${numberText(bounds[1]!)}` : i === current.length - 1 ? `above ${numberText(bounds[i]!)}` : `${numberText(bounds[i]!)} to ${numberText(bounds[i + 1]!)}`, String(Number(bounds[i]!.toPrecision(3))), true, i));
}

function categories({ values, current, reference }: Extract<Bins, { values: unknown }>, bar: MakeBar): Bar[] {
  const all = values.map((v, i) => bar(v, short(v), false, i));
  const shown = new Set(all.map((b, i) => [Math.max(b.now, b.before), i] as const).sort((a, b) => b[0] - a[0]).slice(0, MOST_BARS).map(([, i]) => i));
  const rest = all.filter((_, i) => !shown.has(i));
  const others: Bar = { label: "others", tick: "others", edge: false, now: rest.reduce((n, b) => n + b.now, 0), before: rest.reduce((n, b) => n + b.before, 0) };
  const fresh = bar("new ones", "new", false, values.length);
  return [...all.filter((_, i) => shown.has(i)), ...(rest.length > 0 ? [others] : []), ...(current.at(-1)! + reference.at(-1)! > 0 ? [fresh] : [])];
}

function short(text: string): string {
  return text.length > 8 ? `${text.slice(0, 7)}…` : text;
}
