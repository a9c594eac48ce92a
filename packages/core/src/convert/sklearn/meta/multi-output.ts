// MultiOutputClassifier and MultiOutputRegressor (one estimator per target), ClassifierChain and RegressorChain (each
// estimator sees what the ones before it said) of sklearn.multioutput.

import type { Value } from "../../../onnx/index.ts";
import { defineEstimator, type EstimatorConverter, type Fitted, type Labels } from "../../conversion/contract.ts";
import { memo, type Conversion } from "../../conversion/conversion.ts";
import type { Estimator } from "../../conversion/estimator.ts";
import { Frame } from "../../conversion/frame.ts";
import { memberValue, needPredict } from "./voting.ts";

export const multiOutputClassifier: EstimatorConverter = defineEstimator({
  names: ["sklearn.MultiOutputClassifier"],
  convert(est, X, c) {
    const members = needMembers(est, c);
    const fitted = members.map((m) => c.convert(m, X));
    const classes = fitted.map((f, t) => oneTarget(members[t]!, f, c));
    const predict = memo(() => c.o.concat(fitted.map((f, t) => c.o.unsqueeze(needPredict(members[t]!, f, c), 1))));
    if (fitted.some((f) => f.predictProba === undefined)) return { kind: "classifier", classes, predict };
    return { kind: "classifier", classes, predict, predictProba: memo(() => fitted.map((f) => f.predictProba!()[0]!)) };
  },
});

export const multiOutputRegressor: EstimatorConverter = defineEstimator({
  names: ["sklearn.MultiOutputRegressor"],
  convert(est, X, c) {
    const members = needMembers(est, c);
    const fitted = members.map((m) => c.convert(m, X));
    return { kind: "regressor", predict: memo(() => c.o.concat(fitted.map((f, t) => c.o.reshape(needPredict(members[t]!, f, c), [-1, 1])))) };
  },
});

type ChainMethod = "predict" | "predict_proba" | "decision_function";

export const classifierChain: EstimatorConverter = defineEstimator({
  names: ["sklearn.ClassifierChain"],
  convert(est, X, c) {
    const chain = readChain(est, X, c);
    const links = chain.links();
    const classes = chain.places.map((i) => oneTarget(links[i]!.member, links[i]!.fitted, c));
    const all = (method: ChainMethod): Value => c.o.concat(chain.places.map((i) => said(links[i]!.member, links[i]!.fitted, method, c)));
    return {
      kind: "classifier", classes,
      predict: memo(() => c.o.concat(chain.places.map((i) => c.o.unsqueeze(needPredict(links[i]!.member, links[i]!.fitted, c), 1)))),
      ...(links.every((l) => l.fitted.predictProba) ? { predictProba: memo(() => [all("predict_proba")]) } : {}),
      ...(links.every((l) => l.fitted.decisionFunction) ? { decisionFunction: memo(() => all("decision_function")) } : {}),
    };
  },
});

export const regressorChain: EstimatorConverter = defineEstimator({
  names: ["sklearn.RegressorChain"],
  convert(est, X, c) {
    const chain = readChain(est, X, c);
    const predict = memo(() => {
      const links = chain.links();
      return c.o.concat(chain.places.map((i) => said(links[i]!.member, links[i]!.fitted, "predict", c)));
    });
    return { kind: "regressor", predict };
  },
});

interface Link {
  readonly member: Estimator;
  readonly fitted: Fitted;
}

/** The estimators in the order of the chain; `places[t]` is where target t stands in it. */
function readChain(est: Estimator, frame: Frame, c: Conversion): { links: () => Link[]; places: number[] } {
  const members = needMembers(est, c);
  const order = [...est.vector("order_")];
  const places = members.map((_, t) => order.indexOf(t));
  if (order.length !== members.length || places.includes(-1)) throw c.malformed(est, "order_ is not an order of its targets");
  const method = est.string("chain_method_", "predict");
  if (method !== "predict" && method !== "predict_proba" && method !== "decision_function") throw c.refuse(est, `chain_method=${method}`, "this method is not compiled");
  const X = c.checkArray(frame, est);
  const links = memo(() => {
    const done: Link[] = [];
    let seen = X;
    for (const member of members) {
      const fitted = c.convert(member, seen);
      done.push({ member, fitted });
      if (done.length < members.length) seen = Frame.concat([seen, c.answers(said(member, fitted, method, c), X, [null])]);
    }
    return done;
  });
  return { links, places };
}

/** [N, 1]: the label as a number, the probability of the second class, or the score. */
function said(member: Estimator, fitted: Fitted, method: ChainMethod, c: Conversion): Value {
  if (method === "predict") return c.o.reshape(memberValue(member, fitted, c), [-1, 1]);
  if (method === "decision_function") {
    if (!fitted.decisionFunction) throw c.malformed(member, "the chain needs its scores");
    return c.o.reshape(fitted.decisionFunction(), [-1, 1]);
  }
  const proba = fitted.predictProba?.()[0];
  if (!proba) throw c.malformed(member, "the chain needs its probabilities");
  return c.o.slice(proba, 1, 2, 1);
}

function needMembers(est: Estimator, c: Conversion): Estimator[] {
  const members = est.estimators("estimators_");
  if (members.length === 0) throw c.malformed(est, "it has no estimators");
  return members;
}
function oneTarget(member: Estimator, fitted: Fitted, c: Conversion): Labels {
  if (fitted.classes?.length !== 1) throw c.malformed(member, "it does not classify one target");
  return fitted.classes[0]!;
}
