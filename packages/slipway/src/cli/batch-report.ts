// What a batch run says of itself: while it goes on, and at its end.

import { LEAST_ROWS } from "@slipway/core/stats";
import type { BatchSummary, Progress, SeenOutput } from "../batch/index.ts";

export function progressLine({ rows, bad, share, before }: Progress, seconds: number, what = "rows"): string {
  const rate = (rows - before) / Math.max(0.001, seconds);
  const left = share <= 0 || share >= 1 ? undefined : (seconds / share) * (1 - share);
  const width = 24;
  const full = Math.round(width * share);
  return `[${"#".repeat(full)}${".".repeat(width - full)}] ${Math.floor(share * 100)} %  ${count(rows)} ${what}${bad === 0 ? "" : `, ${count(bad)} bad`}  ${count(Math.round(rate))} a second${left === undefined ? "" : `  ${duration(left)} left`}`;
}

export function batchReport({ output, rows, scored, bad, errors, broken = [], seconds, resumed, unanswered = 0, outputs, failed = [], drift, horizon }: BatchSummary): string {
  const series = horizon !== undefined;
  const lines = [`${count(scored)} of ${count(rows)} ${series ? `series forecast, ${count(horizon)} ${horizon === 1 ? "step" : "steps"} each,` : "rows scored"} in ${duration(seconds)} (${count(Math.round((rows - resumed) / Math.max(0.001, seconds)))} a second) -> ${output}`];
  if (resumed > 0) lines.push(`${count(resumed)} of them by the run that was stopped`);
  if (bad > 0) lines.push(`${count(bad)} ${series ? "series could not be forecast" : "rows could not be scored"}: ${errors}`);
  if (unanswered > 0) lines.push(`${count(unanswered)} rows have no forecast: what the model takes of the past is not there before them`);
  if (failed.length > 0) lines.push(`${failed.length} shards could not be made; --resume tries them again:`, ...failed.map((f) => `  shard ${f.shard} (${f.unit} ${count(f.from)} to ${count(f.to)} of ${f.file}): ${f.reason}`));
  if (broken.length > 0) lines.push(`${broken.length === 1 ? "a file" : `${count(broken.length)} files`} could not be read to the end:`, ...broken.slice(0, MOST_BROKEN).map((b) => `  ${b.source}: ${b.reason}`));
  if (outputs.length > 0) lines.push("", ...outputs.flatMap(describeOutput));
  if (drift !== undefined && drift.length > 0) lines.push("", ...driftLines(drift, scored));
  return lines.join("\n");
}

const MOST_BROKEN = 20;
const MOST_DRIFTED = 8;

function driftLines(drift: NonNullable<BatchSummary["drift"]>, scored: number): string[] {
  const drifted = drift.filter((d) => d.verdict === "drifted");
  if (drift.every((d) => d.verdict === "unknown")) return [scored < LEAST_ROWS
    ? `too few rows to say whether they are distributed as in the model's profile: at least ${LEAST_ROWS}`
    : `the model's profile has too few rows (at least ${LEAST_ROWS}) to say whether these are distributed as in it: pack with --training train.csv`];
  if (drifted.length === 0) return [`distributed as in the model's profile (${drift.length} columns and outputs)`];
  const share = (n: number): string => `${(100 * n).toFixed(1)} %`;
  return [
    `other than in the model's profile: ${drifted.length} of ${drift.length} columns and outputs`,
    ...drifted.slice(0, MOST_DRIFTED).map((d) => `  ${d.name}  PSI ${d.psi.toFixed(2)}${Math.abs(d.missing[0] - d.missing[1]) > 0.01 ? `  missing ${share(d.missing[0])}, before ${share(d.missing[1])}` : ""}`),
    ...(drifted.length > MOST_DRIFTED ? [`  and ${drifted.length - MOST_DRIFTED} more`] : []),
  ];
}

const BAR = 30;
const MOST_LABELS = 12;

export function describeOutput({ name, labels, numbers }: SeenOutput): string[] {
  if (numbers !== undefined) return [`${name}: ${short(numbers.least)} to ${short(numbers.most)}, mean ${short(numbers.sum / numbers.count)}`];
  const all = Object.entries(labels ?? {}).toSorted((a, b) => b[1] - a[1]);
  const total = all.reduce((n, [, c]) => n + c, 0);
  if (all.length === 0) return [`${name}: none`];
  const width = Math.max(...all.slice(0, MOST_LABELS).map(([label]) => label.length));
  return [`${name}:`, ...all.slice(0, MOST_LABELS).map(([label, n]) => `  ${label.padEnd(width)}  ${"#".repeat(Math.max(1, Math.round((n / total) * BAR))).padEnd(BAR)}  ${((100 * n) / total).toFixed(1)} %  ${count(n)}`), ...(all.length > MOST_LABELS ? [`  and ${all.length - MOST_LABELS} more`] : [])];
}

export function count(n: number): string {
  return n.toLocaleString("en-US");
}
function short(n: number): string {
  return Number.isInteger(n) ? String(n) : String(Number(n.toPrecision(6)));
}
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${Math.round(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
