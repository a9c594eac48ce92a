// sklearn.preprocessing.OneHotEncoder, scikit-learn 1.0 to 1.9, with drop and infrequent categories (1.1).
// The columns of the output that stand for one category are an equality of category numbers; the infrequent column is
// whatever of its group is left, so that unknown values fall into it exactly where scikit-learn puts them.

import { NumpyArray, NumpyScalar, PyGlobal, arrayInt64, arrayValues, type PyValue } from "../../../pickle/index.ts";
import type { ElementType } from "../../../tensor/index.ts";
import { defineEstimator, type EstimatorConverter } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import { describe, type Estimator } from "../../conversion/estimator.ts";
import { mixFlows, type Feature } from "../../conversion/frame.ts";
import { categoryIds, declareAll, readCategories, type Categories } from "./categories.ts";

/** How one input column is encoded. */
interface Plan {
  /** Categories with an output column of their own, in order; -1 where the infrequent column stands. */
  readonly outputs: readonly number[];
  /** Categories that the infrequent column stands for. */
  readonly infrequent: readonly number[];
  readonly unknownIsInfrequent: boolean;
}

export const oneHotEncoder: EstimatorConverter = defineEstimator({
  names: ["sklearn.OneHotEncoder"],
  convert(est, X, c) {
    const handle = est.string("handle_unknown", "error");
    if (!["error", "ignore", "infrequent_if_exist", "warn"].includes(handle)) throw c.refuse(est, `handle_unknown=${JSON.stringify(handle)}`, "no release has it");
    const columns = readCategories(est, X, c);
    declareAll(est, X, c, columns, handle === "error" ? "refused" : "allowed");
    const type = outputType(est, c);
    const plans = readPlans(est, c, columns, handle);
    return {
      kind: "transformer",
      transform: memo(() => {
        const { ids, place, id } = categoryIds(X, c, columns);
        const cells = plans.flatMap((plan, j) => plan.outputs.map((k) => ({ j, k, plan })));
        if (cells.length === 0) throw c.malformed(est, "it has no output columns");
        // One comparison a category; several columns are summed for a group of infrequent ones.
        const compared = cells.flatMap(({ j, k, plan }) => (k >= 0 ? [[j, k] as const] : groupMembers(plan, columns[j]!).map((m) => [j, m] as const)));
        const equal = c.o.equal(
          c.o.columns(ids, compared.map(([j]) => place[j]!)),
          c.o.int64s(compared.map(([j, k]) => id(j, k)), [1, compared.length]),
        );
        const features: Feature[] = cells.map(({ j, k }) => {
          const input = X.features[j]!;
          return {
            name: input.name === null ? null : `${input.name}_${k >= 0 ? columns[j]!.texts[k]! : "infrequent_sklearn"}`,
            flows: mixFlows([input], { clearMissing: true, clearInfinite: true }),
          };
        });
        if (cells.every(({ k }) => k >= 0)) return c.frame(c.o.cast(equal, type), features);
        // [comparisons, outputs]: 1 for a category, for the infrequent column the sum of its group or 1 minus the others.
        const width = cells.length;
        const mix = new Float64Array(compared.length * width);
        const constant = new Float64Array(width);
        let row = 0;
        cells.forEach(({ k, j, plan }, out) => {
          const members = k >= 0 ? 1 : groupMembers(plan, columns[j]!).length;
          const complement = k < 0 && plan.unknownIsInfrequent;
          if (complement) constant[out] = 1;
          for (let m = 0; m < members; m++) mix[(row + m) * width + out] = complement ? -1 : 1;
          row += members;
        });
        const sums = c.o.matmul(c.o.cast(equal, "double"), c.o.doubles(mix, [compared.length, width]));
        return c.frame(c.o.cast(c.o.add(sums, c.o.doubles(constant, [1, width])), type), features);
      }),
    };
  },
});

/** The categories compared for the infrequent column: its own, or (where unknown values join them) all the others. */
function groupMembers(plan: Plan, column: Categories): readonly number[] {
  if (!plan.unknownIsInfrequent) return plan.infrequent;
  const group = new Set(plan.infrequent);
  return column.keys.flatMap((_, k) => (group.has(k) ? [] : [k]));
}

function readPlans(est: Estimator, c: Conversion, columns: readonly Categories[], handle: string): Plan[] {
  const infrequent = est.has("_infrequent_indices") ? perColumn(est, c, "_infrequent_indices", columns.length) : undefined;
  const drop = dropIndices(est, c, columns.length);
  return columns.map((column, j) => {
    const group = infrequent?.[j] instanceof NumpyArray ? Array.from(arrayInt64(infrequent[j]), Number) : [];
    if (group.some((k) => k < 0 || k >= column.keys.length)) throw c.malformed(est, "an infrequent category is out of range");
    const inGroup = new Set(group);
    const outputs = column.keys.flatMap((_, k) => (inGroup.has(k) ? [] : [k]));
    if (group.length > 0) outputs.push(-1);
    const dropped = drop[j];
    if (dropped !== undefined) {
      if (!(dropped >= 0 && dropped < outputs.length)) throw c.malformed(est, `the dropped category ${dropped} of column ${j} is out of range`);
      outputs.splice(dropped, 1);
    }
    // "warn" came in 1.6 and left the row of an unknown category at zero until 1.8.
    return { outputs, infrequent: group, unknownIsInfrequent: group.length > 0 && (handle === "infrequent_if_exist" || (handle === "warn" && est.versionAtLeast(1, 8))) };
  });
}

/** Which output is dropped, after grouping: `drop_idx_` said so until 1.2, where `_drop_idx_after_grouping` does. */
function dropIndices(est: Estimator, c: Conversion, width: number): (number | undefined)[] {
  const attribute = est.has("_drop_idx_after_grouping") ? "_drop_idx_after_grouping" : "drop_idx_";
  if (est.isNone(attribute)) return Array.from({ length: width }, () => undefined);
  return perColumn(est, c, attribute, width).map((v) => {
    const k = v instanceof NumpyScalar ? v.value : v;
    if (k === null) return undefined;
    if (typeof k !== "bigint" && typeof k !== "number") throw c.malformed(est, `${attribute} holds ${describe(k)}`);
    return Number(k);
  });
}

function perColumn(est: Estimator, c: Conversion, attribute: string, width: number): readonly PyValue[] {
  const v = est.need(attribute);
  const items = v instanceof NumpyArray ? arrayValues(v) : est.list(attribute);
  if (items.length !== width) throw c.malformed(est, `${attribute} has ${items.length} entries for ${width} columns`);
  return items;
}

/** `dtype`: what matters is only whether sums after it are done in float32. */
export function outputType(est: Estimator, c: Conversion): ElementType {
  const name = dtypeName(est.raw("dtype"));
  if (name === undefined || /^(float64|double|float|int|int64|uint8|int8|int32|uint16|int16|uint32|uint64|intp|bool|bool_)$/.test(name)) return "double";
  if (name === "float32") return "float";
  throw c.refuse(est, `dtype=${name}`, "only integer, float32 and float64 outputs are compiled");
}
function dtypeName(v: PyValue | undefined): string | undefined {
  if (v instanceof PyGlobal) return v.name;
  if (typeof v === "string") return v;
  if (v !== null && typeof v === "object" && "kind" in v && "itemSize" in v) return v.kind === "f" ? `float${Number(v.itemSize) * 8}` : "int";
  return undefined;
}
