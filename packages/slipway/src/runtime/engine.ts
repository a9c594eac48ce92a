// Which engine serves a model: our own kernel where it understands the whole graph and was seen to answer as ONNX Runtime
// does, else ONNX Runtime. A package that was proven when it was packed needs no ONNX Runtime at all.

import { packedFace } from "@slipway/core/onnx";
import { kernelSession, predictError, type Session } from "@slipway/core/predict";
import type { ModelSource } from "./model.ts";
import type { Placement } from "./placement.ts";
import { openSession } from "./session.ts";

export const ENGINES = ["auto", "onnxruntime", "kernel"] as const;
/** `auto`: the kernel where it is proven. `kernel`: the kernel or an error; what was not proven is not checked then. `python`: what was opened for it (openPython). */
export type EngineWish = (typeof ENGINES)[number] | "python";

export interface EngineChoice {
  readonly name: "kernel" | "onnxruntime" | "python";
  /** Why this one. */
  readonly reason: string;
}
export interface EngineOptions {
  readonly engine?: EngineWish | undefined;
  readonly placement?: Placement | undefined;
  readonly providers?: readonly string[] | undefined;
  readonly instances?: number | undefined;
  /** What a model in Python prints, line by line; to standard error by default. */
  readonly printed?: ((line: string) => void) | undefined;
}
type OpenRuntime = (model: Uint8Array, columns: ReadonlyMap<string, readonly string[]>) => Promise<Session>;
export interface OpenedEngine {
  readonly session: Session;
  readonly engine: EngineChoice;
  /** Which columns each of the session's inputs holds. */
  readonly columns: ReadonlyMap<string, readonly string[]>;
}

/** @throws kernel-not-able with `engine: "kernel"`, and what openSession throws */
export async function openEngine(source: ModelSource, options: EngineOptions, openRuntime: OpenRuntime): Promise<OpenedEngine> {
  const { signature, manifest, python } = source;
  if (python !== undefined) {
    const { columnsByInput, openPythonSession } = await import("./python/index.ts");
    return { session: await openPythonSession(python, options.instances ?? 1, options.printed ?? ((line) => console.error(line))), engine: { name: "python", reason: "asked for" }, columns: columnsByInput(python) };
  }
  if (source.text !== undefined) {
    const columns = new Map([["slipway.strings", signature.columns.map((c) => c.name)]]);
    return { session: await openRuntime(source.model, columns), engine: { name: "onnxruntime", reason: "the model takes texts" }, columns };
  }
  // The same graph with few inputs instead of one a column: a quarter of the time a call on wide models.
  const face = signature.layout === "tensors" ? { bytes: source.model, inputs: [] } : packedFace(source.model);
  const columns = new Map(face.inputs.map((i) => [i.name, i.columns]));
  const wish = options.engine === undefined || options.engine === "python" ? "auto" : options.engine;
  const runtime = async (reason: string): Promise<OpenedEngine> => ({ session: await openRuntime(face.bytes, columns), engine: { name: "onnxruntime", reason }, columns });
  if (wish === "onnxruntime") return runtime("asked for");
  if (wish === "auto" && (options.placement === "thread" || options.placement === "process")) return runtime(`it is to run in another ${options.placement}`);
  if (wish === "auto" && options.providers !== undefined) return runtime("an execution provider was asked for");

  const unable = async (reason: string): Promise<OpenedEngine> => {
    if (wish === "kernel") throw predictError("kernel-not-able", reason, { hint: "Leave the engine to Slipway (auto), or ask for onnxruntime." });
    return runtime(reason);
  };
  if (signature.layout === "tensors") return unable("the model takes tensors, which the kernel does not");
  // Loaded when it is needed, as ONNX Runtime is.
  const { KERNEL_VERSION, openKernel } = await import("@slipway/core/kernel");
  const kernel = openKernel(face.bytes);
  if ("operator" in kernel) return unable(`the kernel has no ${kernel.operator} of this kind: ${kernel.reason}`);
  const own = kernelSession(kernel);
  if (wish === "kernel") return { session: own, engine: { name: "kernel", reason: "asked for" }, columns };
  if (manifest.kernel === KERNEL_VERSION) return { session: own, engine: { name: "kernel", reason: "proven when it was packed" }, columns };
  const { proveKernel } = await import("./kernel-proof.ts");
  const reference = await openSession(face.bytes);
  const differs = await proveKernel(kernel, own, reference, columns, signature, source.checks).finally(() => reference.close());
  if (differs !== undefined) return runtime(`the kernel differs in ${differs}`);
  return { session: own, engine: { name: "kernel", reason: "proven now" }, columns };
}

/** What a package says of this model: the kernel's version where it is proven. */
export async function provenKernel(source: ModelSource): Promise<number | undefined> {
  const { session, engine } = await openEngine(source, {}, (bytes) => openSession(bytes));
  await session.close();
  return engine.name === "kernel" ? (await import("@slipway/core/kernel")).KERNEL_VERSION : undefined;
}
