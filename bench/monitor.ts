// Drift on streams whose truth is known: false alarms and how soon a change is found, beside Evidently, NannyML and whylogs on
// the same files with their defaults.
//   node --conditions=@slipway/source bench/monitor.ts FOLDER [--peers NAME=PYTHON ...] [--trials 40] [--only STREAM ...] [--windows 60] [--reference 10000] [--seed 0]
//   FOLDER gets the streams as CSV; NAME is evidently, nannyml or whylogs, PYTHON an interpreter that has it.
//
// 60 columns (48 of numbers: normal, lognormal, uniform; 12 of categories), a reference of 10,000 rows, windows of 250 rows.
// An alarm of ours is the state `drift` of any column; of Evidently a column that it calls drifted
// (its alarm for the data set, half of all columns, is told too); of NannyML an alert of a chunk in any column by its default
// methods; of whylogs a column whose score is "DRIFT".

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { freeze, judgeWindow, stateOf, type ColumnJudgement, type Distribution } from "../packages/core/src/stats/index.ts";
import { CATEGORY, CHANGED, COLUMNS, counted, DAY, makeReference, rowMaker, still, WINDOW, writeCsv, type Stream } from "./shared/drift-streams.ts";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { peers: { type: "string", multiple: true, default: [] }, trials: { type: "string", default: "40" }, only: { type: "string", multiple: true, default: [] }, windows: { type: "string", default: "60" }, reference: { type: "string", default: "10000" }, seed: { type: "string", default: "0" } } });
const folder = positionals[0];
if (folder === undefined) throw new Error("FOLDER is needed");
mkdirSync(folder, { recursive: true });

const REFERENCE = Number(values.reference);
const WINDOWS = Number(values.windows);
const seed = Number(values.seed);
/** After a third of them. */
const ONSET = Math.floor(WINDOWS / 3);

const never = (): boolean => false;
const STREAMS: readonly Stream[] = [
  { name: "stationary", true: never },
  { name: "seasonal", seasonal: true, true: never },
  { name: "sudden 0.5", shift: (w) => (w >= ONSET ? 0.5 : 0), true: (w) => w >= ONSET, column: CHANGED },
  { name: "gradual 0 to 1", shift: (w) => Math.min(1, Math.max(0, (w - ONSET) / 20)), true: (w) => w >= ONSET, column: CHANGED },
  { name: "recurring 0.5", shift: (w) => (w >= ONSET && (w - ONSET) % 15 < 5 ? 0.5 : 0), true: (w) => w >= ONSET && (w - ONSET) % 15 < 7, column: CHANGED },
  { name: "one broken column", broken: (w) => w >= ONSET, true: (w) => w >= ONSET, column: CATEGORY },
];

/** By window the columns in drift. */
function ours(references: readonly Distribution[], windows: readonly (readonly Distribution[])[], season: boolean): number[][] {
  const verdicts: ColumnJudgement[][] = [];
  return windows.map((current, w) => {
    const former = [1, 2, 3, 4].map((k) => windows[w - k * DAY]).filter((x) => x !== undefined);
    const seasons = season && former.length > 0 ? current.map((d, c) => former.reduce((a, b) => ({ ...a, rows: a.rows + b[c]!.rows, missing: a.missing + b[c]!.missing, bins: a.bins.map((n, i) => n + b[c]!.bins[i]!) }), { ...d, rows: 0, missing: 0, bins: d.bins.map(() => 0) })) : undefined;
    verdicts.push(judgeWindow(references, current, undefined, seasons));
    return current.flatMap((_, c) => (stateOf(verdicts.map((v) => v[c]!)) === "drift" ? [c] : []));
  });
}

interface Score {
  readonly falseWindows: number;
  readonly quiet: number;
  /** Rows from the change to the first alarm of its column; null where it was never found. */
  readonly delay: number | null;
}
function scored(stream: Stream, alarms: readonly (readonly number[])[], from = 0): Score {
  const onset = alarms.findIndex((_, w) => stream.true(w));
  const quiet = alarms.map((_, w) => w).filter((w) => w >= from && !stream.true(w) && (stream.column === undefined || w < onset));
  const found = onset < 0 ? -1 : alarms.findIndex((a, w) => w >= onset && a.includes(stream.column!));
  return { falseWindows: quiet.filter((w) => alarms[w]!.length > 0).length, quiet: quiet.length, delay: found < 0 ? null : (found - onset + 1) * WINDOW };
}

const table: Record<string, unknown>[] = [];
const rowOf = (stream: Stream, who: string, { falseWindows, quiet, delay }: Score): void => void table.push({ stream: stream.name, by: who, "false alarms": `${falseWindows} of ${quiet}`, "found after rows": stream.column === undefined ? "" : (delay ?? "never") });

for (const [s, stream] of STREAMS.entries()) {
  if (values.only.length > 0 && !values.only.some((name) => stream.name.startsWith(name))) continue;
  const windowCount = stream.seasonal === true ? Math.ceil((2 * WINDOWS) / DAY) * DAY : WINDOWS;
  const reference = makeReference(REFERENCE, seed + 1000 + s, stream);
  const make = rowMaker(seed + 2000 + s);
  const rows = Array.from({ length: windowCount }, (_, w) => Array.from({ length: WINDOW }, () => make(stream, w)));
  const references = Array.from({ length: COLUMNS }, (_, c) => freeze(reference.map((r) => r[c]!)));
  const windows = rows.map((r) => counted(references, r));
  if (stream.seasonal === true) {
    rowOf(stream, "slipway", scored(stream, ours(references, windows, false)));
    // The first day has no former one, and a state looks back at two windows.
    rowOf(stream, "slipway, season: day", scored(stream, ours(references, windows, true), DAY + 2));
  } else rowOf(stream, "slipway", scored(stream, ours(references, windows, false)));
  if (values.peers.length === 0) {
    console.table(table.filter((row) => row["stream"] === stream.name));
    continue;
  }
  await writeCsv(join(folder, "reference.csv"), reference);
  await writeCsv(join(folder, "current.csv"), rows.flat());
  for (const peer of values.peers) {
    const [name, python] = [peer.slice(0, peer.indexOf("=")), peer.slice(peer.indexOf("=") + 1)];
    const out = JSON.parse(execFileSync(python, [fileURLToPath(new URL("monitor_peers.py", import.meta.url)), name, folder, String(WINDOW)], { encoding: "utf8", maxBuffer: 2 ** 26, stdio: ["ignore", "pipe", "ignore"] }).split("\n").findLast((l) => l.startsWith("{"))!) as { version: string; alarms: number[][]; dataset?: boolean[] };
    rowOf(stream, `${name} ${out.version}`, scored(stream, out.alarms));
    if (out.dataset !== undefined) {
      const { falseWindows, quiet } = scored({ ...stream, column: undefined as unknown as number }, out.dataset.map((d) => (d ? [0] : [])));
      const onset = out.dataset.findIndex((_, w) => stream.true(w));
      const found = onset < 0 ? -1 : out.dataset.findIndex((d, w) => w >= onset && d);
      rowOf(stream, `${name} ${out.version}, data set`, { falseWindows, quiet, delay: found < 0 ? null : (found - onset + 1) * WINDOW });
    }
  }
  console.table(table.filter((row) => row["stream"] === stream.name));
}

// Ours alone, as often as chance needs.
const trials = Number(values.trials);
const delays: number[] = [];
let [quietWindows, falseWindows] = [0, 0];
for (let t = 0; t < trials; t++) {
  const reference = makeReference(REFERENCE, seed + 5000 + t, still);
  const references = Array.from({ length: COLUMNS }, (_, c) => freeze(reference.map((r) => r[c]!)));
  for (const stream of [STREAMS[0]!, STREAMS[2]!]) {
    const make = rowMaker(seed + 9000 + 10 * t + (stream.column ?? 0));
    const windows = Array.from({ length: 40 }, (_, w) => counted(references, Array.from({ length: WINDOW }, () => make(stream, w))));
    const score = scored(stream, ours(references, windows, false));
    falseWindows += score.falseWindows;
    quietWindows += score.quiet;
    if (stream.column !== undefined) delays.push(score.delay ?? Infinity);
  }
}
const within = delays.filter((d) => d <= 500).length;
if (trials > 0) console.log(`${trials} trials: false alarms in ${falseWindows} of ${quietWindows} windows over ${COLUMNS} columns (${((100 * falseWindows) / quietWindows).toFixed(3)} %); a shift of 0.5 deviations in one column found within 500 rows in ${within} of ${trials}, within 750 in ${delays.filter((d) => d <= 750).length}`);
writeFileSync(join(folder, "result.json"), JSON.stringify({ table, falseWindows, quietWindows, delays }));
