// A data argument: a path, or "-" for standard input.

import { readFile } from "node:fs/promises";
import { usageError } from "./command.ts";

/** @throws data-not-found */
export async function readText(argument: string): Promise<string> {
  if (argument === "-") {
    const pieces: Buffer[] = [];
    for await (const piece of process.stdin) pieces.push(piece as Buffer);
    return Buffer.concat(pieces).toString("utf8");
  }
  try {
    return await readFile(argument, "utf8");
  } catch (error) {
    throw usageError("data-not-found", `the data file ${JSON.stringify(argument)} cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown"})`, {
      hint: "Give a file of JSON records, JSON lines or CSV, or - for standard input.", cause: error });
  }
}
