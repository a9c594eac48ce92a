// One version of a model and what has become of it.

import type { SlipwayError } from "@slipway/core/base";
import type { Servable } from "../../runtime/index.ts";

/** `unloaded`: known and not in memory; `onDemand` says whether a request brings it back. */
export type VersionState = "loading" | "ready" | "unavailable" | "unloaded";

export class ModelVersion {
  readonly name: string;
  readonly version: string;
  state: VersionState = "unloaded";
  /** Why it is unavailable or unloaded. */
  reason: { readonly code: string; readonly message: string; readonly hint?: string | undefined } | undefined;
  /** Present while it is ready. */
  servable: Servable | undefined;
  /** What it is like, also while it is not in memory. */
  described: Servable | undefined;
  onDemand = false;
  /** Estimated memory in bytes while loaded. */
  bytes = 0;
  lastAsked = 0;
  /** Requests that were given this version and are not answered yet. */
  #leases = 0;
  #idle: (() => void)[] = [];

  constructor(name: string, version: string) {
    this.name = name;
    this.version = version;
  }

  /** What metadata is told from. */
  get face(): Servable | undefined {
    return this.servable ?? this.described;
  }
  get digest(): string | undefined {
    return this.face?.digest;
  }
  get leases(): number {
    return this.#leases;
  }

  ready(servable: Servable, bytes: number): void {
    this.servable = servable;
    this.bytes = bytes;
    this.state = "ready";
    this.reason = undefined;
  }
  failed(error: SlipwayError): void {
    this.state = "unavailable";
    this.reason = { code: error.code, message: error.message, hint: error.hint };
  }

  /** @returns ends the lease; more than one call does nothing. */
  lease(): () => void {
    this.#leases++;
    let ended = false;
    return () => {
      if (ended) return;
      ended = true;
      if (--this.#leases === 0) for (const done of this.#idle.splice(0)) done();
    };
  }
  /** When no request holds it any more, or after so long: a lease that nobody ended must not keep a model for ever. */
  drained(timeoutMs: number, now: AbortSignal): Promise<void> {
    if (this.#leases === 0 || now.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(done, timeoutMs);
      timer.unref();
      function done(): void {
        clearTimeout(timer);
        now.removeEventListener("abort", done);
        resolve();
      }
      now.addEventListener("abort", done);
      this.#idle.push(done);
    });
  }
}
