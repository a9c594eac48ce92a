// What a reader of one library's format throws, with the name of the model in the message.

import type { SlipwayError } from "../../base/index.ts";
import { convertError } from "../conversion/errors.ts";

export interface Faults {
  /** The file describes what cannot be. */
  readonly malformed: (what: string) => SlipwayError;
  /** Well-formed, but not compiled: the option is named. */
  readonly refuse: (option: string, why: string, hint?: string) => SlipwayError;
}

export function faultsOf(model: string, where: string): Faults {
  return {
    malformed: (what) => convertError("malformed-model", `${model}: ${what}`, { where }),
    refuse: (option, why, hint) => convertError("unsupported-option", `${model} with ${option}: ${why}`, { where, hint }),
  };
}
