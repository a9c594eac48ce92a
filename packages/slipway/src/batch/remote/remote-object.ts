// A file that is elsewhere, read in ranges of bytes, several of them on their way at once; where a server gives no ranges, from
// its beginning. That it is still the one it was is looked at with every answer.

import type { HttpAnswer } from "../../oci/index.ts";
import { discard, readAnswer, Retryable } from "../../oci/index.ts";
import { batchError } from "../errors.ts";
import { versionOf } from "./object-store.ts";

export interface RemoteObject {
  /** Its address as it may be shown: no secrets. */
  readonly shown: string;
  /** Undefined: it does not say. */
  readonly bytes: number | undefined;
  /** Its ETag, or when it was changed; undefined: it does not say. */
  readonly version: string | undefined;
  /** Whether it gives parts of itself. */
  readonly ranges: boolean;
  /** Asks once, and again where that may help. `range`: bytes from, and to the last one, as HTTP has it; undefined: all of it. */
  ask<T>(range: readonly [number, number] | undefined, read: (answer: HttpAnswer) => Promise<T>): Promise<T>;
}

const RANGE_BYTES = 4 << 20;
const IN_FLIGHT = 3;

/** What can be read twice with the same result, without keeping a copy. */
export function isStable({ version, ranges, bytes }: RemoteObject): boolean {
  return bytes === 0 || (version !== undefined && ranges && bytes !== undefined);
}

/** Of a stable object. @throws SlipwayError batch-source-... */
export async function* readRanges(object: RemoteObject): AsyncGenerator<Uint8Array> {
  const bytes = object.bytes!;
  const pending: Promise<Uint8Array>[] = [];
  const ask = (from: number): void => {
    const to = Math.min(bytes, from + RANGE_BYTES) - 1;
    const asked = object.ask([from, to], (answer) => readRange(object, answer, from, to));
    // Heard when its turn comes.
    asked.catch(() => undefined);
    pending.push(asked);
  };
  for (let next = 0; next < bytes; next += RANGE_BYTES) {
    ask(next);
    if (pending.length === IN_FLIGHT) yield await pending.shift()!;
  }
  for (const asked of pending) yield await asked;
}

async function readRange(object: RemoteObject, answer: HttpAnswer, from: number, to: number): Promise<Uint8Array> {
  sameVersion(object, answer);
  const whole = answer.status === 200 && from === 0 && to + 1 === object.bytes;
  if (!whole && !(answer.headers["content-range"] ?? "").startsWith(`bytes ${from}-${to}/`)) {
    discard(answer);
    throw batchError("batch-source-changed", `${object.shown} gives other bytes than it was asked for: ${String(answer.headers["content-range"]).slice(0, 80)}`, { where: object.shown });
  }
  const bytes = await readAnswer(answer, to - from + 1);
  if (bytes.length !== to - from + 1) throw new Retryable(batchError("batch-source-unavailable", `${object.shown} gives ${bytes.length} bytes for ${to - from + 1}`, { where: object.shown }));
  return bytes;
}

/** @throws SlipwayError batch-source-changed */
export function sameVersion({ version, shown }: RemoteObject, answer: HttpAnswer): void {
  const now = versionOf(answer);
  if (version === undefined || now === version) return;
  answer.body.on("error", () => undefined);
  answer.body.destroy();
  throw batchError("batch-source-changed", `${shown} was changed while it was read`, { where: shown, hint: "Begin anew with --overwrite; what is scored of the old one is not mixed with the new one." });
}
