// --engine: which engine serves a model.

import { ENGINES, type PythonOptions } from "../runtime/index.ts";
import { usageError, type Invocation, type OptionSpec } from "./command.ts";

export const engineOption: OptionSpec = {
  type: "string", value: "ENGINE", help: "auto (by default: Slipway's own kernel where it was seen to answer as ONNX Runtime does), onnxruntime, or kernel",
};

/** For commands that also take what Python runs. */
export const pythonEngineOptions: Readonly<Record<string, OptionSpec>> = {
  engine: { ...engineOption, help: `${engineOption.help}; or python, for what cannot be compiled` },
  trust: { type: "string", value: "DIGEST", multiple: true, help: "with --engine python: the digest of the file or folder whose code may be run" },
  python: { type: "string", value: "PATH", help: "with --engine python: the interpreter" },
  env: { type: "string", value: "TOOL", help: "with --engine python: make the model an environment of its own, locked with hashes: auto, uv or pip; it fetches packages" },
  check: { type: "string", value: "FILE", help: "with --engine python: rows with the columns that the model takes and, beside them, what it predicted" },
};

/** Undefined where another engine is asked for. @throws bad-argument */
export function pythonOf(call: Invocation): PythonOptions | undefined {
  const environment = call.text("env");
  if (environment !== undefined && !isTool(environment)) throw usageError("bad-argument", `--env is ${JSON.stringify(environment)}`, { hint: "It is auto, uv or pip." });
  return call.text("engine") === "python" ? { trust: call.texts("trust"), interpreter: call.text("python"), environment, check: call.text("check") } : undefined;
}

function isTool(text: string): text is NonNullable<PythonOptions["environment"]> {
  return ["auto", "uv", "pip"].includes(text);
}

/** @throws bad-argument */
export function engineOf(call: Invocation): (typeof ENGINES)[number] {
  const given = call.text("engine") ?? "auto";
  const engine = ENGINES.find((e) => e === given);
  if (engine === undefined) throw usageError("bad-argument", `--engine must be one of ${ENGINES.join(", ")}`);
  return engine;
}
