// The types of slipway-native.js, which opens a package in React Native.

/** How the model answered its own checked rows on this device. */
export interface Check {
  readonly passed: boolean;
  readonly rows: number;
  readonly rowsBeyond: number;
  readonly labelFlips: number;
  readonly maxAbs: number;
  readonly ms: number;
}

/** In the place of a bad row, where `onInvalid` is "rows". */
export interface RowError {
  readonly error: { readonly code: string; readonly message: string };
}

export interface Options {
  /** `refuse` (the default): a model that does not answer its own checked rows is not loaded. `report` loads and tells; `skip` does not ask. */
  readonly checks?: "refuse" | "report" | "skip" | undefined;
  /** Of ONNX Runtime: `["cpu"]` by default. Others may answer otherwise; the checked rows tell. */
  readonly executionProviders?: readonly string[] | undefined;
}

export interface PredictOptions {
  /** Names of the outputs to compute; all of them by default. */
  readonly outputs?: readonly string[] | undefined;
  /** What becomes of a call with bad rows. */
  readonly onInvalid?: "throw" | "rows" | undefined;
}

/** Four bytes a pixel: red, green, blue, alpha. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** A WAV file's bytes, or samples of -1 to 1 with their rate. */
export type Sound = Uint8Array | { readonly rate: number; readonly samples: Float32Array };

export interface Model<Input, Answer> {
  readonly name: string;
  readonly version: string;
  /** sha256:... of the package. */
  readonly digest: string;
  readonly engine: { readonly name: "kernel" | "onnxruntime"; readonly reason: string };
  /** Null where the package has no checked rows, or they were not asked for. */
  readonly check: Check | null;
  predict(input: Input, options: PredictOptions & { readonly onInvalid: "rows" }): Promise<(Answer | RowError)[]>;
  predict<Name extends keyof Answer>(input: Input, options: PredictOptions & { readonly outputs: readonly Name[] }): Promise<Pick<Answer, Name>[]>;
  predict(input: Input, options?: PredictOptions): Promise<Answer[]>;
  /** One row a picture, for models of pictures; of a detector also `score` and `most`. */
  predictImage(pictures: Picture | readonly Picture[], options?: { readonly resize?: "stretch" | "crop" | "pad"; readonly order?: "rgb" | "bgr"; readonly scale?: number; readonly mean?: readonly number[]; readonly std?: readonly number[]; readonly score?: number; readonly most?: number } & PredictOptions): Promise<Answer[]>;
  /** One row a sound, for models of sounds. */
  predictSound(sounds: Sound | readonly Sound[], options?: PredictOptions): Promise<Answer[]>;
  close(): Promise<void>;
}

/** What onnxruntime-react-native exports. */
export interface Runtime {
  readonly Tensor: new (...args: never[]) => object;
  readonly InferenceSession: { create(model: Uint8Array, options?: object): Promise<object> };
}

/** @param data the package, in base64 */
export declare function open<Input, Answer>(data: string, options?: Options & { readonly digest?: string; readonly engine?: "kernel"; readonly runtime?: Runtime }): Promise<Model<Input, Answer>>;
