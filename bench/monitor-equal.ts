// How soon a change is found when everybody raises as many false alarms: each tool's threshold is set so that, where nothing
// drifts, any of 60 columns is called drifted in at most one window of a hundred; then the delay is measured.
//   node --conditions=@slipway/source bench/monitor-equal.ts FOLDER [--peers NAME=PYTHON ...] [--quiet 400] [--trials 25] [--seed 0]
//   FOLDER gets the rows as CSV; NAME is evidently, nannyml or whylogs, PYTHON an interpreter that has it.
//
// A tool's score of a column is the figure that its own default verdict is made of (monitor_scores.py); the threshold is one
// for all columns, as its own is one. It is set on windows in which nothing drifts, and false alarms are counted on others. Ours
// is told as it is (the state `drift`, whose rule is fixed), and by its single windows with a threshold set as the others'.
// After a change only its own column is asked about: a delay is that of its alarm.

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { freeze, judgeWindow, stateOf, type ColumnJudgement } from "../packages/core/src/stats/index.ts";
import { CATEGORY, CHANGED, COLUMNS, counted, DAY, makeReference, rowMaker, still, WINDOW, writeCsv, type Row, type Stream } from "./shared/drift-streams.ts";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { peers: { type: "string", multiple: true, default: [] }, quiet: { type: "string", default: "400" }, trials: { type: "string", default: "25" }, reference: { type: "string", default: "10000" }, seed: { type: "string", default: "0" } } });
const folder = positionals[0];
if (folder === undefined) throw new Error("FOLDER is needed");
mkdirSync(folder, { recursive: true });
const [QUIET, TRIALS, seed] = [Number(values.quiet), Number(values.trials), Number(values.seed)];
/** Of windows, over all columns together. */
const FALSE_ALARMS = 0.01;

interface Change {
  readonly name: string;
  readonly stream: Stream;
  readonly column: number;
  /** Windows that are looked at after it. */
  readonly windows: number;
  /** What comes back is counted from where it does. */
  readonly from?: number;
}
const CHANGES: readonly Change[] = [
  { name: "one column moves by 0.5 deviations", stream: { ...still, shift: () => 0.5 }, column: CHANGED, windows: 4 },
  { name: "one column moves by 0.35 deviations", stream: { ...still, shift: () => 0.35 }, column: CHANGED, windows: 10 },
  { name: "one column moves slowly, by 1 deviation over 5,000 rows", stream: { ...still, shift: (w) => Math.min(1, (w + 1) / 20) }, column: CHANGED, windows: 20 },
  { name: "one column moves by 0.5 deviations, back, and again: the second time", stream: { ...still, shift: (w) => (w % 12 < 4 ? 0.5 : 0) }, column: CHANGED, windows: 16, from: 12 },
  { name: "a column of categories of which a third goes missing", stream: { ...still, broken: () => true }, column: CATEGORY, windows: 4 },
];

// All windows, one after the other: those that set thresholds, those that test them, each trial of each change.
const reference = makeReference(Number(values.reference), seed + 1, still);
const windows: Row[][] = [];
/** Of each window the one column that is asked about; null: all. */
const wanted: (number | null)[] = [];
const add = (stream: Stream, seed: number, count: number, column: number | null): void => {
  const make = rowMaker(seed);
  for (let w = 0; w < count; w++) {
    windows.push(Array.from({ length: WINDOW }, () => make(stream, w)));
    wanted.push(column);
  }
};
add(still, seed + 2, 2 * QUIET, null);
CHANGES.forEach(({ stream, windows: count, column }, c) => { for (let t = 0; t < TRIALS; t++) add(stream, seed + 1000 * (c + 1) + t, count, column); });
/** Days whose time shows in ten columns, which is no drift. */
const DAYS = 2 * DAY;
add({ ...still, seasonal: true }, seed + 3, DAYS, null);

/** By window and column whether it alarms. */
type Alarms = (window: number, column: number) => boolean;
const table: Record<string, unknown>[] = [];
function tell(who: string, alarms: Alarms): void {
  const any = (w: number): boolean => Array.from({ length: COLUMNS }, (_, c) => c).some((c) => alarms(w, c));
  const share = (from: number): string => `${((100 * Array.from({ length: QUIET }, (_, i) => from + i).filter(any).length) / QUIET).toFixed(2)} %`;
  const row: Record<string, unknown> = { who, "false, set on": share(0), "false, others": share(QUIET) };
  let at = 2 * QUIET;
  for (const { name, column, windows: count, from = 0 } of CHANGES) {
    const delays = Array.from({ length: TRIALS }, (_, t) => {
      const found = Array.from({ length: count - from }, (__, w) => w).find((w) => alarms(at + t * count + from + w, column));
      return found === undefined ? Infinity : (found + 1) * WINDOW;
    }).sort((a, b) => a - b);
    at += TRIALS * count;
    row[name] = `${delays[Math.floor(TRIALS / 2)]} (${delays.filter((d) => d <= 250).length}, ${delays.filter((d) => d <= 500).length} of ${TRIALS})`;
  }
  row["false, time of day"] = `${Array.from({ length: DAYS }, (_, w) => at + w).filter(any).length} of ${DAYS}`;
  table.push(row);
  console.log(row);
}
/** The score that at most one window in a hundred of those has in any column. */
function threshold(scores: readonly (readonly number[])[]): number {
  const most = scores.slice(0, QUIET).map((s) => Math.max(...s)).sort((a, b) => b - a);
  return most[Math.floor(FALSE_ALARMS * QUIET)]!;
}

const references = Array.from({ length: COLUMNS }, (_, c) => freeze(reference.map((r) => r[c]!)));
const judged = windows.map((rows): readonly ColumnJudgement[] => judgeWindow(references, counted(references, rows)));
// Where a trial begins nothing is known of before.
const begins = new Set<number>([0, QUIET]);
let at = 2 * QUIET;
for (const { windows: count } of CHANGES) for (let t = 0; t < TRIALS; t++, at += count) begins.add(at);
begins.add(at);
const beginOf = (window: number): number => {
  let w = window;
  while (!begins.has(w)) w--;
  return w;
};
tell("slipway, as it is", (w, c) => stateOf(judged.slice(Math.max(beginOf(w), w - 2), w + 1).map((j) => j[c]!)) === "drift");
const own = judged.map((j) => j.map((c) => (c.psi >= c.bound ? -Math.log10(Math.max(1e-300, c.p)) : 0)));
const bar = threshold(own);
tell("slipway, single windows", (w, c) => own[w]![c]! > bar);

if (values.peers.length > 0) {
  await writeCsv(join(folder, "reference.csv"), reference);
  await writeCsv(join(folder, "current.csv"), windows.flat());
  writeFileSync(join(folder, "wanted.json"), JSON.stringify(wanted));
}
for (const peer of values.peers) {
  const [name, python] = [peer.slice(0, peer.indexOf("=")), peer.slice(peer.indexOf("=") + 1)];
  const out = JSON.parse(execFileSync(python, [fileURLToPath(new URL("monitor_scores.py", import.meta.url)), name, folder, String(WINDOW)], { encoding: "utf8", maxBuffer: 2 ** 28, stdio: ["ignore", "pipe", "inherit"] }).split("\n").findLast((l) => l.startsWith("{"))!) as { version: string; scores: (number | null)[][] };
  const most = threshold(out.scores.slice(0, QUIET) as number[][]);
  tell(`${name} ${out.version}, above ${most.toPrecision(3)}`, (w, c) => (out.scores[w]![c] ?? -Infinity) > most);
}
console.table(table);
writeFileSync(join(folder, "equal.json"), JSON.stringify(table, null, 1));
