// Quotients of whole numbers: towards zero; by zero there is none, also where no field can be missing.

import { expect, it } from "vitest";
import { loadModelPackage } from "../../../../slipway/src/runtime/index.ts";
import { importModel } from "../import-model.ts";

const text = `<PMML version="4.4" xmlns="http://www.dmg.org/PMML-4_4"><Header/><DataDictionary>
<DataField name="a" optype="continuous" dataType="integer"/><DataField name="b" optype="continuous" dataType="integer"/><DataField name="y" optype="continuous" dataType="double"/></DataDictionary>
<RegressionModel functionName="regression"><MiningSchema><MiningField name="a" missingValueReplacement="1"/><MiningField name="b" missingValueReplacement="1"/><MiningField name="y" usageType="target"/></MiningSchema>
<LocalTransformations><DerivedField name="q" optype="continuous" dataType="integer"><Apply function="/"><FieldRef field="a"/><FieldRef field="b"/></Apply></DerivedField></LocalTransformations>
<RegressionTable intercept="1"><NumericPredictor name="q" coefficient="1"/></RegressionTable></RegressionModel></PMML>`;

it("a whole number divided by zero leaves its row without an answer", async () => {
  const { compiled } = importModel(new TextEncoder().encode(text));
  const model = await loadModelPackage({ model: compiled.model, signature: compiled.signature, manifest: { name: "quotient", version: "0.0.0" }, digest: "" });
  try {
    const { batch } = model.encode({ kind: "records", records: [{ a: 7, b: 2 }, { a: -7, b: 2 }, { a: 7, b: 0 }, { a: 0, b: 0 }, { a: null, b: 2 }] });
    const { outputs, refused } = await model.run(batch, { onInvalid: "rows" });
    expect(Array.from(outputs[0]!.data as Float64Array).filter((_, row) => refused?.has(row) !== true)).toEqual([4, -2, 1]);
    expect([...refused!.keys()]).toEqual([2, 3]);
  } finally {
    await model.close();
  }
});
