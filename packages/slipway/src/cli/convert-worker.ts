// One process that converts many models: a JSON request a line on standard input, a JSON answer a line on standard output.
//   > {"id": 1, "model": "m.pkl", "spec": "m.json", "out": "m.onnx"}
//   < {"id": 1, "ok": true}
//   < {"id": 1, "ok": false, "kind": "unsupported" | "error", "error": "one line"}
// `spec` holds the inputs, output names and options (core/convert/sklearn/graph-request.ts).

import { readFile, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { SlipwayError } from "@slipway/core/base";
import { compileGraph, numpyOf, readGraphRequest, readSource } from "@slipway/core/convert";
import { assertInert } from "@slipway/core/pickle";
import { readModelBytes } from "../runtime/index.ts";
import { usageError } from "./command.ts";

const MAX_LINE = 1 << 20;

/** Answers until the input ends. */
export async function answerRequests(input: Readable, print: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input, crlfDelay: Infinity })) {
    if (line.trim() !== "") print(JSON.stringify(await answer(line)));
  }
}

async function answer(line: string): Promise<Record<string, unknown>> {
  let id: unknown = null;
  try {
    const json = parseLine(line);
    id = json["id"] ?? null;
    const request = { model: path(json, "model"), spec: path(json, "spec"), out: path(json, "out") };
    const source = readSource(await readModelBytes(request.model));
    assertInert(source.pickle);
    const spec: unknown = JSON.parse(await readFile(request.spec, "utf8"));
    const compiled = compileGraph(source.pickle.value, { ...readGraphRequest(spec, source.pickle.value), numpy: numpyOf(source.pickle) });
    await writeFile(request.out, compiled.model);
    return { id, ok: true, ...(compiled.warnings.length > 0 ? { warnings: compiled.warnings } : {}) };
  } catch (error) {
    const coded = error instanceof SlipwayError;
    const text = error instanceof Error ? error.message : String(error);
    const where = coded && error.where !== undefined ? ` (${error.where})` : "";
    const stack = !coded && process.env["SLIPWAY_DEBUG"] && error instanceof Error ? ` ${error.stack ?? ""}` : "";
    return { id, ok: false, kind: coded && error.kind === "unsupported" ? "unsupported" : "error", error: `${coded ? `[${error.code}] ` : ""}${text}${where}${stack}`.replace(/\s+/g, " ") };
  }
}

function parseLine(line: string): Readonly<Record<string, unknown>> {
  if (line.length > MAX_LINE) throw usageError("bad-argument", `a request of ${line.length} characters; at most ${MAX_LINE} are allowed`);
  const json: unknown = JSON.parse(line);
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw usageError("bad-argument", "a request is a JSON object");
  return json as Readonly<Record<string, unknown>>;
}
function path(request: Readonly<Record<string, unknown>>, key: string): string {
  const value = request[key];
  if (typeof value !== "string" || value === "") throw usageError("bad-argument", `the request has no ${key}`);
  return value;
}
