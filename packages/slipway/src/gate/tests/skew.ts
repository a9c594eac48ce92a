// Whether the labelled rows are like those the model was made with (ML Test Score, monitoring 3): every column and output
// counted in the profile's own bins. Two columns that changed places are named.

import { ProfileCounter, type Column, type Profile, type ProfiledColumn } from "@slipway/core/package";
import { believable, driftBetween, LEAST_ROWS, momentsOf, Tally, type Distribution, type Drift } from "@slipway/core/stats";
import type { Row } from "../context.ts";
import { defineGateTest, skipped, type Cell, type Finding, type GateTest } from "../define-gate-test.ts";
import { numberText, percent } from "../../server/index.ts";

/** A shift of this size is no chance and no season. */
const MAX_PSI = 0.5;
const SHOWN = 20;
/** Pairs of columns that are tried in each other's place. */
const MAX_PAIRS = 500;

interface Compared {
  readonly name: string;
  readonly reference: Distribution;
  readonly current: Distribution;
  readonly drift: Drift;
}

export const skew: GateTest = defineGateTest({
  name: "skew", title: "Like the rows it was made with", area: "monitoring",
  checks: "The values of every column, and the answers, are distributed in the labelled rows as in the package's profile; no two columns changed places.",
  run({ labelled, profile, model, settings, answers, rowsFrom }): Finding {
    if (profile === null) return skipped("the package holds no profile; pack with --check or --training");
    if (labelled === undefined) return skipped("no labelled data was given (--data and --target)");
    if (labelled.rows.length < LEAST_ROWS || profile.rows < LEAST_ROWS) return skipped(`${labelled.rows.length} labelled rows and a profile of ${profile.rows}: with fewer than ${LEAST_ROWS} nothing can be said`);
    const { signature } = model;
    const counter = new ProfileCounter(profile, signature);
    for (const row of labelled.rows) counter.addRow(row);
    if (rowsFrom === "labelled data") counter.addOutputs(answers.outputs);
    const counted = counter.read();
    const columns = profile.columns.flatMap((c): Compared[] => {
      const current = counted.columns.find((o) => o.name === c.name)?.distribution;
      return current === undefined ? [] : [compared(c.name, c.distribution, current)];
    });
    const outputs = counted.outputs.flatMap((o): Compared[] => {
      const reference = profile.outputs.find((r) => r.name === o.name && r.entry === o.entry)!.distribution;
      return o.distribution.rows < LEAST_ROWS ? [] : [compared(o.entry === null ? o.name : `${o.name} ${String(o.entry)}`, reference, o.distribution)];
    });
    const sure = believable(columns.map((c) => c.drift.p));
    const drifted = columns.filter((c, i) => c.drift.verdict === "drifted" && sure[i]).sort((a, b) => b.drift.psi - a.drift.psi);
    const exchanged = exchangedColumns(drifted, profile, labelled.rows, signature.columns);
    const { maxPsi = MAX_PSI, ignore = [] } = settings.skew ?? {};
    const far = drifted.filter((c) => c.drift.psi >= maxPsi && !ignore.includes(c.name));
    const moved = outputs.filter((o) => o.drift.verdict === "drifted");
    const told = (c: Compared): string => `${JSON.stringify(c.name)} (PSI ${numberText(c.drift.psi)}${meansOf(c)})`;
    const reason = exchanged !== undefined ? `the columns ${JSON.stringify(exchanged[0])} and ${JSON.stringify(exchanged[1])} are exchanged: in each other's place they are as in the profile`
      : far.length > 0 ? `far from the profile: ${far.slice(0, 5).map(told).join(", ")}`
      : drifted.length > 0 ? `other than in the profile: ${drifted.slice(0, 5).map(told).join(", ")}`
      : moved.length > 0 ? `the answers are distributed otherwise: ${moved.slice(0, 3).map(told).join(", ")}`
      : `${columns.length} columns are distributed as in ${profile.source.file} (${profile.rows} rows)`;
    return {
      verdict: exchanged !== undefined || far.length > 0 ? "fail" : drifted.length > 0 || moved.length > 0 ? "warn" : "pass",
      reason, bar: `no column with a population stability index of ${maxPsi} or more that is beyond chance, no two columns exchanged`,
      figures: { rows: labelled.rows.length, "rows of the profile": profile.rows, columns: columns.length, "columns that differ": drifted.length, "largest PSI": Math.max(0, ...columns.map((c) => c.drift.psi)) },
      tables: [{ title: "By column and answer, the furthest first", columns: ["column", "PSI", "beyond chance from", "missing", "missing in the profile", "not seen before", "mean", "mean in the profile"], rows: [...columns, ...outputs].sort((a, b) => b.drift.psi - a.drift.psi).slice(0, SHOWN).map(line) }],
      pictures: drifted.slice(0, 3).map((c) => ({ kind: "counts" as const, title: `${c.name}: rows by bin of the profile, less what it has`, bars: c.reference.bins.slice(0, 12).map((n, i) => ({ name: binName(c.reference, i), value: (c.current.bins[i] ?? 0) / c.current.rows - n / c.reference.rows })) })),
    };
  },
});

function compared(name: string, reference: Distribution, current: Distribution): Compared {
  return { name, reference, current, drift: driftBetween(reference, current) };
}

/** Two columns of a kind that differ, and do not where each is counted in the other's bins. */
function exchangedColumns(drifted: readonly Compared[], profile: Profile, rows: readonly Row[], columns: readonly Column[]): readonly [string, string] | undefined {
  const typeOf = (name: string): string | undefined => columns.find((c) => c.name === name)?.type;
  let tried = 0;
  for (const [i, a] of drifted.entries()) {
    for (const b of drifted.slice(i + 1)) {
      if ((typeOf(a.name) === "string") !== (typeOf(b.name) === "string")) continue;
      if (++tried > MAX_PAIRS) return undefined;
      const fits = (reference: Compared, other: Compared): boolean => driftBetween(reference.reference, countIn(profile.columns, reference.name, other.name, rows)).verdict === "same";
      if (fits(a, b) && fits(b, a)) return [a.name, b.name].sort((x, y) => columns.findIndex((c) => c.name === x) - columns.findIndex((c) => c.name === y)) as [string, string];
    }
  }
  return undefined;
}

function countIn(profiled: readonly ProfiledColumn[], bins: string, values: string, rows: readonly Row[]): Distribution {
  const tally = new Tally(profiled.find((c) => c.name === bins)!.distribution.shape);
  for (const row of rows) {
    const value = row[values];
    tally.add(typeof value === "number" || typeof value === "string" ? value : typeof value === "boolean" ? Number(value) : null);
  }
  return tally.read();
}

function meansOf({ reference, current }: Compared): string {
  const [then, now] = [momentsOf(reference).mean, momentsOf(current).mean];
  return reference.shape.kind === "number" && Number.isFinite(then) && Number.isFinite(now) ? `, mean ${numberText(now)}, was ${numberText(then)}` : current.outside > 0 ? `, ${current.outside} of ${current.rows} not seen before` : "";
}
function line(c: Compared): Cell[] {
  const [then, now] = [momentsOf(c.reference).mean, momentsOf(c.current).mean];
  return [c.name, c.drift.psi, c.drift.bound, percent(c.current.missing / c.current.rows), percent(c.reference.missing / c.reference.rows), c.current.outside, Number.isFinite(now) ? now : null, Number.isFinite(then) ? then : null];
}
function binName({ shape }: Distribution, i: number): string {
  if (shape.kind === "category") return shape.values[i] ?? "others";
  return i < shape.edges.length ? `to ${numberText(shape.edges[i]!)}` : `above ${numberText(shape.edges.at(-1) ?? shape.low)}`;
}
