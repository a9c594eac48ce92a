// slipway predict PKG|FILE DATA

import { loadModelPackage, openModel, openPython, readData, type Model, type PredictedRow, type PythonOptions, type RowError } from "../runtime/index.ts";
import { defineCommand, type Command, type Invocation } from "./command.ts";
import { engineOf, pythonEngineOptions, pythonOf } from "./engine-option.ts";
import { printJson, printNote, printResult } from "./output.ts";
import { requireSignatureOption, trustedSigners } from "./trusted-option.ts";
import { readText } from "./read-text.ts";

export const predict: Command = defineCommand({
  name: "predict",
  summary: "one-off predictions from a file or package",
  usage: "PKG|FILE DATA",
  arguments: [
    { name: "PKG|FILE", help: "a package (a file, or oci://HOST/REPOSITORY:TAG) or a saved model", package: true },
    { name: "DATA", help: "JSON records, JSON lines or CSV with a header; - reads standard input" },
  ],
  options: {
    entry: { type: "string", value: "NAME", help: "which model, where the file holds several" },
    preprocess: { type: "string", value: "FILE", multiple: true, help: "a fitted scaler or encoder that was saved beside the model and is applied before it; FILE#ENTRY or #ENTRY where a file holds several; may be repeated, in order" },
    ...pythonEngineOptions,
    "require-signature": requireSignatureOption,
    "keep-going": { type: "boolean", help: "answer the good rows and report the bad ones in their place" },
  },
  examples: [
    "slipway predict model.joblib rows.csv",
    "slipway predict churn.slip rows.json --json",
    "echo '{\"x0\": 5.1, \"x1\": 3.5, \"x2\": 1.4, \"x3\": 0.2}' | slipway predict iris.pkl - --json",
  ],
  async run(call) {
    const [file, data] = call.args as [string, string];
    const python = pythonOf(call);
    const model = python === undefined ? await compiled(call, file) : await inPython(file, python);
    try {
      const rows: (PredictedRow | RowError)[] = await model.predictInput(readData(await readText(data), model.signature), { onInvalid: call.flag("keep-going") ? "rows" : "throw" });
      if (call.flag("json")) printJson(rows);
      else printResult(table(rows));
      return 0;
    } finally {
      await model.close();
    }
  },
});

async function compiled(call: Invocation, file: string): Promise<Model> {
  const entry = call.text("entry");
  const opened = await openModel(file, { preprocess: call.texts("preprocess"), trusted: await trustedSigners(call.texts("require-signature")), ...(entry === undefined ? {} : { entry }) });
  for (const warning of opened.imported?.compiled.warnings ?? []) printNote(`note: ${warning}`);
  return loadModelPackage(opened.package, { engine: engineOf(call) });
}
async function inPython(file: string, options: PythonOptions): Promise<Model> {
  const { source, notes } = await openPython(file, options);
  for (const note of notes) printNote(`note: ${note}`);
  return loadModelPackage(source);
}

/** One line a row, counted from 1; nested outputs as `name class`. */
function table(rows: readonly (PredictedRow | RowError)[]): string {
  const flat = rows.map((row) => Object.fromEntries(Object.entries(row).flatMap(([name, value]): [string, string][] => {
    if (name === "error" && typeof value === "object" && value !== null && "message" in value) return [["error", String(value.message)]];
    if (Array.isArray(value)) return [[name, value.length > 6 ? `[${value.slice(0, 6).map(short).join(", ")}, ... ${value.length - 6} more]` : `[${value.map(short).join(", ")}]`]];
    if (typeof value === "object" && value !== null) return Object.entries(value).map(([key, v]) => [`${name} ${key}`, short(v)]);
    return [[name, short(value)]];
  })));
  const names = [...new Set(flat.flatMap((row) => Object.keys(row)))];
  const header = ["row", ...names];
  const body = flat.map((row, i) => [String(i + 1), ...names.map((n) => row[n] ?? "")]);
  const widths = header.map((h, j) => Math.max(h.length, ...body.map((line) => line[j]!.length)));
  return [header, ...body].map((line) => line.map((cell, j) => (j === line.length - 1 ? cell : cell.padEnd(widths[j]!))).join("  ")).join("\n");
}

function short(value: unknown): string {
  if (typeof value === "number") return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(8)));
  return value === null ? "" : String(value);
}
