// How soon a loss of accuracy is found when labels come late, and what is estimated until then, beside NannyML and Evidently on
// the same rows, each by its defaults.
//   node --conditions=@slipway/source bench/monitor-labels.ts FOLDER [--peers NAME=PYTHON ...] [--trials 20]
//   FOLDER gets the rows as CSV; NAME is evidently or nannyml, PYTHON an interpreter that has it.
//
// A classifier of two classes whose probabilities mean what they say, 10,000 labelled rows as the reference, windows of 250
// rows; each label comes 2,000 rows (eight windows) after its prediction. After 16 windows the world changes. An alarm of ours
// is `accuracy.drop`, which looks at stretches whose labels have come; of NannyML an alert of its realized accuracy (3 deviations
// of the reference's chunks), of Evidently a failed test of accuracy by its default (within a tenth of the reference's). Rows are counted from the first
// label of a changed row on.

import { execFileSync } from "node:child_process";
import { createWriteStream, mkdirSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { normalNumbers, randomNumbers, WindowCounter } from "../packages/core/src/stats/index.ts";
import { storeLabels, MonitorStore } from "../packages/slipway/src/monitor/index.ts";
import { accuracyOf } from "../packages/slipway/src/monitor/accuracy.ts";
import type { Subject } from "../packages/slipway/src/monitor/subject.ts";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { peers: { type: "string", multiple: true, default: [] }, trials: { type: "string", default: "20" } } });
const folder = positionals[0];
if (folder === undefined) throw new Error("FOLDER is needed");
mkdirSync(folder, { recursive: true });
const [TRIALS, WINDOW, WINDOWS, ONSET, LATE] = [Number(values.trials), 250, 40, 16, 8];
const WINDOW_MS = 600_000;

interface Row {
  readonly p: number;
  readonly label: 0 | 1;
}
interface World {
  readonly name: string;
  /** Which part of the labels is the opposite of what the probability says, after the change. */
  readonly flipped: number;
  /** How far the model's logits spread, after the change; 2 before. */
  readonly spread: number;
}
const WORLDS: readonly World[] = [
  { name: "nothing changes", flipped: 0, spread: 2 },
  { name: "labels mean something else: accuracy falls by 8 points", flipped: 0.15, spread: 2 },
  { name: "labels mean something else: accuracy falls by 4 points", flipped: 0.06, spread: 2 },
  { name: "rows become harder: accuracy falls by 10 points", flipped: 0, spread: 1 },
];
function rowsOf(seed: number, count: number, { flipped, spread }: Pick<World, "flipped" | "spread">): Row[] {
  const random = randomNumbers(seed);
  const normal = normalNumbers(random);
  return Array.from({ length: count }, () => {
    const p = 1 / (1 + Math.exp(-spread * normal()));
    const label = random() < p ? 1 : 0;
    return { p, label: random() < flipped ? (label === 1 ? 0 : 1) : label };
  });
}
const before = { flipped: 0, spread: 2 };
const reference = rowsOf(1, 10_000, before);
const trialRows = (world: number, trial: number): Row[] => [...rowsOf(100 * world + 2 * trial + 10, ONSET * WINDOW, before), ...rowsOf(100 * world + 2 * trial + 11, (WINDOWS - ONSET) * WINDOW, WORLDS[world]!)];
const accuracyIn = (rows: readonly Row[]): number => rows.filter((r) => (r.p >= 0.5 ? 1 : 0) === r.label).length / rows.length;

/** Of one trial: windows after which it alarms, as labels came by then, and what it estimated of each window without them. */
interface Seen {
  readonly alarms: readonly boolean[];
  readonly estimates: readonly (number | null)[];
}
async function ours(rows: readonly Row[]): Promise<Seen> {
  const store = await MonitorStore.open("sqlite::memory:");
  const subject: Subject = { model: "m", version: "1", digest: "sha256:0", series: [], distinctShare: null, task: { kind: "classification", classes: ["0", "1"], probabilities: true } };
  const [alarms, estimates]: [boolean[], (number | null)[]] = [[], []];
  const begin = 1000 * WINDOW_MS;
  const id = (i: number): string => `00000000-0000-4000-8000-${String(Math.floor(i / WINDOW)).padStart(12, "0")}-${i % WINDOW}`;
  for (let w = 0; w < WINDOWS; w++) {
    const part = rows.slice(w * WINDOW, (w + 1) * WINDOW);
    const counter = new WindowCounter([]);
    counter.addRows(WINDOW);
    for (const { p } of part) counter.sure.add(p);
    const begins = begin + w * WINDOW_MS;
    const kept = part.map(({ p }, i) => ({ id: id(w * WINDOW + i), at: begins + i, key: null, answer: p >= 0.5 ? "1" : "0", scores: [1 - p, p] }));
    await store.write({ id: "r", host: "h", startedAt: 0, intervalMs: 1000, rows: 0, lastRows: 0, dropped: 0 }, [{ subject, window: { begins, counter }, lengthMs: WINDOW_MS }], [{ subject, kept }], begins);
    // What came in the last window's time: labels of rows of eight windows before.
    const due = w - LATE;
    if (due >= 0) await storeLabels(store.database, rows.slice(due * WINDOW, (due + 1) * WINDOW).map(({ label }, i) => ({ kind: "id", ref: id(due * WINDOW + i), model: "", label: String(label), at: null })), begin + (w + 1) * WINDOW_MS - 1000);
    const windows = await store.windows(subject, 0);
    const { drop, points } = await accuracyOf(store.database, subject, windows, { from: begin, to: begin + (w + 1) * WINDOW_MS + 1000, windowMs: WINDOW_MS });
    alarms.push(drop !== null);
    estimates.push(points.find((p) => p.begins === new Date(begins).toISOString())?.estimate?.accuracy ?? null);
  }
  await store.close();
  return { alarms, estimates };
}

const table: Record<string, unknown>[] = [];
function tell(who: string, world: number, seen: readonly Seen[], rows: readonly (readonly Row[])[]): void {
  const changes = world > 0;
  // Nothing of the change is known by labels before the first of them comes.
  const from = ONSET + LATE;
  const quiet = seen.flatMap((s) => s.alarms.slice(LATE + 1, changes ? from : undefined));
  const delays = seen.map((s) => s.alarms.findIndex((a, w) => w >= from && a)).map((w) => (w < 0 ? Infinity : (w - from + 1) * WINDOW)).sort((a, b) => a - b);
  const off = seen.flatMap((s, t) => s.estimates.flatMap((e, w) => (e === null || w < ONSET ? [] : [Math.abs(e - accuracyIn(rows[t]!.slice(w * WINDOW, (w + 1) * WINDOW)))])));
  const row = {
    world: WORLDS[world]!.name, who, "false alarms": `${quiet.filter((a) => a).length} of ${quiet.length}`, "found after (median)": changes ? delays[Math.floor(delays.length / 2)] : "",
    "found within 250, 500, 1000": changes ? [250, 500, 1000].map((n) => delays.filter((d) => d <= n).length).join(", ") : "", "estimate off by": off.length === 0 ? "none" : (off.reduce((a, b) => a + b, 0) / off.length).toFixed(3),
  };
  table.push(row);
  console.log(row);
}

async function write(path: string, rows: readonly Row[]): Promise<void> {
  const out = createWriteStream(path);
  out.write("p,predicted,label\n");
  for (const { p, label } of rows) if (!out.write(`${p},${p >= 0.5 ? 1 : 0},${label}\n`)) await once(out, "drain");
  out.end();
  await once(out, "finish");
}
await write(join(folder, "reference.csv"), reference);
for (let world = 0; world < WORLDS.length; world++) {
  const rows = Array.from({ length: TRIALS }, (_, t) => trialRows(world, t));
  console.log(WORLDS[world]!.name, "accuracy before", accuracyIn(rows.flatMap((r) => r.slice(0, ONSET * WINDOW))).toFixed(3), "after", accuracyIn(rows.flatMap((r) => r.slice(ONSET * WINDOW))).toFixed(3));
  const seen: Seen[] = [];
  for (const r of rows) seen.push(await ours(r));
  tell("slipway", world, seen, rows);
  await write(join(folder, "current.csv"), rows.flat());
  for (const peer of values.peers) {
    const [name, python] = [peer.slice(0, peer.indexOf("=")), peer.slice(peer.indexOf("=") + 1)];
    const out = JSON.parse(execFileSync(python, [fileURLToPath(new URL("monitor_labels.py", import.meta.url)), name, folder, String(WINDOW)], { encoding: "utf8", maxBuffer: 2 ** 26, stdio: ["ignore", "pipe", "inherit"] }).split("\n").findLast((l) => l.startsWith("{"))!) as { version: string; alarms: boolean[]; estimates: (number | null)[] };
    // What is said of a window is known once its labels are there.
    const late = (t: number): boolean[] => Array.from({ length: WINDOWS }, (_, w) => w >= LATE && out.alarms[t * WINDOWS + w - LATE]!);
    tell(`${name} ${out.version}`, world, rows.map((_, t) => ({ alarms: late(t), estimates: out.estimates.slice(t * WINDOWS, (t + 1) * WINDOWS) })), rows);
  }
}
console.table(table);
writeFileSync(join(folder, "labels.json"), JSON.stringify(table, null, 1));
