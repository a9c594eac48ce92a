// In which order a pipeline's steps are computed: what one takes comes before it, and what is listed after a guard waits for it.

import type { StepSettings } from "../../config/index.ts";

export function nameOf(step: StepSettings): string {
  return step.name ?? step.model ?? step.combine ?? (step.guard === undefined ? "" : "guard");
}

/** Places of steps, those that need nothing of each other together. @throws `invalid` where they go round in a circle */
export function orderSteps(steps: readonly StepSettings[], names: readonly string[], invalid: (message: string, hint?: string) => Error): number[][] {
  const needs = steps.map((s) => new Set([...Object.values(s.inputs ?? {}), ...(s.of ?? []), ...(s.guard === undefined ? [] : [s.guard])].map((text) => names.indexOf(text.split(".", 1)[0]!)).filter((i) => i >= 0)));
  for (const [i, step] of steps.entries()) {
    if (step.guard === undefined) continue;
    const before = ancestors(i, needs);
    for (let later = i + 1; later < steps.length; later++) if (!before.has(later)) needs[later]!.add(i);
  }
  const done = new Set<number>();
  const waves: number[][] = [];
  while (done.size < steps.length) {
    const wave = steps.flatMap((_, i) => (!done.has(i) && [...needs[i]!].every((n) => done.has(n)) ? [i] : []));
    if (wave.length === 0) throw invalid(`its steps go round in a circle: ${names.filter((_, i) => !done.has(i)).join(", ")}`, "A step can only take what another gives before it.");
    for (const i of wave) done.add(i);
    waves.push(wave);
  }
  return waves;
}

/** What a step needs, directly or not. */
function ancestors(of: number, needs: readonly ReadonlySet<number>[]): Set<number> {
  const found = new Set<number>();
  const queue = [of];
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    for (const n of needs[at]!) {
      if (found.has(n)) continue;
      found.add(n);
      queue.push(n);
    }
  }
  return found;
}
