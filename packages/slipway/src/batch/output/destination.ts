// Outputs that are elsewhere: a run makes its output here first, whole, and then hands it over; what is handed over is there
// whole or not at all, and knows of which run it is.

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
  return /^(?:s3:\/\/|https?:\/\/|postgres(?:ql)?:\/\/|sqlite:|duckdb:)/.test(out);
}

/** @throws SlipwayError batch-source-address */
export async function openDestination(address: string): Promise<Destination> {
  return address.startsWith("s3:") ? (await import("../remote/s3-destination.ts")).s3Destination(address) : (await import("../sql/sql-destination.ts")).sqlDestination(address);
}
