// For tests: what a call comes to, where only coded errors may end it.

import { SlipwayError } from "./error.ts";

/** The coded error that ends a call; undefined where it ends well. Any other error, and a fault of ours, is thrown on. */
export function refusalOf(run: () => unknown): SlipwayError | undefined {
  try {
    run();
  } catch (error) {
    if (error instanceof SlipwayError && error.kind !== "internal") return error;
    throw error;
  }
  return undefined;
}

/** The code of that error, or "no error". */
export function codeOf(run: () => unknown): string {
  return refusalOf(run)?.code ?? "no error";
}
