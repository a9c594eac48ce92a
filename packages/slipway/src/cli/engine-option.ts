// --engine: which engine serves a model.

import { ENGINES, type EngineWish } from "../runtime/index.ts";
import { usageError, type Invocation, type OptionSpec } from "./command.ts";

export const engineOption: OptionSpec = {
  type: "string", value: "ENGINE", help: "auto (by default: Slipway's own kernel where it was seen to answer as ONNX Runtime does), onnxruntime, or kernel",
};

/** @throws bad-argument */
export function engineOf(call: Invocation): EngineWish {
  const given = call.text("engine") ?? "auto";
  const engine = ENGINES.find((e) => e === given);
  if (engine === undefined) throw usageError("bad-argument", `--engine must be one of ${ENGINES.join(", ")}`);
  return engine;
}
