// What a run's end is made from, brought here from the bucket.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { batchError } from "../../errors.ts";
import { fetchObject, getObject, several, type Place } from "../../remote/object-store.ts";
import { badName, partName, type OutputFormat, type Part } from "../../run/messages.ts";
import { below, type BucketOutput } from "./run-bucket.ts";

const MAX_BAD_ROWS = 2 ** 31 - 1;

/** `whole`: the parts too, not only the rows that could not be scored. @throws SlipwayError batch-run-unreachable, batch-source-... */
export async function bringParts({ store }: BucketOutput, place: Place, parts: readonly Part[], format: OutputFormat, folder: string, whole: boolean): Promise<void> {
  await several(parts, async (part) => {
    if (whole) await fetchObject(store, below(place, partName(part, format)), part.bytes, join(folder, partName(part, format)));
    if (part.bad === 0) return;
    const found = await getObject(store, below(place, badName(part)), MAX_BAD_ROWS);
    if (found === undefined) throw batchError("batch-run-unreachable", `${badName(part)} is gone`, { where: store.address(place) });
    writeFileSync(join(folder, badName(part)), found.bytes);
  });
}
