// Distributions as bars in the page's colours: of a run alone, or beside the model's profile; each with a text that says
// the same.

import type { VNode } from "preact";
import type { ColumnBins } from "../api/types.ts";
import { percent } from "../lib/format.ts";

const W = 420;
const LEFT = 130;
const RIGHT = 50;
const BAR = 9;

export function PairedBars({ title, bins: { labels, before, now } }: { readonly title: string; readonly bins: ColumnBins }): VNode {
  // An empty bin for what never was tells nothing.
  const shown = labels.map((label, i) => ({ label, now: now[i]!, before: before[i]! })).filter((b) => b.label !== "others" || b.now > 0 || b.before > 0);
  const most = Math.max(0.01, ...shown.flatMap((b) => [b.now, b.before]));
  const width = (share: number): number => Math.max(share > 0 ? 1 : 0, (share / most) * (W - LEFT - RIGHT));
  const row = 2 * BAR + 10;
  const height = shown.length * row + 26;
  return <figure class="picture">
    <svg viewBox={`0 0 ${W} ${height}`} role="img" aria-label={`${title}. ${shown.map((b) => `${b.label}: ${percent(b.now)} now, ${percent(b.before)} in the profile`).join("; ")}.`}>
      {shown.map((b, i) => {
        const y = i * row + 4;
        return <>
          <text x={LEFT - 8} y={y + BAR + 4} text-anchor="end">{short(b.label)}</text>
          <rect class="p-bar" x={LEFT} y={y} width={width(b.now)} height={BAR}><title>{`${b.label}: ${percent(b.now)} of this run`}</title></rect>
          <rect class="p-before" x={LEFT} y={y + BAR + 1} width={width(b.before)} height={BAR}><title>{`${b.label}: ${percent(b.before)} of the profile`}</title></rect>
          <text x={LEFT + width(Math.max(b.now, b.before)) + 6} y={y + BAR + 4}>{percent(b.now)}</text>
        </>;
      })}
      <line class="p-frame" x1={LEFT} x2={LEFT} y1="0" y2={height - 24} />
      <rect class="p-bar" x={LEFT} y={height - 14} width={10} height={10} /><text x={LEFT + 15} y={height - 5}>this run</text>
      <rect class="p-before" x={LEFT + 85} y={height - 14} width={10} height={10} /><text x={LEFT + 100} y={height - 5}>the model's profile</text>
    </svg>
    <figcaption>{title}</figcaption>
  </figure>;
}

export function Bars({ title, labels, now }: { readonly title: string; readonly labels: readonly string[]; readonly now: readonly number[] }): VNode {
  const most = Math.max(0.01, ...now);
  const row = BAR + 10;
  const height = labels.length * row + 6;
  return <figure class="picture">
    <svg viewBox={`0 0 ${W} ${height}`} role="img" aria-label={`${title}. ${labels.map((label, i) => `${label}: ${percent(now[i]!)}`).join("; ")}.`}>
      {labels.map((label, i) => <>
        <text x={LEFT - 8} y={i * row + BAR + 4} text-anchor="end">{short(label)}</text>
        <rect class="p-bar" x={LEFT} y={i * row + 4} width={Math.max(1, (now[i]! / most) * (W - LEFT - RIGHT))} height={BAR + 2} />
        <text x={LEFT + (now[i]! / most) * (W - LEFT - RIGHT) + 6} y={i * row + BAR + 4}>{percent(now[i]!)}</text>
      </>)}
    </svg>
    <figcaption>{title}</figcaption>
  </figure>;
}

function short(text: string): string {
  return text.length > 20 ? `${text.slice(0, 19)}…` : text;
}
