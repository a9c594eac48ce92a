import { describe, expect, it } from "vitest";
import { isPackage, maybeChecks, notAModel } from "./offered-file.ts";

describe("a file that is offered", () => {
  it.each(["check.csv", "Rows.TSV", "rows.csv.gz", "churn.xlsx", "data.parquet", "rows.jsonl", "notebook.ipynb", "train.py", "report.pdf", "picture.PNG"])("%s is no model, which a sentence says", (name) => {
    expect(notAModel(name)).toMatch(/^[^.]*.*, not a model\. .*\.$/);
    expect(notAModel(name)).toContain(name);
  });
  it.each(["churn.joblib", "model.pkl.gz", "model.json", "model.txt", "model.onnx", "m.keras", "saved.zip", "churn.slip", "model", "csv", "my.csv.model.pkl"])("%s may be one", (name) => expect(notAModel(name)).toBeUndefined());
  it("knows a package and what may be rows to check with", () => {
    expect([isPackage("a.SLIP"), isPackage("a.slip.pkl"), maybeChecks("check.csv"), maybeChecks("check.json"), maybeChecks("model.pkl")]).toEqual([true, false, true, true, false]);
  });
});
