// Credentials that end: found where AWS's own tools look for them, kept while they last, and found anew before they end, so
// that a run of days goes on. After https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html; a provider
// that is not set up is passed over, one that is set up and fails ends the search with what it says.

import { batchError } from "../../errors.ts";

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  /** When they end, in milliseconds since 1970; undefined: never. */
  readonly endsMs?: number;
}
/** Undefined: it is not set up here. */
export type Provider<T = Credentials> = () => Promise<T | undefined>;

/** So long before their end others are found; a failure is no failure while they last. */
const BEFORE_END_MS = 5 * 60_000;
/** After a failure, and after credentials that had ended when they came, others are asked for so much later. */
const AGAIN_MS = 60_000;

export class CredentialChain<T extends { readonly endsMs?: number } = Credentials> {
  readonly #providers: readonly Provider<T>[];
  readonly #now: () => number;
  #found: T | undefined;
  /** Whether the search was made at all. */
  #searched = false;
  #nextMs = Infinity;
  #searching: Promise<void> | undefined;

  constructor(providers: readonly Provider<T>[], now: () => number = Date.now) {
    this.#providers = providers;
    this.#now = now;
  }
  /** Undefined: nobody gives any. @throws SlipwayError batch-source-denied, batch-source-unavailable */
  async get(): Promise<T | undefined> {
    if (!this.#searched || this.#now() >= this.#nextMs) await (this.#searching ??= this.#search().finally(() => (this.#searching = undefined)));
    return this.#found;
  }
  /** They were refused as ended. Whether others can be found: those that never end are what they are. */
  forget(refused: T | undefined): boolean {
    if (refused?.endsMs === undefined) return false;
    if (this.#found === refused) this.#nextMs = 0;
    return true;
  }

  async #search(): Promise<void> {
    try {
      for (const provider of this.#providers) {
        const found = await provider();
        if (found === undefined) continue;
        this.#keep(found);
        return;
      }
      this.#searched = true;
      // Who gave some before may be away for a moment.
      if (this.#found !== undefined) this.#nextMs = this.#now() + AGAIN_MS;
    } catch (error) {
      // Those of before may last until there are others.
      if (this.#found?.endsMs === undefined || this.#now() >= this.#found.endsMs) throw error;
      this.#nextMs = this.#now() + AGAIN_MS;
    }
  }
  #keep(found: T): void {
    this.#found = found;
    this.#searched = true;
    if (found.endsMs === undefined) return;
    // A machine whose credentials cannot be renewed gives old ones, which Amazon may take for a while.
    this.#nextMs = Math.max(found.endsMs - BEFORE_END_MS, this.#now() + AGAIN_MS);
  }
}

/** From a provider's own words, which are not shown. @throws SlipwayError batch-source-denied */
export function credentialsFrom(from: string, found: Readonly<Record<"id" | "secret" | "token" | "end", unknown>>): Credentials {
  const { id, secret, token, end } = found;
  const endsMs = end === undefined || end === null || end === "" ? undefined : Date.parse(String(end));
  const good = typeof id === "string" && /^[\w]{4,128}$/.test(id) && typeof secret === "string" && secret !== "" && secret.length < 4096 && (token === undefined || token === null || (typeof token === "string" && token.length < 65_536)) && (endsMs === undefined || !Number.isNaN(endsMs));
  if (!good) throw batchError("batch-source-denied", `${from} answers with what are no credentials`, { where: from });
  return { accessKeyId: id, secretAccessKey: secret, ...(typeof token === "string" && token !== "" ? { sessionToken: token } : {}), ...(endsMs === undefined ? {} : { endsMs }) };
}
