import { describe, expect, it } from "vitest";
import { SlipwayError } from "../../../base/index.ts";
import { PyDict, PyGlobal, PyList, PyObject, PyTuple, type PyValue } from "../../../pickle/index.ts";
import { Conversion } from "../../conversion/conversion.ts";
import { Estimator } from "../../conversion/estimator.ts";
import { converters } from "../../registry.ts";

function object(module: string, name: string, attributes: Readonly<Record<string, PyValue>>): PyObject {
  const made = new PyObject(new PyGlobal(module, name), "newobj", new PyTuple([]));
  const dict = new PyDict();
  for (const [key, value] of Object.entries(attributes)) dict.set(key, value);
  made.state = dict;
  return made;
}
function failure(o: PyObject, use: "convert" | "predict" = "convert"): SlipwayError {
  const c = new Conversion(converters);
  const X = c.rawFrame([c.addColumn("a")]);
  try {
    const fitted = c.convert(new Estimator(o, "model"), X);
    if (use === "predict") fitted.predict!();
  } catch (error) {
    if (error instanceof SlipwayError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}
const attributesOf = (o: PyObject): PyDict => o.state as PyDict;

describe("estimators around others", () => {
  it("name refit=False of a search that kept no model", () => {
    const error = failure(object("sklearn.model_selection._search", "GridSearchCV", { cv_results_: new PyDict() }));
    expect(error.code).toBe("not-fitted");
    expect(error.message).toContain("refit=False");
  });
  it("refuse a search that is its own best estimator", () => {
    const search = object("sklearn.model_selection._search", "GridSearchCV", {});
    attributesOf(search).set("best_estimator_", search);
    expect(failure(search).code).toBe("malformed-model");
  });
  it("refuse a stacking that is its own member", () => {
    const stacking = object("sklearn.ensemble._stacking", "StackingRegressor", { passthrough: false, stack_method_: new PyList(["predict"]) });
    attributesOf(stacking).set("estimators_", new PyList([stacking]));
    attributesOf(stacking).set("final_estimator_", stacking);
    expect(failure(stacking, "predict").code).toBe("malformed-model");
  });
  it("refuse votes nested two by two without end", () => {
    let voting: PyObject | undefined;
    for (let i = 0; i < 60; i++) {
      const inner: PyObject | undefined = voting;
      voting = object("sklearn.ensemble._voting", "VotingRegressor", { estimators_: new PyList(inner ? [inner, inner] : []), weights: null });
    }
    expect(failure(voting!).code).toBe("malformed-model");
  });
  it("refuse a forest whose trees are not trees", () => {
    const forest = object("sklearn.ensemble._forest", "RandomForestRegressor", { estimators_: new PyList([object("sklearn.tree._classes", "DecisionTreeRegressor", { tree_: 3n })]), n_features_in_: 1n });
    expect(failure(forest).code).toBe("malformed-model");
  });
});
