// What flows between estimators: columns in blocks, each knowing which raw columns it depends on.
// The flows make the signature exact without running anything: a check that scikit-learn would make on an inner matrix
// (no NaN, no infinity, fits float32) is traced back to the raw columns that can violate it.

import type { Value } from "../../onnx/index.ts";

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
  constructor(blocks: readonly Block[]) {
    this.blocks = blocks;
    this.width = blocks.reduce((n, b) => n + b.features.length, 0);
  }
  get features(): readonly Feature[] {
    return this.blocks.flatMap((b) => b.features);
  }
  /** The block that holds column j and j's place in it. */
  locate(j: number): readonly [Block, number] {
    let at = j;
    for (const b of this.blocks) {
      if (at < b.features.length) return [b, at];
      at -= b.features.length;
    }
    throw new RangeError(`column ${j} of a frame of width ${this.width}`);
  }
  static concat(frames: readonly Frame[]): Frame {
    return new Frame(frames.flatMap((f) => f.blocks));
  }
}

/** Flows of a feature that mixes several: no longer affine. */
export function mixFlows(features: readonly Feature[], changes: { clearMissing?: boolean; clearInfinite?: boolean } = {}): readonly Flow[] {
  const byColumn = new Map<number, { missing: boolean; infinite: boolean }>();
  for (const f of features) {
    for (const flow of f.flows) {
      const seen = byColumn.get(flow.column) ?? { missing: false, infinite: false };
      byColumn.set(flow.column, { missing: seen.missing || flow.missing, infinite: seen.infinite || flow.infinite });
    }
  }
  return [...byColumn].map(([column, s]) => ({
    column,
    missing: s.missing && changes.clearMissing !== true,
    infinite: s.infinite && changes.clearInfinite !== true,
  }));
}

/** The same column after a step: `affine` composes where both are known. */
export function mapFeature(
  feature: Feature,
  change: { name?: string | null; clearMissing?: boolean; clearInfinite?: boolean; affine?: readonly [number, number] | null } = {},
): Feature {
  return {
    name: change.name === undefined ? feature.name : change.name,
    flows: feature.flows.map((f) => {
      const [a, b] = change.affine ?? [1, 0];
      const affine = change.affine === null || f.affine === undefined ? undefined : ([f.affine[0] * a, f.affine[1] * a + b] as const);
      return {
        column: f.column,
        missing: f.missing && change.clearMissing !== true,
        infinite: f.infinite && change.clearInfinite !== true,
        ...(affine === undefined ? {} : { affine }),
      };
    }),
  };
}
