// Outputs that are elsewhere: a run makes its output here first, whole, and then hands it over; what is handed over is there
// whole or not at all, and knows of which run it is.

import { isBucketAddress } from "../remote/bucket-address.ts";
import type { OutputPlace } from "../run/output-place.ts";

export interface Delivery {
  /** Where the whole output is. */
  readonly place: OutputPlace;
  /** Identifies the run: the same for one that is gone on with. */
  readonly run: string;
  /** What the run says of itself (JSON). */
  readonly note: string;
  readonly overwrite: boolean;
}
export interface Destination {
  /** Its address without secrets. */
  readonly shown: string;
  /** What stands there: `same`: the output of this run, and what it said. @throws SlipwayError batch-source-..., database-... */
  look(run: string): Promise<{ readonly state: "nothing" | "other" } | { readonly state: "same"; readonly note: string }>;
  put(delivery: Delivery): Promise<void>;
}

export function isElsewhere(out: string): boolean {
  return isBucketAddress(out) || /^(?:https?:\/\/|postgres(?:ql)?:\/\/|sqlite:|duckdb:)/.test(out);
}

/** @throws SlipwayError batch-source-address */
export async function openDestination(address: string): Promise<Destination> {
  return isBucketAddress(address) ? (await import("../remote/bucket-destination.ts")).bucketDestination(address) : (await import("../sql/sql-destination.ts")).sqlDestination(address);
}
