// The names that a file mentions, how often, and whether it asked for them to be called.

import { PyGlobal } from "./values.ts";

export interface GlobalUse {
  readonly module: string;
  readonly global: PyGlobal;
  /** How often it was mentioned. */
  count: number;
  /** Where it was first mentioned. */
  readonly offset: number;
  /** Where it was first called (REDUCE, INST, OBJ), or -1. */
  calledAt: number;
  /** Where an instance was first allocated without a call (NEWOBJ, copyreg._reconstructor), or -1. */
  allocatedAt: number;
}

/** A call of something that is not a plain name: the result of another call, for example. */
export interface IndirectCall {
  readonly what: string;
  readonly offset: number;
}

export class GlobalTable {
  readonly #modules = new Map<string, Map<string, GlobalUse>>();
  readonly #uses = new Map<PyGlobal, GlobalUse>();
  readonly indirectCalls: IndirectCall[] = [];

  /** The one PyGlobal for this name, and whether it is new. */
  mention(module: string, name: string, offset: number): { global: PyGlobal; isNew: boolean } {
    let names = this.#modules.get(module);
    if (names === undefined) this.#modules.set(module, (names = new Map()));
    const known = names.get(name);
    if (known) {
      known.count++;
      return { global: known.global, isNew: false };
    }
    const global = new PyGlobal(module, name);
    const use: GlobalUse = { module, global, count: 1, offset, calledAt: -1, allocatedAt: -1 };
    names.set(name, use);
    this.#uses.set(global, use);
    return { global, isNew: true };
  }

  find(module: string, name: string): PyGlobal | undefined {
    return this.#modules.get(module)?.get(name)?.global;
  }

  noteCall(global: PyGlobal, offset: number): void {
    const use = this.#uses.get(global);
    if (use && use.calledAt < 0) use.calledAt = offset;
  }

  noteAllocation(global: PyGlobal, offset: number): void {
    const use = this.#uses.get(global);
    if (use && use.allocatedAt < 0) use.allocatedAt = offset;
  }

  /** The first hundred are enough for a report. */
  noteIndirectCall(what: string, offset: number): void {
    if (this.indirectCalls.length < 100) this.indirectCalls.push({ what, offset });
  }

  /** In the order of first mention. */
  uses(): GlobalUse[] {
    return [...this.#uses.values()];
  }
}
