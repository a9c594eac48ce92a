// An upload where a storage has none that another one can take away: it is sent as an object of the run's own, and put in place
// by a copy on the server, which there is nothing to make of once that object is gone.

import { randomUUID } from "node:crypto";
import { removeBelow, UPLOAD, type Condition, type Meta, type ObjectStore, type Place, type Upload } from "./object-store.ts";

/** Of an object, on a condition, with what is kept with it; `gone`: there is nothing to copy. */
export type ConditionalCopy = (from: Place, to: Place, condition: Condition | undefined) => Promise<"there" | "taken" | "gone">;

export function stagedUpload(store: ObjectStore, copy: ConditionalCopy, place: Place, stage: Place, meta: Meta): Upload {
  const own = randomUUID();
  const at = { bucket: stage.bucket, key: `${stage.key}${own}` };
  return {
    send: (path) => store.putFile(at, path, { ...meta, [UPLOAD]: own }),
    async complete(condition) {
      const outcome = await copy(at, place, condition);
      // An answer may have been lost.
      return outcome === "there" || (await store.head(place))?.meta(UPLOAD) === own ? "there" : outcome;
    },
    abort: () => store.remove(at).catch(() => undefined),
  };
}
export function revokeStaged(store: ObjectStore, stage: Place): Promise<void> {
  return removeBelow(store, stage);
}
