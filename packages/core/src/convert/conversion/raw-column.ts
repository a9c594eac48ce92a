// The columns as the model's caller gives them: what is known of each, and where they come from.

import type { Value } from "../../onnx/index.ts";
import type { Scalar, TextNormalization } from "../../package/index.ts";

/** What is known of one raw column; filled in while the estimators are converted, turned into the signature at the end. */
export interface RawColumn {
  readonly name: string;
  kind: "number" | "string" | undefined;
  missing: "allowed" | "refused";
  missingReason?: string;
  infinite: "allowed" | "refused";
  limits: [number, number];
  categories: Scalar[] | undefined;
  unknown: "refused" | "allowed" | undefined;
  used: boolean;
  /** A text column that also takes whole numbers, as their decimal text. */
  wholeNumbers?: boolean;
  /** What the runtime does to a text before the graph sees it (normalize-text.ts in package/). */
  normalize?: readonly TextNormalization[];
}

/** Where raw columns come from, if not from entries whose inputs are settled at the end: inputs that the caller asked for. */
export interface RawSource {
  /** These columns as [N, n], cast to double or string. */
  readonly pick: (columns: readonly number[], kind: "number" | "string") => Value;
}
