// sklearn.preprocessing.PolynomialFeatures: products of columns, built degree by degree as its dense transform does, each
// from a column and a product of one degree less. Order of the outputs: `_combinations`, by degree, then lexicographic.

import type { Value } from "../../../onnx/index.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import { toList, toNumber, type Estimator } from "../../conversion/estimator.ts";
import { mapFeature, mixFlows, type Feature, type Frame } from "../../conversion/frame.ts";

const MAX_OUTPUTS = 200_000;

export const polynomialFeatures: EstimatorConverter = defineEstimator({
  names: ["sklearn.PolynomialFeatures"],
  convert(est, X, c) {
    const [low, high] = degrees(est, c);
    const interactionOnly = est.bool("interaction_only", false);
    const bias = est.bool("include_bias", true);
    const width = est.int("n_features_in_", est.int("n_input_features_", X.width));
    if (width !== X.width) throw c.malformed(est, `it was fitted on ${width} columns, the step before it gives ${X.width}`);
    const input = c.checkArray(X, est);
    const levels = combinations(est, c, width, high, interactionOnly);
    return { kind: "transformer", transform: memo(() => expand(c, input, levels, Math.max(low, 1), bias)) };
  },
});

function degrees(est: Estimator, c: Conversion): readonly [number, number] {
  const raw = est.raw("degree");
  const isNumber = typeof raw === "bigint" || typeof raw === "number";
  const [low, high] = isNumber ? [0, Number(raw)] : toList(est.need("degree"), `${est.path}.degree`).map((v) => toNumber(v, `${est.path}.degree`));
  if (low === undefined || high === undefined || !Number.isInteger(low) || !Number.isInteger(high) || low < 0 || high < low || high > 100) {
    throw c.malformed(est, "degree is neither a number nor (lowest, highest)");
  }
  return [low, high];
}

/** The products of degree 1, 2 ... as index tuples. */
function combinations(est: Estimator, c: Conversion, width: number, degree: number, interactionOnly: boolean): number[][][] {
  const levels: number[][][] = [];
  let total = 0;
  for (let d = 1; d <= degree; d++) {
    const previous = levels.at(-1);
    const level: number[][] = [];
    for (let first = 0; first < width; first++) {
      if (!previous) level.push([first]);
      else for (const tail of previous) if (tail[0]! > first || (tail[0] === first && !interactionOnly)) level.push([first, ...tail]);
      if (total + level.length > MAX_OUTPUTS) throw c.refuse(est, `degree=${degree} of ${width} columns`, `it makes more than ${MAX_OUTPUTS} columns`);
    }
    total += level.length;
    levels.push(level);
    if (level.length === 0) break;
  }
  return levels;
}

function expand(c: Conversion, X: Frame, levels: readonly (readonly number[][])[], low: number, bias: boolean): Frame {
  const x = c.numbers(X);
  const parts: Value[] = [];
  const features: Feature[] = [];
  if (bias) {
    parts.push(c.o.add(c.o.mul(c.o.columns(x, [0]), 0), 1));
    features.push({ name: "1", flows: [] });
  }
  let previous: Value | undefined;
  let places = new Map<string, number>();
  levels.forEach((level, i) => {
    if (level.length === 0) return;
    const value: Value = previous === undefined
      ? x
      : c.o.mul(c.o.columns(previous, level.map(([, ...tail]) => places.get(tail.join())!)), c.o.columns(x, level.map(([first]) => first!)));
    previous = value;
    places = new Map(level.map((combination, place) => [combination.join(), place]));
    if (i + 1 < low) return;
    parts.push(value);
    for (const combination of level) features.push(productFeature(X, combination));
  });
  if (parts.length === 0) return c.frame(c.o.columns(x, []), []);
  return c.frame(c.o.concat(parts), features);
}

function productFeature(X: Frame, combination: readonly number[]): Feature {
  const powers = new Map<number, number>();
  for (const j of combination) powers.set(j, (powers.get(j) ?? 0) + 1);
  const members = [...powers].map(([j, power]) => ({ feature: X.features[j]!, power }));
  const name = members.some(({ feature }) => feature.name === null)
    ? null
    : members.map(({ feature, power }) => (power === 1 ? feature.name : `${feature.name}^${power}`)).join(" ");
  const only = members.length === 1 ? members[0]! : undefined;
  if (only?.power === 1) return only.feature;
  if (only) {
    const limit = Number.MAX_VALUE ** (1 / only.power);
    return mapFeature(only.feature, { name, affine: null, bounded: [-limit, limit] });
  }
  return { name, flows: mixFlows(members.map(({ feature }) => feature)) };
}
