// Which engine answers: our own kernel where the package says that it was proven, else ONNX Runtime.

import { KERNEL_VERSION, openKernel } from "@slipway/core/kernel";
import { packedFace } from "@slipway/core/onnx";
import type { ModelPackage } from "@slipway/core/package";
import { kernelSession, predictError, type Session } from "@slipway/core/predict";
import type { Parts } from "./parts.ts";
import type { EdgeModel, OpenOptions } from "./types.ts";

export interface OpenedEngine {
  readonly session: Session;
  readonly engine: EdgeModel["engine"];
  /** Which columns each of the session's inputs holds. */
  readonly columns: ReadonlyMap<string, readonly string[]>;
}

/** @throws SlipwayError kernel-not-able with `engine: "kernel"`, edge-runtime-missing, runtime-load-failed */
export async function openEngine({ model, signature, manifest }: Pick<ModelPackage, "model" | "signature" | "manifest">, options: OpenOptions, parts: Parts): Promise<OpenedEngine> {
  const face = signature.layout === "tensors" ? { bytes: model, inputs: [] } : packedFace(model);
  const columns = new Map(face.inputs.map((i) => [i.name, i.columns]));
  const wish = options.engine ?? "auto";
  const runtime = async (reason: string): Promise<OpenedEngine> => ({ session: await parts.openRuntime(face.bytes, options.onnxruntime), engine: { name: "onnxruntime", reason }, columns });
  if (wish === "onnxruntime") return runtime("asked for");
  if (wish === "auto" && manifest.kernel !== KERNEL_VERSION) return runtime(signature.layout === "tensors" ? "the model takes tensors" : "the package does not say that the kernel was proven for it");
  const kernel = signature.layout === "tensors" ? undefined : openKernel(face.bytes);
  if (kernel !== undefined && !("operator" in kernel)) return { session: kernelSession(kernel), engine: { name: "kernel", reason: wish === "kernel" ? "asked for" : "proven when it was packed" }, columns };
  const reason = kernel === undefined ? "the model takes tensors, which the kernel does not" : `the kernel has no ${kernel.operator} of this kind: ${kernel.reason}`;
  if (wish === "kernel") throw predictError("kernel-not-able", reason, { hint: "Leave the engine to Slipway (auto), or ask for onnxruntime." });
  return runtime(reason);
}
