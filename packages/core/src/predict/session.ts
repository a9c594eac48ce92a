// What every engine looks like from outside: named tensors in, named tensors out.

export type EngineType =
  | "float64" | "float32" | "float16" | "int64" | "int32" | "int16" | "int8" | "uint64" | "uint32" | "uint16" | "uint8" | "string" | "bool";
/** 16-bit floats are their bits. */
export type EngineData =
  | Float64Array | Float32Array | BigInt64Array | BigUint64Array | Int32Array | Int16Array | Int8Array | Uint32Array | Uint16Array | Uint8Array | string[];
export interface EngineTensor {
  readonly type: string;
  readonly dims: readonly number[];
  readonly data: EngineData;
}
export interface EngineInput {
  readonly name: string;
  readonly type: EngineType;
}

export interface Session {
  readonly inputs: readonly EngineInput[];
  readonly outputNames: readonly string[];
  /** Calls that are computed at the same time; 1 where it says nothing. */
  readonly concurrency?: number;
  run(feeds: Readonly<Record<string, EngineTensor>>, outputs: readonly string[]): Promise<Readonly<Record<string, EngineTensor>>>;
  /** The same at once, where the engine can. */
  runSync?(feeds: Readonly<Record<string, EngineTensor>>, outputs: readonly string[]): Readonly<Record<string, EngineTensor>>;
  close(): Promise<void>;
}

/** Whether two shapes are the same from this dimension on. */
export function sameDims(a: readonly number[], b: readonly number[], from = 0): boolean {
  if (a.length !== b.length) return false;
  for (let i = from; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
