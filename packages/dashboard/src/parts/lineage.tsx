// Which version came from which, as a picture: newest on the right, a line from each parent. The same stands in the table.

import type { VNode } from "preact";
import { page } from "../api/paths.ts";
import type { Version } from "../api/types.ts";

const W = 132;
const H = 54;
const GAP_X = 44;
const GAP_Y = 16;
const MAX_SHOWN = 24;

export function Lineage({ versions, current }: { readonly versions: readonly Version[]; readonly current?: number }): VNode {
  const shown = related(versions, current);
  const depth = new Map<number, number>();
  const depthOf = (v: Version): number => {
    const known = depth.get(v.version);
    if (known !== undefined) return known;
    depth.set(v.version, 0);
    const parent = shown.find((p) => p.version === v.parent);
    const d = parent === undefined || parent.version === v.version ? 0 : depthOf(parent) + 1;
    depth.set(v.version, d);
    return d;
  };
  const lanes = new Map<number, number>();
  const place = new Map(shown.map((v) => {
    const column = depthOf(v);
    const row = lanes.get(column) ?? 0;
    lanes.set(column, row + 1);
    return [v.version, { x: column * (W + GAP_X) + 2, y: row * (H + GAP_Y) + 2 }] as const;
  }));
  const width = (Math.max(0, ...depth.values()) + 1) * (W + GAP_X) - GAP_X + 4;
  const height = Math.max(1, ...lanes.values()) * (H + GAP_Y) - GAP_Y + 4;
  const says = shown.map((v) => `version ${v.version}${v.parent === null ? "" : ` from version ${v.parent}`}`).join(", ");
  return <div class="lineage scroll" role="region" aria-label={`Lineage: ${says}`} tabIndex={0}>
    <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`}>
      {shown.map((v) => {
        const from = v.parent === null ? undefined : place.get(v.parent);
        const to = place.get(v.version)!;
        if (from === undefined) return null;
        const [x1, y1, x2, y2] = [from.x + W, from.y + H / 2, to.x, to.y + H / 2];
        return <path class="edge" d={`M${x1} ${y1}C${x1 + GAP_X / 2} ${y1} ${x2 - GAP_X / 2} ${y2} ${x2} ${y2}`} />;
      })}
      {shown.map((v) => {
        const { x, y } = place.get(v.version)!;
        return <a href={page.version(v.model, v.version)}><g class={`node ${v.version === current ? "current" : ""}`}>
          <rect x={x} y={y} width={W} height={H} rx="8" />
          <text x={x + 12} y={y + 22} font-weight="600">version {v.version}</text>
          <text class="sub" x={x + 12} y={y + 40}>{v.aliases.length > 0 ? short(v.aliases.join(", ")) : gateWord(v)}</text>
        </g></a>;
      })}
    </svg>
  </div>;
}

/** Ancestors and descendants of one version, or the newest. */
function related(versions: readonly Version[], current: number | undefined): readonly Version[] {
  const sorted = [...versions].sort((a, b) => a.version - b.version);
  if (current === undefined) return sorted.slice(-MAX_SHOWN);
  const wanted = new Set([current]);
  let grew = true;
  while (grew && wanted.size < MAX_SHOWN) {
    grew = false;
    for (const v of sorted) {
      if (v.parent !== null && wanted.has(v.version) && !wanted.has(v.parent)) {
        wanted.add(v.parent);
        grew = true;
      }
      if (v.parent !== null && wanted.has(v.parent) && !wanted.has(v.version)) {
        wanted.add(v.version);
        grew = true;
      }
    }
  }
  return sorted.filter((v) => wanted.has(v.version)).slice(-MAX_SHOWN);
}
function gateWord(v: Version): string {
  return v.gate.state === "green" ? "gate passed" : v.gate.state === "red" ? "gate not passed" : "not tested";
}
function short(text: string): string {
  return text.length > 17 ? `${text.slice(0, 16)}…` : text;
}
