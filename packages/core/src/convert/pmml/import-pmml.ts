// PMML 3.0 to 4.4: trees, regressions, scorecards, networks, vector machines, naive Bayes, clusters, rules, and ensembles and
// chains of them.

import type { XmlElement } from "../../formats/index.ts";
import { readXml } from "../../formats/index.ts";
import { serializeModel } from "../../onnx/index.ts";
import type { Value } from "../../onnx/index.ts";
import { REFUSED_OUTPUT } from "../../package/index.ts";
import { importError } from "../import-errors.ts";
import type { ImportedModel } from "../imported.ts";
import { Conversion } from "../conversion/conversion.ts";
import { bindInputs, refusedRows, toColumn, uniqueName } from "../compile.ts";
import type { Fitted, Labels } from "../conversion/contract.ts";
import { nameOutputs } from "../conversion/outputs.ts";
import { Scope, spread, type Pmml } from "./context.ts";
import { childOf, childrenOf, malformed, needChild, parseNumber, refuse, textOf } from "./element.ts";
import { defineFields } from "./expressions.ts";
import { inputField, isActive } from "./fields.ts";
import { convertModel, modelOf, MODELS } from "./mining-model.ts";
import type { ReasonCodes, Result } from "./result.ts";

/** @throws xml-*, malformed-model, unsupported-* */
export function importPmml(bytes: Uint8Array): ImportedModel {
  const root = readXml(bytes);
  if (root.name !== "PMML") throw importError("format-not-a-model", `the file is XML, but its root is ${JSON.stringify(root.name.slice(0, 60))}, not PMML`, { hint: "Pass the saved model itself." });
  const version = textOf(root, "version");
  if (!/^(?:3\.[0-2]|4(?:\.[0-4](?:\.\d+)?)?)$/.test(version)) throw refuse(root, `version=${JSON.stringify(version.slice(0, 20))}`, "PMML 3.0 to 4.4 is compiled", "Export it again as PMML 4.");
  const model = modelOf(root);
  const c = new Conversion(new Map());
  const others = root.children.filter((child) => MODELS.has(child.name)).length - 1;
  if (others > 0) c.warnings.push(`the file has ${others} more model${others > 1 ? "s" : ""}; the first is compiled`);
  const dictionary = new Map(childrenOf(needChild(root, "DataDictionary"), "DataField").map((el) => [textOf(el, "name"), el]));
  const transformations = childOf(root, "TransformationDictionary");
  const functions = new Map(transformations ? childrenOf(transformations, "DefineFunction").map((el) => [textOf(el, "name"), el]) : []);
  const scope = new Scope();
  const inputs: { name: string; column: number }[] = [];
  const p: Pmml = {
    c, version, dictionary, functions,
    rows: () => {
      const first = inputs[0];
      if (!first) throw malformed(model, "it takes no input");
      return scope.get(first.name, model).value;
    },
  };
  const targets: XmlElement[] = [];
  for (const mining of childrenOf(needChild(model, "MiningSchema"), "MiningField")) {
    const name = textOf(mining, "name");
    const data = dictionary.get(name);
    const usage = mining.attributes.get("usageType") ?? "active";
    if (usage === "target" || usage === "predicted") {
      if (data) targets.push(data);
    } else if (isActive(mining)) {
      if (!data) throw malformed(mining, `the dictionary has no field ${JSON.stringify(name.slice(0, 60))}`);
      if (inputs.some((i) => i.name === name)) throw malformed(mining, `it has the field ${JSON.stringify(name.slice(0, 60))} twice`);
      if (name === "" || !name.isWellFormed()) throw refuse(mining, `the name ${JSON.stringify(name.slice(0, 60))}`, "ONNX cannot spell it");
      const column = c.addColumn(name);
      inputs.push({ name, column });
      scope.set(name, () => {
        const field = inputField(p, data, mining, column);
        if (field.kind === "string") c.columns[column]!.wholeNumbers = true;
        return field;
      });
    }
  }
  defineFields(p, transformations, scope);
  const result = convertModel(p, model, scope, 0);
  if (result.none) c.rowChecks.push({ refused: c.o.squeeze(spread(p, result.none), 1), reason: "the model has no answer for this row (a missing value, or a case that it does not cover)" });
  reportOutputs(c, model, result.kind === "regression" && result.reasons !== undefined);
  return finish(p, model, root, fittedOf(p, result, targets[0]));
}

/** Outputs that the file asks for and that are not among ours. */
function reportOutputs(c: Conversion, model: XmlElement, reasons: boolean): void {
  const output = childOf(model, "Output");
  const given = new Set(["predictedValue", "probability", ...(reasons ? ["reasonCode"] : [])]);
  const left = (output ? childrenOf(output, "OutputField") : []).filter((f) => !given.has(f.attributes.get("feature") ?? "predictedValue"));
  if (left.length > 0) c.warnings.push(`output fields that are left out: ${left.slice(0, 8).map((f) => `${textOf(f, "name").slice(0, 40)} (${f.attributes.get("feature") ?? ""})`).join(", ")}`);
}

function fittedOf(p: Pmml, result: Result, target: XmlElement | undefined): Fitted {
  if (result.kind === "regression") {
    const { reasons } = result;
    return { kind: "regressor", predict: () => p.c.o.squeeze(spread(p, result.value), 1), ...(reasons ? { reasonCodes: (): ReasonCodes => reasons } : {}) };
  }
  const { probabilities } = result;
  return {
    kind: "classifier", classes: [labelsOf(result.classes, target)], predict: () => result.index,
    ...(probabilities ? { predictProba: (): readonly Value[] => [probabilities] } : {}),
  };
}
function labelsOf(classes: readonly string[], target: XmlElement | undefined): Labels {
  switch (target?.attributes.get("dataType")) {
    case "integer": if (classes.every((v) => /^\s*[+-]?\d{1,18}(?:\.0*)?\s*$/.test(v))) return { type: "int64", values: classes.map((v) => BigInt(v.trim().replace(/\.0*$/, "").replace(/^\+/, ""))) }; break;
    case "double": case "float": return { type: "double", values: classes.map((v) => parseNumber(v, target)) };
    case "boolean": if (classes.every((v) => v === "true" || v === "false")) return { type: "bool", values: classes.map((v) => v === "true") }; break;
    default:
  }
  return { type: "string", values: classes };
}

function finish(p: Pmml, model: XmlElement, root: XmlElement, fitted: Fitted): ImportedModel {
  const { c } = p;
  const warnings: string[] = [];
  const named = nameOutputs(c, fitted, warnings);
  c.textInputs();
  const columns = c.columns.map(toColumn);
  const taken = new Set(columns.map((column) => column.name));
  const outputs = named.map(({ output, value }) => {
    const graphName = taken.has(output.name) ? uniqueName(`${output.name}_out`, taken) : output.name;
    taken.add(graphName);
    return { output: { ...output, graphName }, value };
  });
  if (!c.columns.some((column) => column.used)) throw malformed(model, "it asks for none of its inputs");
  bindInputs(c, "columns");
  for (const { output, value } of outputs) c.graph.output(output.graphName, value);
  const rowChecks = c.rowChecks.map((check) => check.reason);
  if (rowChecks.length > 0) c.graph.output(REFUSED_OUTPUT, refusedRows(c));
  const graph = c.graph.finish({ name: model.attributes.get("modelName") ?? model.name });
  const application = childOf(root, "Header") && childOf(childOf(root, "Header")!, "Application");
  const maker = application?.attributes.get("name");
  return {
    format: `PMML ${p.version}`,
    compiled: {
      model: serializeModel(graph),
      signature: { layout: "columns", columns, ...(rowChecks.length === 0 ? {} : { rowChecks }), extraColumns: "ignored", outputs: outputs.map((o) => o.output) },
      opsets: Object.fromEntries(graph.opsets.map((o) => [o.domain, o.version])),
      className: `pmml.${model.name}`,
      warnings: [...warnings, ...c.warnings],
    },
    producer: { PMML: p.version, ...(maker === undefined ? {} : { [maker.slice(0, 80)]: application!.attributes.get("version")?.slice(0, 80) ?? "" }) },
  };
}
