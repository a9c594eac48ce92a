// Simulated versions that are to answer otherwise than the one before, as a rollout with default settings judges them by the
// labels of what both answered while the new one is a shadow: how many better ones go on, how many worse ones are stopped
// before they answer anybody, and that nothing goes on without labels. Written to stdout as a table.
//   node --conditions=@slipway/source bench/canaries-labels.ts [versions a scenario]

import { normalNumbers, randomNumbers } from "../packages/core/src/stats/index.ts";
import { NO_COUNTS, NO_SIDE, type StageCounts } from "../packages/slipway/src/rollout/counts.ts";
import { beginJudging, look } from "../packages/slipway/src/rollout/judge.ts";
import type { LossPair } from "../packages/slipway/src/rollout/labels.ts";
import { readPlan, stagesOf } from "../packages/slipway/src/rollout/plan.ts";
import type { Rollout } from "../packages/slipway/src/rollout/rollout.ts";

const times = Number(process.argv[2] ?? 1000);
const SHADOW = 1;
/** Requests compared in a look, and labels that come with it. */
const REQUESTS = 100;
const LABELS = 25;
const LOOKS = 200;
const random = randomNumbers(20260229);
const normal = normalNumbers(random);

interface World {
  readonly name: string;
  /** Errors of both on one row: 0 or 1, or a distance. */
  readonly draw: (() => readonly [canary: number, baseline: number]) | undefined;
  readonly kind: "classification" | "regression";
}

/** Wrong answers of both, which differ in `apart` of the rows. */
const classes = (baseline: number, canary: number, apart: number) => (): readonly [number, number] => {
  // Of the rows that only one of both gets right, and of those that neither does.
  const worse = (apart + canary - baseline) / 2;
  const u = random();
  if (u < worse) return [1, 0];
  if (u < apart) return [0, 1];
  return u < apart + Math.max(0, baseline - (apart - worse)) ? [1, 1] : [0, 0];
};
/** Distances that have a part in common. */
const numbers = (factor: number) => (): readonly [number, number] => {
  const common = normal();
  return [Math.abs(factor * (0.7 * common + 0.7 * normal())), Math.abs(0.7 * common + 0.7 * normal())];
};

const worlds: readonly World[] = [
  { name: "better: 8 % wrong beside 18 %", kind: "classification", draw: classes(0.18, 0.08, 0.2) },
  { name: "better: 15 % wrong beside 18 %", kind: "classification", draw: classes(0.18, 0.15, 0.2) },
  { name: "other, and as good", kind: "classification", draw: classes(0.1, 0.1, 0.2) },
  { name: "at the margin's border: 12 % beside 10 %", kind: "classification", draw: classes(0.1, 0.12, 0.2) },
  { name: "worse: 15 % wrong beside 10 %", kind: "classification", draw: classes(0.1, 0.15, 0.2) },
  { name: "worse: 20 % wrong beside 10 %", kind: "classification", draw: classes(0.1, 0.2, 0.25) },
  { name: "numbers, errors a fifth smaller", kind: "regression", draw: numbers(0.8) },
  { name: "numbers, errors as large", kind: "regression", draw: numbers(1) },
  { name: "numbers, errors a fifth larger", kind: "regression", draw: numbers(1.2) },
  { name: "numbers, errors half as large again", kind: "regression", draw: numbers(1.5) },
  { name: "better, and no label comes", kind: "classification", draw: undefined },
];

const plan = readPlan({}, { expectChange: true });
const stages = stagesOf(plan);
const rollout = { plan, stages, stage: SHADOW, stageSince: new Date(0).toISOString() } as unknown as Rollout;

function run({ draw, kind }: World): { readonly end: "goes on" | "aborted" | "held"; readonly labels: number } {
  let judged = beginJudging(stages);
  const pairs: LossPair[] = [];
  for (let at = 1; at <= LOOKS; at++) {
    const requests = { ...NO_SIDE, requests: at * REQUESTS };
    const here: StageCounts = { ...NO_COUNTS, canary: requests, baseline: requests, pairs: { ...NO_COUNTS.pairs, compared: at * REQUESTS, unequal: at * REQUESTS * 0.3 } };
    if (draw !== undefined) for (let i = 0; i < LABELS; i++) {
      const [canary, baseline] = draw();
      pairs.push({ canary, baseline, at: new Date(1000 * pairs.length).toISOString() });
    }
    const seen = look(rollout, judged, [NO_COUNTS, here], undefined, 1e9, { kind, pairs });
    judged = seen.judged;
    if (seen.verdict !== "hold") return { end: seen.verdict === "abort" ? "aborted" : "goes on", labels: pairs.length };
  }
  return { end: "held", labels: pairs.length };
}

console.log(`| versions that are to answer otherwise, ${times} of each | go on | are held at ${(LOOKS * LABELS).toLocaleString("en")} labels | are aborted | median labels |\n| --- | --- | --- | --- | --- |`);
for (const world of worlds) {
  const outcomes = Array.from({ length: times }, () => run(world));
  const share = (end: string): string => `${((outcomes.filter((o) => o.end === end).length / times) * 100).toFixed(1)} %`;
  console.log(`| ${world.name} | ${share("goes on")} | ${share("held")} | ${share("aborted")} | ${outcomes.map((o) => o.labels).sort((a, b) => a - b)[times >> 1]!.toLocaleString("en")} |`);
}
