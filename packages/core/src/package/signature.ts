// The signature: which named, typed columns a model takes and which outputs it gives. Stored as signature.json.

import type { ElementType } from "../tensor/index.ts";
import type { Digest } from "./digests.ts";
import type { AudioInput } from "./audio-input.ts";
import type { PictureTask } from "./picture-task.ts";
import type { Forecasting } from "./forecasting.ts";

/** Stands for a missing value in a string tensor: U+FFFF is a noncharacter that no text file holds. Numbers use NaN. */
export const MISSING_STRING = "\uffff";

/** Beside its outputs a graph may tell rows it cannot answer: int64 [N], 0 or one more than an index into `rowChecks`. */
export const REFUSED_OUTPUT = "slipway.refused";

export type ColumnType = "double" | "int64" | "boolean" | "string";
export type Scalar = string | number | boolean;

/** In this order, as Python's str.lower and scikit-learn's strip_accents do. "md5_8": the digest's remainder by 8, written out. */
export type TextNormalization = "lowercase" | "strip_accents_unicode" | "strip_accents_ascii" | "catboost_hash" | `${Digest}_${number}`;

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  /** False: the file knows the column (it was there when the model was fitted) but no prediction depends on it. */
  readonly used: boolean;
  /** Whether a row may leave it out or send null or NaN, and if not, why. */
  readonly missing: "allowed" | "refused";
  readonly missingReason?: string;
  /** Whether plus or minus infinity is taken. */
  readonly infinite: "allowed" | "refused";
  /** Numbers beyond these are refused by the source library (for example float32 overflow in trees). */
  readonly limits?: readonly [number, number];
  /** The categories the model knows. */
  readonly categories?: readonly Scalar[];
  /** What happens to any other category. */
  readonly unknown?: "refused" | "allowed";
  /** What every value of the check file was, or of the training rows where there is none; a prediction may still send anything that `type` takes. */
  readonly seen?: ColumnType;
  /** Lowest and highest value of these rows. */
  readonly range?: readonly [number, number];
  readonly example?: Scalar | null;
  /** A text column that also takes whole numbers (and true and false as 1 and 0), as their decimal text. */
  readonly wholeNumbers?: boolean;
  /** Done to a text by the runtime before the graph sees it. */
  readonly normalize?: readonly TextNormalization[];
}

export const IMAGE_FILTERS = ["nearest", "box", "bilinear", "hamming", "bicubic", "lanczos"] as const;
export type ImageFilter = (typeof IMAGE_FILTERS)[number];

/** How pictures become a tensor, as it was done where the model was trained; with Pillow's filters. */
export interface ImageInput {
  /**
   * Before the tensor's size is cut out of the middle: `stretch` to `size` (the tensor's by default), `shortest` makes the
   * shorter edge `size[0]` pixels long and keeps the ratio, `crop` cuts out as much as has the tensor's ratio and resizes that,
   * `pad` keeps all and fills the rest (see `fill`), `none` takes the pixels as they are.
   */
  readonly resize: "stretch" | "shortest" | "crop" | "pad" | "none";
  /** [height, width] in pixels; of `shortest` [edge], or [edge, the most that the longer edge may have]. */
  readonly size?: readonly number[];
  /** Of `shortest`: edges are cut down to a multiple of it, as YOLOS has them. */
  readonly multiple?: number;
  /** The byte that `pad` fills with; 0, black, by default. */
  readonly fill?: number;
  readonly filter: ImageFilter;
  readonly order: "rgb" | "bgr";
  /** value = (byte * scale - mean) / std, for tensors of floats; one number, or one a channel. */
  readonly scale: number;
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** An input of a model that takes tensors as they are. */
export interface TensorInput {
  /** As in the graph. */
  readonly name: string;
  readonly type: ElementType;
  /** -1: any size. A text names a size that is the same wherever the name stands. */
  readonly shape: readonly (number | string)[];
  /** The least size of each dimension, 0 where there is none: below it a window of the model has no room. */
  readonly least?: readonly number[];
  /** Any number of dimensions from 1 to ANY_RANK will do, the same for all such inputs; `shape` is one of them. */
  readonly anyRank?: true;
  readonly image?: ImageInput;
  readonly audio?: AudioInput;
}
export const ANY_RANK = 5;

/** An int64 input of the graph that the runtime makes of others, element by element, as TensorFlow puts texts into buckets. */
export interface HashedTensor {
  /** As in the graph. */
  readonly name: string;
  /** Of `tensors`, all of one shape. Numbers are hashed as their decimal text, but for `crossed`, which takes them as they are. */
  readonly of: readonly string[];
  readonly method: "farmhash64" | "siphash24" | "crossed";
  /** For siphash24: two numbers of 64 bits. */
  readonly key?: readonly [string, string];
  readonly buckets: number;
}

/**
 * What the first dimension of every tensor is: `independent` rows, which may be cut and joined; rows that are computed
 * `together`, as they may depend on each other; `one` row a call; or nothing of the kind (`none`).
 */
export type TensorRows = "independent" | "together" | "one" | "none";

export type OutputKind = "label" | "probabilities" | "score" | "value" | "transformed" | "mask";

export interface Output {
  /** What users see: label, probabilities, score, score_samples, value, transformed. */
  readonly name: string;
  /** Its name in the ONNX graph, which differs only where a column has the same name. */
  readonly graphName: string;
  readonly kind: OutputKind;
  readonly type: ElementType;
  /** Per row: [] for one number or label, [C] for C of them. */
  readonly rowShape: readonly number[];
  /** It has as many dimensions as the inputs make it; `rowShape` is one case. */
  readonly anyRank?: true;
  /** Names of the C entries: classes of probabilities and scores, targets, features out. */
  readonly columns?: readonly Scalar[];
  /** The labels a label output can take. */
  readonly classes?: readonly Scalar[];
  /** Its texts are JSON: answers in JSON hold the values. */
  readonly json?: true;
}

/** A graph input that is not asked of users: a column's text once more, normalised in another way. */
export interface TextInput {
  readonly name: string;
  readonly column: string;
  readonly normalize: readonly TextNormalization[];
}

export interface Signature {
  /**
   * `columns`: one graph input [N, 1] per used column. `matrix`: one input [N, F]. `text`: one string input [N, 1].
   * `tensors`: the inputs in `tensors`, of any shape; there are no columns.
   */
  readonly layout: "columns" | "matrix" | "text" | "tensors";
  /** The graph's input for `matrix`. */
  readonly matrixName?: string;
  readonly tensors?: readonly TensorInput[];
  readonly hashedTensors?: readonly HashedTensor[];
  /** In the other layouts rows are independent unless it says `together`. */
  readonly tensorRows?: TensorRows;
  readonly columns: readonly Column[];
  readonly textInputs?: readonly TextInput[];
  /** How many numbers the model works with for one row, where that is far more than it is given (texts). */
  readonly rowCells?: number;
  /** Columns not listed here: some models ignore them, others refuse them. */
  readonly extraColumns: "ignored" | "refused";
  readonly outputs: readonly Output[];
  /** Of a model of pictures: what the runtime makes of the graph's answer. */
  readonly task?: PictureTask;
  /** Why the graph refuses a row, where it does (REFUSED_OUTPUT). */
  readonly rowChecks?: readonly string[];
  /** Of a model that forecasts: how its columns come from the history of a series. */
  readonly forecast?: Forecasting;
}
