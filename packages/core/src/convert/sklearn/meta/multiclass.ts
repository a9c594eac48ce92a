// OneVsRestClassifier, OneVsOneClassifier and OutputCodeClassifier (sklearn.multiclass), over estimators of two classes.

import type { Value } from "../../../onnx/index.ts";
import { defineEstimator, type EstimatorConverter, type Fitted } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import type { Estimator } from "../../conversion/estimator.ts";
import type { Frame } from "../../conversion/frame.ts";
import { repeatedRow, flat } from "../../conversion/algebra.ts";
import { encodedLabels } from "../ensemble/votes.ts";
import { memberValue } from "./voting.ts";

export const oneVsRestClassifier: EstimatorConverter = defineEstimator({
  names: ["sklearn.OneVsRestClassifier"],
  convert(est, X, c) {
    const members = readMembers(est, X, c);
    const binarizer = est.estimator("label_binarizer_");
    const kind = binarizer.string("y_type_");
    if (!["binary", "multiclass", "multilabel-indicator", "multilabel-sequences"].includes(kind)) throw c.refuse(est, `a target of type ${kind}`, "it is not known");
    const known = binarizer.labels();
    const several = kind.startsWith("multilabel");
    const classes = several ? members.map(() => encodedLabels(2)) : [known];
    const expected = kind === "binary" ? 1 : known.values.length;
    if (members.length !== expected) throw c.malformed(est, `it has ${members.length} estimators for ${known.values.length} classes`);

    const scores = memo(() => c.o.concat(members.map((m) => c.o.unsqueeze(m.score(), 1))));
    const predict = memo(() => {
      if (kind === "multiclass") {
        if (est.versionAtLeast(1, 8)) return c.o.argmax(scores(), 1);
        // Up to 1.7 the last of equal scores won.
        return c.graph.op("ArgMax", [scores()], { axis: 1, keepdims: 0, select_last_index: 1 });
      }
      const hits = c.o.cast(c.o.greater(scores(), members[0]!.threshold), "int64");
      return several ? hits : c.o.squeeze(hits, 1);
    });
    const proba = memo(() => {
      const positive = c.o.concat(members.map((m) => m.positive()));
      if (several) return [positive];
      const all = members.length === 1 ? c.o.concat([c.o.sub(1, positive), positive]) : positive;
      const total = c.o.sum(all, 1, true);
      const shares = c.o.div(all, total);
      return [est.versionAtLeast(1, 7) ? c.o.where(c.o.equal(total, 0), all, shares) : shares];
    });
    const decision = memo(() => (members.length === 1 ? members[0]!.decision() : c.o.concat(members.map((m) => c.o.unsqueeze(m.decision(), 1)))));
    return {
      kind: "classifier", classes, predict,
      ...(members.every((m) => m.hasProba) ? { predictProba: proba } : {}),
      ...(members.every((m) => m.hasDecision) ? { decisionFunction: decision } : {}),
    };
  },
});

export const oneVsOneClassifier: EstimatorConverter = defineEstimator({
  names: ["sklearn.OneVsOneClassifier"],
  convert(est, X, c) {
    if (!est.isNone("pairwise_indices_")) throw c.refuse(est, "a precomputed kernel", "its input is not made of columns");
    const classes = est.labels();
    const count = classes.values.length;
    const members = readMembers(est, X, c);
    if (members.length !== (count * (count - 1)) / 2) throw c.malformed(est, `it has ${members.length} estimators for ${count} classes`);
    const votes = memo(() => {
      const votesOf = Array.from({ length: count }, (): Value[] => []);
      const sums: (Value | undefined)[] = Array.from({ length: count }, () => undefined);
      let k = 0;
      for (let i = 0; i < count; i++) {
        for (let j = i + 1; j < count; j++, k++) {
          const score = members[k]!.score();
          const label = members[k]!.label();
          sums[i] = sums[i] ? c.o.sub(sums[i]!, score) : c.o.neg(score);
          sums[j] = sums[j] ? c.o.add(sums[j]!, score) : score;
          votesOf[i]!.push(c.o.cast(c.o.equal(label, 0), "double"));
          votesOf[j]!.push(c.o.cast(c.o.equal(label, 1), "double"));
        }
      }
      const columns = (parts: readonly Value[]): Value => c.o.concat(parts.map((v) => c.o.unsqueeze(v, 1)));
      const won = columns(votesOf.map((parts) => (parts.length === 1 ? parts[0]! : c.graph.op("Sum", parts))));
      const sum = columns(sums.map((s) => s!));
      return c.o.add(won, c.o.div(sum, c.o.mul(3, c.o.add(c.o.abs(sum), 1))));
    });
    const decision = memo(() => (count === 2 ? flat(c, c.o.slice(votes(), 1, 2, 1)) : votes()));
    // Up to 1.0 above 0, whatever its members give.
    const threshold = est.versionAtLeast(1, 1) ? members[0]!.threshold : 0;
    return {
      kind: "classifier", classes: [classes], decisionFunction: decision,
      predict: memo(() => (count === 2 ? c.o.cast(c.o.greater(decision(), threshold), "int64") : c.o.argmax(decision(), 1))),
    };
  },
});

/** The class whose row of the code book is nearest to the scores. */
export const outputCodeClassifier: EstimatorConverter = defineEstimator({
  names: ["sklearn.OutputCodeClassifier"],
  convert(est, X, c) {
    const classes = est.labels();
    const members = readMembers(est, X, c);
    const { shape, data } = est.matrix("code_book_");
    const [rows, columns] = shape;
    if (shape.length !== 2 || rows !== classes.values.length || columns !== members.length) {
      throw c.malformed(est, `code_book_ has shape (${shape.join(", ")}) for ${classes.values.length} classes and ${members.length} estimators`);
    }
    const predict = memo(() => {
      const scores = c.o.concat(members.map((m) => c.o.unsqueeze(m.score(), 1)));
      const transposed = new Float64Array(data.length);
      const norms = new Float64Array(rows!);
      for (let i = 0; i < rows!; i++) {
        for (let j = 0; j < columns!; j++) {
          const v = data[i * columns! + j]!;
          transposed[j * rows! + i] = v;
          norms[i]! += v * v;
        }
      }
      // |s|^2 - 2 s.b + |b|^2 in this order, as scikit-learn does: among huge scores the rounding decides.
      const own = c.o.sum(c.o.mul(scores, scores), 1, true);
      const mixed = c.o.mul(-2, c.o.matmul(scores, c.o.doubles(transposed, [columns!, rows!])));
      return c.o.argmin(c.o.maximum(c.o.add(c.o.add(own, mixed), c.o.doubles(norms, [1, rows!])), 0), 1);
    });
    return { kind: "classifier", classes: [classes], predict };
  },
});

/** An estimator of two classes, as these wrappers ask it. All [N], but for `positive` [N, 1]. */
interface Binary {
  /** Its score, the probability of its second class where it has no score, or a regressor's value. */
  readonly score: () => Value;
  readonly decision: () => Value;
  readonly positive: () => Value;
  /** Its label as a number. */
  readonly label: () => Value;
  /** Where `score` changes from the first class to the second. */
  readonly threshold: number;
  readonly hasDecision: boolean;
  readonly hasProba: boolean;
}

function readMembers(est: Estimator, X: Frame, c: Conversion): Binary[] {
  const members = est.estimators("estimators_");
  if (members.length === 0) throw c.malformed(est, "it has no estimators");
  const fitted = members.map((m) => (m.className === "_ConstantPredictor" ? undefined : c.convert(m, X)));
  const first = fitted.findIndex((f) => f !== undefined);
  // Something with one number a row, for constants to be as long as.
  const rows = memo((): Value => (first < 0 ? c.numbers(X) : binary(members[first]!, fitted[first]!, c).score()));
  return members.map((m, i) => (fitted[i] ? binary(m, fitted[i], c) : constant(m, rows, c)));
}

function binary(m: Estimator, fitted: Fitted, c: Conversion): Binary {
  const { decisionFunction, predictProba, kind } = fitted;
  const decision = (): Value => {
    if (!decisionFunction) throw c.malformed(m, "it has no scores");
    return c.o.reshape(decisionFunction(), [-1]);
  };
  const positive = (): Value => {
    const proba = predictProba?.()[0];
    if (!proba) throw c.malformed(m, "it has neither scores nor probabilities");
    return c.o.slice(proba, 1, 2, 1);
  };
  const label = memo(() => c.o.reshape(memberValue(m, fitted, c), [-1]));
  return {
    decision: memo(decision), positive: memo(positive), label,
    score: memo(() => (kind === "regressor" ? label() : decisionFunction ? decision() : flat(c, positive()))),
    threshold: decisionFunction && kind === "classifier" ? 0 : 0.5,
    hasDecision: decisionFunction !== undefined, hasProba: predictProba !== undefined,
  };
}

/** scikit-learn's _ConstantPredictor: a class that no training row, or every one, had. */
function constant(m: Estimator, rows: () => Value, c: Conversion): Binary {
  const y = m.vector("y_");
  if (y.length !== 1) throw c.malformed(m, `it has ${y.length} constants`);
  const repeated = memo(() => repeatedRow(c, rows(), c.o.doubles(y), 1));
  const value = memo(() => flat(c, repeated()));
  return { score: value, decision: value, label: value, positive: repeated, threshold: 0, hasDecision: true, hasProba: true };
}

