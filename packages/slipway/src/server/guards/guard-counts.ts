// How often each rule refused something. The rules are those of the configuration, so their series are bounded.

import { family, type Family } from "../telemetry/family.ts";

export class GuardCounts {
  readonly #counts = new Map<string, { readonly model: string; readonly rule: string; count: number }>();

  /** From the beginning, so that a rule that refused nothing is seen to have refused nothing. */
  declare(model: string, rule: string): void {
    const key = JSON.stringify([model, rule]);
    if (!this.#counts.has(key)) this.#counts.set(key, { model, rule, count: 0 });
  }
  add(model: string, rule: string, count = 1): void {
    this.declare(model, rule);
    this.#counts.get(JSON.stringify([model, rule]))!.count += count;
  }
  families(): Family[] {
    if (this.#counts.size === 0) return [];
    return [family("counter", "slipway_guard_refused_total", "Rows, prompts and answers that a rule refused.", [...this.#counts.values()].map(({ model, rule, count }) => [{ model, rule }, count]))];
  }
}
