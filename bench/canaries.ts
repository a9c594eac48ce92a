// Simulated canaries, judged as a rollout judges them: how many good ones are aborted, how soon bad ones are, and that
// silence promotes nothing. Beside it two rules that others use. Written to stdout as a table.
//   node --conditions=@slipway/source bench/canaries.ts [canaries a scenario]

import { addPaired, beginCanary, durationBucket, findingsOf, lookAtCanary, normalNumbers, NO_PAIRED, randomNumbers, verdictOf, type CanaryLimits, type PairedCounts, type SideCounts } from "../packages/core/src/stats/index.ts";

const times = Number(process.argv[2] ?? 1000);
const STEPS = [1, 5, 25, 50, 100];
const NEED = 200;
/** A step lasts at least so many looks, and the whole at most so many. */
const BAKE = 10;
const MOST = 400;
const limits: CanaryLimits = { alpha: 0.001, errorMargin: 0.01, latencyRatio: 1.2, latencySlack: 0.005, slowMargin: 0.01, labelMargin: 0.02 };
const random = randomNumbers(20240229);
const normal = normalNumbers(random);

interface World {
  readonly name: string;
  /** Requests a look, of both. */
  readonly requests: number;
  /** Failure rates by look. */
  readonly canary: (look: number, step: number) => number;
  readonly baseline: (look: number) => number;
  /** How much longer its answers take. */
  readonly slower?: number | ((step: number) => number);
  /** How much longer everything takes, of both: a busy machine. */
  readonly busy?: (look: number, step: number) => number;
  /** Of the requests that it should get, the part that arrives. */
  readonly arrives?: number;
}
interface Outcome {
  readonly end: "promoted" | "aborted" | "held";
  /** Of the canary, until then. */
  readonly requests: number;
}

/** How many of n hit: by the gaps between hits, or where many do by the normal distribution. */
function binomial(n: number, p: number): number {
  if (p <= 0 || n === 0) return 0;
  if (n * p > 2000 && n * (1 - p) > 2000) return Math.min(n, Math.max(0, Math.round(n * p + Math.sqrt(n * p * (1 - p)) * normal())));
  let hits = 0;
  for (let at = Math.floor(Math.log(1 - random()) / Math.log(1 - p)); at < n; at += 1 + Math.floor(Math.log(1 - random()) / Math.log(1 - p))) hits++;
  return hits;
}
/** Requests that both were asked side by side: the same request and the same machine, each with its own chance to be held up. */
function pairs(n: number, slower: number, busy: number): PairedCounts {
  const counts = { worse: 0, better: 0, equal: 0 };
  for (let i = 0; i < n; i++) {
    const request = 0.01 * busy * Math.exp(0.5 * normal());
    const one = (by: number): number => request * by * Math.exp(0.15 * normal()) + (random() < 0.03 ? 0.02 * busy : 0);
    const [mine, other] = [one(slower), one(1)];
    const later = (a: number, b: number): boolean => a > b * limits.latencyRatio && a - b > limits.latencySlack;
    counts[later(mine, other) ? "worse" : later(other, mine) ? "better" : "equal"]++;
  }
  return counts;
}
/** Seconds, logarithmically normal around 10 ms. */
function answers(n: number, slower: number): number[] {
  const counts: number[] = [];
  // Beyond some hundred requests a look says the same about them all.
  const drawn = Math.min(n, 400);
  for (let i = 0; i < drawn; i++) {
    const bucket = durationBucket(0.01 * slower * Math.exp(0.5 * normal()));
    while (counts.length <= bucket) counts.push(0);
    counts[bucket]!++;
  }
  return counts;
}

function canary(world: World): Outcome {
  let state = beginCanary(STEPS.length);
  let step = 0;
  let since = 0;
  let run = 0;
  let sides = [empty(), empty()] as [SideCounts, SideCounts];
  let requests = 0;
  let times = NO_PAIRED;
  for (let look = 0; look < MOST; look++) {
    const mine = Math.round((world.requests * STEPS[step]! * (world.arrives ?? 1)) / 100);
    const others = world.requests - Math.round((world.requests * STEPS[step]!) / 100);
    const failed = binomial(mine, world.canary(look, step));
    run = failed === mine && mine > 0 ? run + mine : 0;
    const busy = world.busy?.(look, step) ?? 1;
    const slower = typeof world.slower === "function" ? world.slower(step) : (world.slower ?? 1);
    sides = [grown(sides[0], mine, failed, run, answers(mine - failed, slower * busy)), grown(sides[1], others, binomial(others, world.baseline(look)), 0, answers(others, busy))];
    const alone = STEPS[step] === 100;
    if (alone) times = addPaired(times, pairs(Math.min(40, Math.round(mine / 5)), slower, busy));
    requests += mine;
    state = lookAtCanary(state, step, { canary: sides[0], baseline: sides[1], times }, limits, alone);
    const verdict = verdictOf(findingsOf(state, step, NEED, limits));
    if (verdict === "abort") return { end: "aborted", requests };
    if (verdict === "promote" && look - since >= BAKE - 1) {
      if (++step === STEPS.length) return { end: "promoted", requests };
      since = look + 1;
      sides = [empty(), empty()];
      times = NO_PAIRED;
    }
  }
  return { end: "held", requests };
}

/** Ten checks at 1 %, each on its own; `limit` failed ones abort: 99 % have to succeed. */
function threshold(world: World, limit: number): boolean {
  let bad = 0;
  for (let look = 0; look < 10; look++) {
    const n = Math.round(world.requests / 100);
    if (binomial(n, world.canary(look, 0)) > 0.01 * n) bad++;
  }
  return bad > limit;
}

function empty(): SideCounts {
  return { requests: 0, failures: 0, streak: 0, seconds: [], labels: { trials: 0, hits: 0 } };
}
function grown(side: SideCounts, requests: number, failures: number, streak: number, seconds: readonly number[]): SideCounts {
  return { ...side, requests: side.requests + requests, failures: side.failures + failures, streak: Math.max(side.streak, streak), seconds: Array.from({ length: Math.max(side.seconds.length, seconds.length) }, (_, i) => (side.seconds[i] ?? 0) + (seconds[i] ?? 0)) };
}

const steady = (rate: number) => (): number => rate;
const outage = (look: number): number => (look > 15 && look < 30 ? 0.3 : 0.005);
const RATES = [1000, 3000, 10_000, 100_000];
const worlds: World[] = [
  ...RATES.map((requests): World => ({ name: `good, 0.5 % fail, ${requests / 100} at 1 %`, requests, canary: steady(0.005), baseline: steady(0.005) })),
  { name: "at the margin's border: 1.5 % beside 0.5 %", requests: 10_000, canary: steady(0.015), baseline: steady(0.005) },
  { name: "an outage that hits both", requests: 10_000, canary: outage, baseline: outage },
  ...RATES.map((requests): World => ({ name: `5 % fail, ${requests / 100} at 1 %`, requests, canary: steady(0.05), baseline: steady(0.005) })),
  { name: "good, on a machine that is up to 20 times as slow by turns", requests: 10_000, canary: steady(0.005), baseline: steady(0.005), busy: (look) => Math.exp(3 * Math.abs(Math.sin(look / 3))) },
  { name: "good, and the machine is four times as slow once it gets all", requests: 10_000, canary: steady(0.005), baseline: steady(0.005), busy: (_look, step) => (step === 4 ? 4 : 1) },
  { name: "20 % fail", requests: 3000, canary: steady(0.2), baseline: steady(0.005) },
  { name: "all fail", requests: 1000, canary: steady(1), baseline: steady(0.005) },
  { name: "5 % fail from the third step on", requests: 10_000, canary: (_look, step) => (step >= 2 ? 0.05 : 0.005), baseline: steady(0.005) },
  { name: "half as slow again", requests: 10_000, canary: steady(0.005), baseline: steady(0.005), slower: 1.5 },
  { name: "twice as slow", requests: 10_000, canary: steady(0.005), baseline: steady(0.005), slower: 2 },
  { name: "twice as slow, on that machine", requests: 10_000, canary: steady(0.005), baseline: steady(0.005), slower: 2, busy: (look) => Math.exp(3 * Math.abs(Math.sin(look / 3))) },
  { name: "three times as slow once it gets all", requests: 10_000, canary: steady(0.005), baseline: steady(0.005), slower: (step) => (step === 4 ? 3 : 1) },
  { name: "silence: no request arrives", requests: 10_000, canary: steady(0.005), baseline: steady(0.005), arrives: 0 },
  { name: "a hundredth of the requests arrives", requests: 1000, canary: steady(0.005), baseline: steady(0.005), arrives: 0.01 },
];

console.log(`| canaries, ${times} of each | promoted | held | aborted | median requests to the canary | 99 % in 10 checks would abort | ... in more than 3 of them |\n| --- | --- | --- | --- | --- | --- | --- |`);
const good = { aborted: 0, all: 0 };
for (const world of worlds) {
  const outcomes = Array.from({ length: times }, () => canary(world));
  const share = (end: Outcome["end"]): string => `${((outcomes.filter((o) => o.end === end).length / times) * 100).toFixed(2)} %`;
  const requests = outcomes.map((o) => o.requests).sort((a, b) => a - b)[times >> 1]!;
  const others = [0, 3].map((limit) => `${((Array.from({ length: times }, () => threshold(world, limit)).filter(Boolean).length / times) * 100).toFixed(1)} %`);
  if (world.name.startsWith("good, 0.5 %")) {
    good.aborted += outcomes.filter((o) => o.end === "aborted").length;
    good.all += times;
  }
  console.log(`| ${world.name} | ${share("promoted")} | ${share("held")} | ${share("aborted")} | ${requests} | ${others.join(" | ")} |`);
}
console.log(`\n${good.aborted} of ${good.all} good canaries aborted`);
