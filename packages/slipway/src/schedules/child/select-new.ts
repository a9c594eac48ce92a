// Of a schedule that takes only what is new: what that is now.

import { newerRows } from "../../batch/index.ts";
import type { RunJob, Selection } from "../messages.ts";
import { newFiles } from "./new-files.ts";

/** Undefined: nothing is new. @throws SlipwayError batch-... */
export async function selectNew(job: RunJob, note: (text: string) => void): Promise<Selection | undefined> {
  const { definition, names: { input, query }, after } = job;
  if (definition.newFiles) {
    const files = await newFiles(job);
    if (files.length === 0) return undefined;
    note(`${files.length} new ${files.length === 1 ? "file" : "files"}: ${files.slice(0, 20).map((f) => f.path).join(", ")}${files.length > 20 ? " ..." : ""}`);
    return { input: files.map((f) => f.path), query, watermark: null, files };
  }
  const column = definition.watermark!;
  const found = await newerRows({ input, format: definition.format, query, column, after });
  if (found.without > 0) note(`${found.without} rows have no ${column}: they are not taken`);
  if (found.query === undefined) return undefined;
  note(`rows of ${column} ${after === null ? "" : `beyond ${after}, `}up to ${found.watermark}`);
  return { input: found.input, query: found.query, watermark: found.watermark, files: [] };
}
