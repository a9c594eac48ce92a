// A data argument: a path, or "-" for standard input.

import { readFile } from "node:fs/promises";
import { usageError } from "./command.ts";

/** @throws data-not-found, data-not-text */
export async function readText(argument: string): Promise<string> {
  if (argument === "-") {
    const pieces: Buffer[] = [];
    for await (const piece of process.stdin) pieces.push(piece as Buffer);
    return decode(Buffer.concat(pieces), "standard input");
  }
  let bytes: Uint8Array;
  try {
    bytes = await readFile(argument);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown";
    throw usageError("data-not-found", code === "ENOENT" ? `there is no data file ${JSON.stringify(argument)}` : `the data file ${JSON.stringify(argument)} cannot be read (${code})`, {
      hint: code === "ENOENT" ? "Check the path; it is relative to the folder you are in. - is standard input." : "Give a file of JSON records, JSON lines or CSV, or - for standard input.", cause: error });
  }
  return decode(bytes, argument);
}

/** A letter in another encoding would be read as another category, so nothing is guessed. */
function decode(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    const binary = !(bytes[0] === 0xff && bytes[1] === 0xfe) && !(bytes[0] === 0xfe && bytes[1] === 0xff) && bytes.subarray(0, 4096).includes(0);
    throw usageError("data-not-text", binary ? `${name} is not text` : `${name} is not UTF-8`, {
      hint: binary ? "Give rows as CSV, JSON or JSON lines; the model comes first, the data second." : "Save it as UTF-8: in pandas df.to_csv(path, index=False), in Excel \"CSV UTF-8\".", cause });
  }
}
