// The only user of onnxruntime-node. It is imported when the first session is made, so that commands which never
// predict do not pay for it, and a failed import is explained.
// A session runs on the thread that calls it: `run` blocks the event loop for as long as the model runs.

import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { predictError, refuseNul, type EngineTensor, type EngineType, type Session } from "@slipway/core/predict";
import { runtimeError } from "./errors.ts";
import { sessionThreads } from "./threads.ts";

type Ort = typeof import("onnxruntime-node");
let loading: Promise<Ort> | undefined;

/** Starts the import early, beside other work; a failure is reported by the first `openSession`. */
export function preloadEngine(): void {
  loadOrt().catch(() => undefined);
}

async function loadOrt(): Promise<Ort> {
  loading ??= import("onnxruntime-node").then((m) => ((m as unknown as { default?: Ort }).default ?? m));
  try {
    return await loading;
  } catch (cause) {
    loading = undefined;
    throw runtimeError("runtime-missing", `ONNX Runtime could not be loaded: ${firstLine(cause)}`, {
      hint: "Run `npm install onnxruntime-node --ignore-scripts` (its install script fetches GPU files that are not needed). "
        + `The package holds libraries for Linux, macOS and Windows on x64 and arm64; this is ${process.platform} on ${process.arch}`
        + (process.platform === "linux" ? ", and it needs glibc 2.28 or later (not musl)." : "."),
      cause,
    });
  }
}

export interface SessionOptions {
  /** Threads inside one operator; by default 1 for small models, else the processors this process may use. */
  readonly threads?: number | undefined;
  /** Execution providers of ONNX Runtime in the order of preference; `cpu` takes what the others do not. */
  readonly providers?: readonly string[] | undefined;
}

/** By default products with dequantized weights round what they are multiplied with to 8 bits; 1 leaves it in float. */
const EXACT_PRODUCTS = { session: { qdq_matmulnbits_accuracy_level: "1" } };

export async function openSession(model: Uint8Array, options: SessionOptions = {}): Promise<Session> {
  const ort = await loadOrt();
  let session: InferenceSession;
  try {
    session = await ort.InferenceSession.create(model, {
      executionProviders: [...(options.providers ?? ["cpu"])],
      graphOptimizationLevel: "all",
      executionMode: "sequential",
      intraOpNumThreads: options.threads ?? sessionThreads(model.byteLength),
      interOpNumThreads: 1,
      extra: EXACT_PRODUCTS,
      // Its log would repeat, past our own log, what the error says, with names from the file in it.
      logSeverityLevel: 4,
    });
  } catch (cause) {
    if (/execution provider|backend not found|no available backend/i.test(firstLine(cause)) || (options.providers ?? ["cpu"]).some((p) => p !== "cpu")) {
      throw runtimeError("provider-unavailable", `ONNX Runtime could not load the model with ${(options.providers ?? ["cpu"]).join(", ")}: ${firstLine(cause)}`, { hint: "Leave the provider out to use the processor, or install its libraries.", cause });
    }
    throw predictError("runtime-load-failed", `ONNX Runtime does not accept the model: ${firstLine(cause)}`, { cause });
  }
  const { Tensor } = ort;
  const runOptions: InferenceSession.RunOptions = { logSeverityLevel: 4 };
  return {
    inputs: session.inputMetadata.map((m) => ({ name: m.name, type: (m.isTensor ? m.type : "string") as EngineType })),
    outputNames: session.outputNames,
    async run(feeds, outputs) {
      const tensors: Record<string, OrtTensor> = {};
      for (const name in feeds) {
        const { type, data, dims } = feeds[name]!;
        if (type === "string") refuseNul(data as string[]);
        // Tensor would make a Float16Array of the bits, of which the engine's binding copies nothing (1.30).
        tensors[name] = type === "float16" ? ({ type, data, dims, location: "cpu" } as unknown as OrtTensor) : new Tensor(type as "float64", data as Float64Array, dims);
      }
      try {
        return (await session.run(tensors, outputs, runOptions)) as unknown as Record<string, EngineTensor>;
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
