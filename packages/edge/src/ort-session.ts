// onnxruntime-web behind the interface that every engine has. Loaded only for models that our own kernel does not take.
// The plain WebAssembly build: those for WebGPU know no operators of classical machine learning (ai.onnx.ml).

import { predictError, refuseNul, type EngineTensor, type EngineType, type Session } from "@slipway/core/predict";
import { edgeError } from "./errors.ts";

/** What is used of onnxruntime-web. */
interface Ort {
  readonly env: { logLevel?: string; readonly wasm: { numThreads?: number; wasmPaths?: unknown } };
  readonly Tensor: new (type: string, data: unknown, dims: readonly number[]) => EngineTensor;
  readonly InferenceSession: {
    create(model: Uint8Array, options: object): Promise<{
      readonly inputMetadata: readonly { readonly name: string; readonly isTensor: boolean; readonly type?: string }[];
      readonly outputNames: readonly string[];
      run(feeds: Readonly<Record<string, EngineTensor>>, outputs: readonly string[]): Promise<Readonly<Record<string, EngineTensor>>>;
      release(): Promise<void>;
    }>;
  };
}

const DEFAULT = "onnxruntime-web/wasm";

export async function openOrtSession(model: Uint8Array, address: string = DEFAULT): Promise<Session> {
  let ort: Ort;
  try {
    ort = (await import(/* @vite-ignore */ /* webpackIgnore: true */ address)) as Ort;
  } catch (cause) {
    throw edgeError("edge-runtime-missing", `ONNX Runtime could not be loaded from ${JSON.stringify(address)}: ${firstLine(cause)}`, { hint: "The model needs it. Run `npm install onnxruntime-web`, or name the address of its ES module (`onnxruntime`).", cause });
  }
  ort.env.logLevel = "fatal";
  // Threads need shared memory, which a page has only with the headers COOP and COEP.
  if (globalThis.crossOriginIsolated !== true) ort.env.wasm.numThreads = 1;
  let session: Awaited<ReturnType<Ort["InferenceSession"]["create"]>>;
  try {
    session = await ort.InferenceSession.create(model, { executionProviders: ["wasm"], graphOptimizationLevel: "all", logSeverityLevel: 4 });
  } catch (cause) {
    throw predictError("runtime-load-failed", `ONNX Runtime does not accept the model: ${firstLine(cause)}`, { cause });
  }
  return {
    inputs: session.inputMetadata.map((m) => ({ name: m.name, type: (m.isTensor ? m.type : "string") as EngineType })),
    outputNames: session.outputNames,
    async run(feeds, outputs) {
      const tensors: Record<string, EngineTensor> = {};
      for (const [name, { type, data, dims }] of Object.entries(feeds)) {
        if (type === "string") refuseNul(data as string[]);
        tensors[name] = new ort.Tensor(type, data, dims);
      }
      try {
        return await session.run(tensors, outputs);
      } catch (cause) {
        throw predictError("runtime-failed", `the model could not be computed: ${firstLine(cause)}`, { cause });
      }
    },
    close: () => session.release(),
  };
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n", 1)[0]!.slice(0, 300);
}
