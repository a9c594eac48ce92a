// Objects that stand for memory outside the heap (DuckDB's vectors) are small: the heap hardly grows by them, so that what they
// stand for piles up until the whole heap is gone through, which took a tenth of a run's processor time. A collection of the
// young ones alone takes a quarter of a millisecond, and can be asked for where V8 lets a program ask.

import { setFlagsFromString } from "node:v8";

type Collect = (options: { readonly type: "minor" }) => void;

/** To be called before threads are started that are to collect. */
export function allowCollecting(): void {
  setFlagsFromString("--expose-gc");
}

const collect = (globalThis as { gc?: Collect }).gc;
/** Undefined: it cannot be asked for. */
export const collectYoung: (() => void) | undefined = collect === undefined ? undefined : () => collect({ type: "minor" });
