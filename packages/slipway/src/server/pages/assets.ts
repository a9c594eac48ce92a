// The pages' scripts and style sheet, as files of their own: the page's Content-Security-Policy takes nothing inline.

import { readFile } from "node:fs/promises";
import { serverError } from "../errors.ts";
import type { Answer } from "../http/call.ts";

const SCRIPT = "text/javascript; charset=utf-8";
const TYPES: Readonly<Record<string, string>> = { "try.js": SCRIPT, "ask.js": SCRIPT, "draw.js": SCRIPT, "draw-picture.js": SCRIPT, "try.css": "text/css; charset=utf-8" };

/** Beside `src` and `dist`, so that the same path holds from both. */
const FOLDER = new URL("../../../assets/", import.meta.url);

export async function asset(file: string): Promise<Answer> {
  if (!Object.hasOwn(TYPES, file)) throw serverError("route-unknown", `there is no asset ${JSON.stringify(file.slice(0, 60))}`);
  return { headers: { "content-type": TYPES[file]!, "cache-control": "public, max-age=60" }, body: await readFile(new URL(file, FOLDER)) };
}
