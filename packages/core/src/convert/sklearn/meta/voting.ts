// VotingClassifier (soft and hard) and VotingRegressor (sklearn.ensemble). Members were fitted on encoded labels.

import type { Value } from "../../../onnx/index.ts";
import { toList, toNumber, type Estimator } from "../../conversion/estimator.ts";
import { defineEstimator, type EstimatorConverter, type Fitted } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import type { Frame } from "../../conversion/frame.ts";
import { encodedLabels, labelPlaces, numericLabels, oneHot, sumAll } from "../ensemble/votes.ts";

export const votingClassifier: EstimatorConverter = defineEstimator({
  names: ["sklearn.VotingClassifier"],
  convert(est, X, c) {
    const classes = est.labels();
    const count = classes.values.length;
    const { members, fitted, weights } = readMembers(est, X, c);
    if (est.string("voting", "hard") === "soft") {
      const probas = memo(() => fitted.map((f, i) => {
        const p = f.predictProba?.()[0];
        if (!p) throw c.malformed(members[i]!, "soft voting needs its probabilities");
        return p;
      }));
      const proba = memo(() => [average(c, probas(), weights)]);
      const transform = (): Frame => {
        if (!est.bool("flatten_transform", true)) throw c.refuse(est, "flatten_transform=False", "its transform has three dimensions");
        return c.answers(c.o.concat(probas()), X, members.flatMap((_, i) => Array.from({ length: count }, (__, k) => `votingclassifier_${i}_${k}`)));
      };
      return { kind: "classifier", classes: [classes], predictProba: proba, predict: memo(() => c.o.argmax(proba()[0]!, 1)), transform: memo(transform) };
    }
    const votes = memo(() => fitted.map((f, i) => {
      const places = labelPlaces(members[i]!, f.classes?.[0], encodedLabels(count), c);
      return c.o.gather(c.o.int64s(places), needPredict(members[i]!, f, c), 0);
    }));
    const predict = memo(() => {
      const rows = votes().map((v, i) => {
        const row = c.o.gather(oneHot(c, count), v, 0);
        return weights ? c.o.mul(row, weights[i]!) : row;
      });
      return c.o.argmax(sumAll(c, rows), 1);
    });
    const transform = memo(() => c.answers(c.o.cast(c.o.concat(votes().map((v) => c.o.unsqueeze(v, 1))), "double"), X, members.map((_, i) => `votingclassifier_${i}`)));
    return { kind: "classifier", classes: [classes], predict, transform };
  },
});

export const votingRegressor: EstimatorConverter = defineEstimator({
  names: ["sklearn.VotingRegressor"],
  convert(est, X, c) {
    const { members, fitted, weights } = readMembers(est, X, c);
    const all = memo(() => fitted.map((f, i) => c.o.reshape(memberValue(members[i]!, f, c), [-1, 1])));
    return {
      kind: "regressor",
      predict: memo(() => c.o.squeeze(average(c, all(), weights), 1)),
      transform: memo(() => c.answers(c.o.concat(all()), X, members.map((_, i) => `votingregressor_${i}`))),
    };
  },
});

function readMembers(est: Estimator, X: Frame, c: Conversion): { members: Estimator[]; fitted: Fitted[]; weights: number[] | undefined } {
  const members = est.estimators("estimators_");
  if (members.length === 0) throw c.malformed(est, "it has no estimators");
  return { members, fitted: members.map((m) => c.convert(m, X)), weights: memberWeights(est, c, members.length) };
}

/** Weights of the estimators that are not dropped. */
function memberWeights(est: Estimator, c: Conversion, members: number): number[] | undefined {
  if (est.isNone("weights")) return undefined;
  const given = est.list("weights").map((w) => toNumber(w, `${est.path}.weights`));
  const kept = est.list("estimators").map((pair, i) => {
    const step = toList(pair, `${est.path}.estimators[${i}]`)[1];
    return step !== "drop" && step !== null;
  });
  const weights = given.filter((_, i) => kept[i] !== false);
  if (weights.length !== members) throw c.malformed(est, `it has ${members} estimators and ${weights.length} weights`);
  return weights;
}

/** numpy.average over the members. */
function average(c: Conversion, values: readonly Value[], weights: readonly number[] | undefined): Value {
  if (!weights) return c.o.div(sumAll(c, values), values.length);
  return c.o.div(sumAll(c, values.map((v, i) => c.o.mul(v, weights[i]!))), weights.reduce((a, b) => a + b, 0));
}

export function needPredict(member: Estimator, fitted: Fitted, c: Conversion): Value {
  if (!fitted.predict) throw c.malformed(member, "it cannot predict");
  return fitted.predict();
}
/** What a member's predict gives where its labels are used as numbers: double. */
export function memberValue(member: Estimator, fitted: Fitted, c: Conversion): Value {
  const v = needPredict(member, fitted, c);
  if (fitted.kind !== "classifier") return c.o.cast(v, "double");
  const tables = (fitted.classes ?? []).map((labels) => c.o.doubles(numericLabels(member, labels, c)));
  if (tables.length === 1) return c.o.gather(tables[0]!, v, 0);
  return c.o.concat(tables.map((table, t) => c.o.gather(table, c.o.columns(v, [t]), 0)));
}
