// A copy of a file that is elsewhere, beside a run's parts: for formats that are not read from their beginning to their end,
// and for servers that give no ranges or do not say which version they give.

import { existsSync, mkdirSync, statfsSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import type { HttpAnswer } from "../../oci/index.ts";
import { Retryable } from "../../oci/index.ts";
import { batchError } from "../errors.ts";
import { outputFailed, putInPlace } from "../run/files.ts";
import { isStable, readRanges, sameVersion, type RemoteObject } from "./remote-object.ts";

/** Is left on the disk. */
const MARGIN_BYTES = 2 ** 29;
const LOOK_EVERY = 2 ** 28;

/** Whole or not at all; one that is there is taken as it is. @throws SlipwayError batch-source-..., batch-output-failed */
export async function copyObject(object: RemoteObject, path: string): Promise<void> {
  if (existsSync(path)) return;
  mkdirSync(dirname(path), { recursive: true });
  room(object, path, object.bytes ?? 0);
  if (isStable(object)) await write(object, path, readRanges(object));
  else {
    // From the beginning with every try.
    await object.ask(undefined, async (answer) => {
      sameVersion(object, answer);
      await write(object, path, bodyOf(answer, object));
    });
  }
  putInPlace(path);
}

async function write(object: RemoteObject, path: string, pieces: AsyncIterable<Uint8Array>): Promise<void> {
  const file = await open(`${path}.tmp`, "w").catch((cause: unknown) => {
    throw outputFailed(path, cause);
  });
  try {
    let looked = 0;
    let written = 0;
    for await (const piece of pieces) {
      try {
        await file.write(piece);
      } catch (cause) {
        throw outputFailed(path, cause);
      }
      written += piece.length;
      if (written < looked + LOOK_EVERY) continue;
      looked = written;
      room(object, path, Math.max(0, (object.bytes ?? 0) - written));
    }
  } finally {
    await file.close();
  }
}

async function* bodyOf(answer: HttpAnswer, { shown }: RemoteObject): AsyncGenerator<Uint8Array> {
  try {
    yield* answer.body as AsyncIterable<Uint8Array>;
  } catch (cause) {
    throw new Retryable(batchError("batch-source-unavailable", `the connection broke while ${shown} was read`, { where: shown, cause }));
  } finally {
    answer.body.destroy();
  }
}

/** `bytes`: that are still to come, as far as it is known. */
function room({ shown }: RemoteObject, path: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(dirname(path));
  const free = Number(bavail) * Number(bsize);
  if (bytes + MARGIN_BYTES > free) throw batchError("batch-source-limit", `${shown} needs a copy of ${bytes} more bytes beside the parts, and ${free} are free`, { where: shown, hint: "Make room, or let --out name a place that has it." });
}
