// ONNX Runtime's JavaScript interface (onnxruntime-common: the same of onnxruntime-web and onnxruntime-react-native) behind the
// interface that every engine has.

import { predictError, refuseNul, type EngineTensor, type EngineType, type Session } from "@slipway/core/predict";

/** What is used of it. */
export interface Ort {
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

/** By default products with dequantized weights round what they are multiplied with to 8 bits; 1 leaves it in float. */
const EXACT_PRODUCTS = { session: { qdq_matmulnbits_accuracy_level: "1" } };

/** @throws SlipwayError runtime-load-failed */
export async function openOrtSession(ort: Ort, model: Uint8Array, executionProviders: readonly string[]): Promise<Session> {
  let session: Awaited<ReturnType<Ort["InferenceSession"]["create"]>>;
  try {
    session = await ort.InferenceSession.create(model, { executionProviders, graphOptimizationLevel: "all", logSeverityLevel: 4, extra: EXACT_PRODUCTS });
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

export function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split("\n", 1)[0]!.slice(0, 300);
}
