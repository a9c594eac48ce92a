// What flows between estimators: columns in blocks, each knowing which raw columns it depends on.
// The flows make the signature exact without running anything: a check that scikit-learn would make on an inner matrix
// (no NaN, no infinity, fits float32) is traced back to the raw columns that can violate it.

import type { Value } from "../../onnx/index.ts";
import type { Scalar } from "../../package/index.ts";
import { convertError } from "./errors.ts";

export interface Replacement {
  readonly from: Scalar | null;
  readonly to: Scalar;
}

/** How one raw column reaches one feature. */
export interface Flow {
  /** Index into the conversion's raw columns. */
  readonly column: number;
  /** A missing raw value makes this feature NaN or missing. */
  readonly missing: boolean;
  /** An infinite raw value makes this feature infinite. */
  readonly infinite: boolean;
  /** Where the feature is `a * x + b` of this column alone ([1, 0]: the raw value itself, also for strings). */
  readonly affine?: readonly [number, number];
  /** Raw values outside this closed range make the feature NaN or infinite (log1p, sqrt). */
  readonly finite?: readonly [number, number];
  /** Raw values outside this closed range make the feature infinite, and none makes it NaN (overflow of powers, of scaling). */
  readonly bounded?: readonly [number, number];
  /** What imputers before this have put in the place of raw values: of missing ones (null) or of a marker for them. */
  readonly replaced?: readonly Replacement[];
  /** A category that the encoder does not know makes this feature NaN. */
  readonly unknownMissing?: boolean;
}

export interface Feature {
  readonly name: string | null;
  readonly flows: readonly Flow[];
}

/** One raw column whose type is not settled yet. */
export interface RawBlock {
  readonly kind: "raw";
  readonly column: number;
  readonly features: readonly [Feature];
}
/** [N, width] of double, float, int64 or bool. */
export interface NumberBlock {
  readonly kind: "number";
  readonly value: Value;
  readonly features: readonly Feature[];
}
/** [N, width] of string; missing is MISSING_STRING. */
export interface StringBlock {
  readonly kind: "string";
  readonly value: Value;
  readonly features: readonly Feature[];
}
export type Block = RawBlock | NumberBlock | StringBlock;

export class Frame {
  readonly blocks: readonly Block[];
  readonly width: number;
  /** The first column of each block. */
  readonly #starts: readonly number[];
  #features: readonly Feature[] | undefined;
  constructor(blocks: readonly Block[]) {
    this.blocks = blocks;
    let width = 0;
    this.#starts = blocks.map((b) => (width += b.features.length) - b.features.length);
    this.width = width;
  }
  get features(): readonly Feature[] {
    return (this.#features ??= this.blocks.flatMap((b) => b.features));
  }
  /** The block that holds column j and j's place in it. */
  locate(j: number): readonly [Block, number] {
    if (!(j >= 0 && j < this.width)) throw convertError("malformed-model", `a step takes column ${j} of ${this.width}`);
    // The last block that starts at or before j: empty blocks start where the next one does.
    let low = 0;
    let high = this.blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#starts[middle]! <= j) low = middle;
      else high = middle - 1;
    }
    return [this.blocks[low]!, j - this.#starts[low]!];
  }
  static concat(frames: readonly Frame[]): Frame {
    return new Frame(frames.flatMap((f) => f.blocks));
  }
}

/** Flows of a feature that mixes several: no longer affine. */
export function mixFlows(features: readonly Feature[], changes: { clearMissing?: boolean; clearInfinite?: boolean } = {}): readonly Flow[] {
  const byColumn = new Map<number, { missing: boolean; infinite: boolean; finite: readonly [number, number] | undefined; bounded: readonly [number, number] | undefined; unknownMissing: boolean }>();
  // Features that a step made together share their flows: each list is read once.
  for (const flows of new Set(features.map((f) => f.flows))) {
    for (const flow of flows) {
      const seen = byColumn.get(flow.column);
      byColumn.set(flow.column, {
        missing: flow.missing || seen?.missing === true,
        infinite: flow.infinite || seen?.infinite === true,
        finite: bothRanges(seen?.finite, flow.finite),
        bounded: bothRanges(seen?.bounded, flow.bounded),
        unknownMissing: flow.unknownMissing === true || seen?.unknownMissing === true,
      });
    }
  }
  const keepMissing = changes.clearMissing !== true;
  return [...byColumn].map(([column, s]) => ({
    column,
    missing: s.missing && keepMissing,
    infinite: s.infinite && changes.clearInfinite !== true,
    ...(s.finite && keepMissing ? { finite: s.finite } : {}),
    ...(s.bounded && changes.clearInfinite !== true ? { bounded: s.bounded } : {}),
    ...(s.unknownMissing && keepMissing ? { unknownMissing: true } : {}),
  }));
}

/** What lies in both ranges; undefined stands for every number. */
function bothRanges(a: readonly [number, number] | undefined, b: readonly [number, number] | undefined): readonly [number, number] | undefined {
  return a && b ? [Math.max(a[0], b[0]), Math.min(a[1], b[1])] : (a ?? b);
}

/** The raw values that an affine flow takes into `range`. */
function rawRange(affine: readonly [number, number] | undefined, range: readonly [number, number]): readonly [number, number] | undefined {
  if (!affine || affine[0] === 0) return undefined;
  const [a, b] = affine;
  const ends = range.map((v) => (a === 1 && b === 0 ? v : (v - b) / a));
  return [Math.min(...ends), Math.max(...ends)];
}

/**
 * The same column after a step: `affine` composes where both are known; `finite` and `bounded` are ranges of the step's
 * input (see Flow). Clearing missing values (an imputer, or a check that refuses them) clears `finite` too.
 */
export function mapFeature(feature: Feature, change: FeatureChange = {}): Feature {
  return { name: change.name === undefined ? feature.name : change.name, flows: mapFlows(feature.flows, change) };
}
/** One change to many features; those that share their flows go on sharing them. */
export function mapFeatures(features: readonly Feature[], change: Omit<FeatureChange, "name">): readonly Feature[] {
  const mapped = new Map<Feature["flows"], Feature["flows"]>();
  return features.map(({ name, flows }) => {
    let after = mapped.get(flows);
    if (after === undefined) mapped.set(flows, (after = mapFlows(flows, change)));
    return { name, flows: after };
  });
}

export interface FeatureChange {
  readonly name?: string | null;
  readonly clearMissing?: boolean;
  readonly clearInfinite?: boolean;
  readonly affine?: readonly [number, number] | null;
  readonly replaced?: Replacement;
  readonly finite?: readonly [number, number];
  readonly bounded?: readonly [number, number] | undefined;
}

function mapFlows(flows: readonly Flow[], change: FeatureChange): readonly Flow[] {
  return flows.map((f) => {
    const [a, b] = change.affine ?? [1, 0];
    const affine = change.affine === null || f.affine === undefined ? undefined : ([f.affine[0] * a, f.affine[1] * a + b] as const);
    const keepMissing = change.clearMissing !== true;
    const replaced = change.replaced === undefined ? f.replaced : [...(f.replaced ?? []), change.replaced];
    const finite = keepMissing ? bothRanges(f.finite, change.finite && rawRange(f.affine, change.finite)) : undefined;
    const bounded = change.clearInfinite === true ? undefined : bothRanges(f.bounded, change.bounded && rawRange(f.affine, change.bounded));
    return {
      column: f.column,
      missing: f.missing && change.clearMissing !== true,
      infinite: f.infinite && change.clearInfinite !== true,
      ...(affine === undefined ? {} : { affine }),
      ...(finite === undefined ? {} : { finite }),
      ...(bounded === undefined ? {} : { bounded }),
      ...(f.unknownMissing && keepMissing ? { unknownMissing: true } : {}),
      ...(replaced === undefined ? {} : { replaced }),
    };
  });
}
