// Damaged PMML: a coded error or a model. SLIPWAY_FUZZ sets how many damaged files are tried for each.

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeOf } from "../../base/testing.ts";
import { importModel } from "../import-model.ts";

const cases = fileURLToPath(new URL("../../../../../corpus/cases/", import.meta.url));

const outcome = (text: string): string => codeOf(() => importModel(new TextEncoder().encode(text)));

describe("damaged PMML", () => {
  for (const name of readdirSync(cases).filter((n) => /^pmml-(?:tree-defaultChild-returnLast|regression-logit|scorecard|segments-selectFirst|sk-forest$|neighbors-vote-weighted|ties-trees$|steps-asIs)/.test(n))) {
    const text = readFileSync(`${cases}${name}/model.pmml`, "utf8");
    const words = [...text.matchAll(/"[^"<>]*"|<\/?\w+/g)];
    it(`${name} with words changed, dropped or exchanged is read or refused with a code`, { timeout: 3_600_000 }, () => {
      const change = fc.record({ at: fc.nat(words.length - 1), by: fc.oneof(fc.constantFrom('""', '"x"', '"-1"', '"1e999"', '"nan"', "<x", "<Node", "<True"), fc.nat(words.length - 1).map((i) => words[i]![0])) });
      fc.assert(fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const at = new Map(changes.map((c) => [c.at, c.by]));
        let i = 0;
        outcome(text.replace(/"[^"<>]*"|<\/?\w+/g, (word) => at.get(i++) ?? word));
      }), { numRuns: Number(process.env["SLIPWAY_FUZZ"] ?? 60) });
    });
    it(`${name} cut off is refused`, { timeout: 3_600_000 }, () => {
      fc.assert(fc.property(fc.nat(text.trimEnd().length - 1), (end) => {
        expect(outcome(text.slice(0, end))).not.toBe("no error");
      }), { numRuns: Number(process.env["SLIPWAY_FUZZ"] ?? 20) });
    });
  }
  it("with neighbours that are too many, incomplete or not as they are compared is refused", () => {
    const text = readFileSync(`${cases}pmml-neighbors-vote-weighted/model.pmml`, "utf8");
    const changed = (from: string | RegExp, to: string): string => {
      expect(text).toMatch(from);
      return outcome(text.replace(from, to));
    };
    expect(outcome(text)).toBe("no error");
    expect(changed(/numberOfNeighbors="\d+"/, 'numberOfNeighbors="61"')).toBe("malformed-model");
    expect(changed(/numberOfNeighbors="\d+"/, 'numberOfNeighbors="0"')).toBe("malformed-model");
    expect(changed(/<a>[^<]*<\/a>/, "")).toBe("unsupported-option");
    expect(changed(/<InlineTable>.*<\/InlineTable>/s, "<TableLocator/>")).toBe("unsupported-option");
    expect(changed("<row>", `${"<row/>".repeat(100_001)}<row>`)).toBe("unsupported-option");
    expect(changed('field="income" column', 'field="other" column')).toBe("malformed-model");
    expect(changed('<KNNInput field="income"/>', '<KNNInput field="made"/>')).toBe("unsupported-option");
    expect(changed('<KNNInput field="income"/>', '<KNNInput field="income" compareFunction="gaussSim"/>')).toBe("unsupported-option");
    expect(changed("<cityBlock/>", "<jaccard/>")).toBe("unsupported-option");
    expect(changed("<cityBlock/>", '<minkowski p-parameter="0"/>')).toBe("malformed-model");
    expect(changed('usageType="target"', 'usageType="supplementary"')).toBe("unsupported-option");
  });
  it("with fields derived from themselves, of models that are not compiled, or with texts in the place of numbers, is refused", () => {
    const wrap = (inner: string, model = "RegressionModel"): string => `<PMML version="4.4"><DataDictionary><DataField name="a" optype="continuous" dataType="double"/></DataDictionary><${model} functionName="regression"><MiningSchema><MiningField name="a"/></MiningSchema>${inner}</${model}></PMML>`;
    expect(outcome(wrap(`<LocalTransformations><DerivedField name="b" dataType="double" optype="continuous"><FieldRef field="b"/></DerivedField></LocalTransformations><RegressionTable intercept="0"><NumericPredictor name="b" coefficient="1"/></RegressionTable>`))).toBe("malformed-model");
    expect(outcome(wrap("", "NeuralNetwork"))).toBe("malformed-model");
    expect(outcome(wrap("", "TextModel"))).toBe("unsupported-estimator");
    expect(outcome(wrap(`<RegressionTable intercept="0"><NumericPredictor name="a" coefficient="1"/></RegressionTable>`))).toBe("no error");
    const derived = (expression: string): string => wrap(`<LocalTransformations><DerivedField name="t" dataType="string" optype="categorical"><Constant dataType="string">x</Constant></DerivedField><DerivedField name="b" dataType="double" optype="continuous">${expression}</DerivedField></LocalTransformations><RegressionTable intercept="0"><NumericPredictor name="b" coefficient="1"/></RegressionTable>`);
    for (const expression of [
      `<Discretize field="t" dataType="double"><DiscretizeBin binValue="1"><Interval closure="openOpen" leftMargin="0"/></DiscretizeBin></Discretize>`,
      `<NormContinuous field="t"><LinearNorm orig="0" norm="0"/><LinearNorm orig="1" norm="1"/></NormContinuous>`,
      `<Apply function="not"><FieldRef field="t"/></Apply>`,
      `<Apply function="and"><FieldRef field="a"/><FieldRef field="t"/></Apply>`,
      `<Apply function="if"><FieldRef field="t"/><FieldRef field="a"/></Apply>`,
    ]) expect(outcome(derived(expression))).toBe("malformed-model");
    const text = wrap(`<RegressionTable intercept="0"/>`).replace('optype="continuous" dataType="double"/>', 'optype="categorical" dataType="string"><Interval closure="openOpen" leftMargin="0"/></DataField>');
    expect(outcome(text)).toBe("malformed-model");
    expect(outcome("<html2/>")).not.toBe("no error");
    expect(outcome(`<?xml version="1.0"?><rss/>`)).toBe("format-not-a-model");
  });
});
