// Files of what is known beforehand.

import { batchError } from "../errors.ts";
import { findInput, type InputFile } from "../input/sources.ts";

/** @throws SlipwayError batch-input-format */
export async function findFuture(paths: readonly string[] | undefined): Promise<InputFile[]> {
  if (paths === undefined || paths.length === 0) return [];
  const files = await findInput(paths);
  refuseFormat(files, "--future");
  if (files.some((f) => f.sql !== undefined)) throw batchError("batch-input-format", "--future is a file: CSV, JSON lines or Parquet", { hint: "Write what the database knows to a Parquet file first." });
  return files;
}
export function refuseFormat(files: readonly InputFile[], what: string): void {
  const odd = files.find((f) => f.format === "arrow" || f.format === "image");
  if (odd !== undefined) throw batchError("batch-input-format", `${what} is CSV, JSON or Parquet; ${odd.path} is ${odd.format === "arrow" ? "Arrow" : "an image"}`, { where: odd.path, hint: "Write it as Parquet." });
  const formats = new Set(files.map((f) => (f.format)));
  if (formats.size > 1) throw batchError("batch-input-format", `${what} holds files of ${[...formats].join(" and ")}`, { hint: "Give one kind." });
}
