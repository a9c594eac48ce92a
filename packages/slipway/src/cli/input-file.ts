// --inputs inputs.json: names, element types and shapes of what a model takes.

import { readFile } from "node:fs/promises";
import { readInputSpecs, type InputSpec } from "@slipway/core/convert";
import { usageError } from "./command.ts";

/** @throws bad-argument, given-inputs */
export async function inputFile(path: string): Promise<InputSpec[]> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    throw usageError("bad-argument", `--inputs ${JSON.stringify(path)} cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  return readInputSpecs(json);
}
