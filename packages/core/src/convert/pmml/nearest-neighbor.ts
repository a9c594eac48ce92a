// NearestNeighborModel: the nearest of the training rows in the file, by a distance of numbers, vote or are averaged. Ties as
// JPMML-Evaluator has them: of rows at the same distance those that come first count; of classes with as many votes the one
// with more training rows wins, then the smallest. Missing values do not count, and what is left stands for them in proportion.

import type { Value } from "../../onnx/index.ts";
import type { XmlElement } from "../../formats/index.ts";
import { missingOf, spread, type Pmml, type Scope } from "./context.ts";
import { childOf, childrenOf, choiceOf, malformed, needChild, needNumber, numberOf, parseNumber, refuse, textOf } from "./element.ts";
import { median } from "./median.ts";
import { isFloat, type Result } from "./result.ts";

const MEASURES = ["euclidean", "squaredEuclidean", "cityBlock", "chebychev", "minkowski"];
/** Numbers of all training rows together: each row that is predicted is compared with all of them. */
const MOST_NUMBERS = 200_000;

export function convertNearestNeighbor(p: Pmml, model: XmlElement, scope: Scope): Result {
  const { o, graph } = p.c;
  if (isFloat(model)) throw refuse(model, "x-mathContext=float", "these models are compiled in double");
  const inputs = childrenOf(needChild(model, "KNNInputs"), "KNNInput");
  if (inputs.length === 0) throw malformed(model, "it has no inputs");
  const rows = trainingRows(p, model, inputs);
  const [M, F] = [rows.numbers.length, inputs.length];
  const k = needNumber(model, "numberOfNeighbors");
  if (!Number.isInteger(k) || k < 1 || k > M) throw malformed(model, `numberOfNeighbors=${k} of ${M} training rows`);

  const missing: (Value | undefined)[] = [];
  const columns = inputs.map((el) => {
    const field = scope.get(textOf(el, "field"), el);
    if (field.kind !== "number") throw refuse(el, "a text", "numbers are compared");
    missing.push(field.canBeMissing ? spread(p, missingOf(p, field)) : undefined);
    return spread(p, field.value);
  });
  const apart = o.abs(o.sub(o.unsqueeze(o.concat(columns), 1), o.doubles(Float64Array.from(rows.numbers.flat()), [1, M, F])));
  const { distances, none } = measured(p, model, inputs, apart, missing);
  const [nearest, places] = graph.ops("TopK", [distances, o.int64s([k])], { axis: 1, largest: 0, sorted: 1 }, 2) as [Value, Value];
  const weights = (): Value => o.div(1, o.add(nearest, numberOf(model, "threshold") ?? 0.001));

  if (textOf(model, "functionName") === "regression") {
    const method = choiceOf(model, "continuousScoringMethod", ["median", "average", "weightedAverage"], "average");
    const values = o.gather(o.doubles(Float64Array.from(rows.targets, (t) => parseNumber(t, model))), places, 0);
    const value = method === "average" ? o.div(o.sum(values, 1, true), k)
      : method === "weightedAverage" ? o.div(o.sum(o.mul(values, weights()), 1, true), o.sum(weights(), 1, true))
        : median(p, values, k);
    return { kind: "regression", value, none };
  }
  const method = choiceOf(model, "categoricalScoringMethod", ["majorityVote", "weightedMajorityVote"], "majorityVote");
  const classes = byFrequency(rows.targets, rows.numeric);
  const numbers = new Map(classes.map((name, i) => [name, i]));
  const eye = Float64Array.from({ length: classes.length ** 2 }, (_, i) => Number(i % (classes.length + 1) === 0));
  const voted = o.gather(o.int64s(rows.targets.map((t) => numbers.get(t)!)), places, 0);
  const ballots = o.gather(o.doubles(eye, [classes.length, classes.length]), voted, 0);
  const votes = o.sum(method === "majorityVote" ? ballots : o.mul(ballots, o.unsqueeze(weights(), 2)), 1);
  return { kind: "classification", classes, index: o.argmax(votes, 1), none };
}

interface TrainingRows {
  readonly numbers: readonly (readonly number[])[];
  readonly targets: readonly string[];
  /** The target's values are numbers. */
  readonly numeric: boolean;
}

function trainingRows(p: Pmml, model: XmlElement, inputs: readonly XmlElement[]): TrainingRows {
  const schema = childrenOf(needChild(model, "MiningSchema"), "MiningField");
  const targets = schema.filter((f) => ["target", "predicted"].includes(f.attributes.get("usageType") ?? "active"));
  if (targets.length !== 1) throw refuse(model, `${targets.length} target fields`, "models of one are compiled");
  const target = textOf(targets[0]!, "name");
  const instances = needChild(model, "TrainingInstances");
  const table = childOf(instances, "InlineTable");
  if (!table) throw refuse(instances, "TableLocator", "its table is not in the file");
  const columns = new Map(childrenOf(needChild(instances, "InstanceFields"), "InstanceField").map((el) => [textOf(el, "field"), local(el.attributes.get("column") ?? textOf(el, "field"))]));
  const raw = new Set(schema.map((f) => textOf(f, "name")));
  const names = inputs.map((el) => textOf(el, "field"));
  if (instances.attributes.get("isTransformed") !== "true" && names.some((name) => !raw.has(name))) throw refuse(instances, "isTransformed=false", "training rows are compiled as they are compared");
  const column = (name: string): string => {
    const found = columns.get(name);
    if (found === undefined) throw malformed(instances, `it has no field ${JSON.stringify(name.slice(0, 60))}`);
    return found;
  };
  const [wanted, label] = [names.map(column), column(target)];
  const rows = childrenOf(table, "row");
  if (rows.length === 0) throw malformed(table, "it has no rows");
  if (rows.length * inputs.length > MOST_NUMBERS) throw refuse(model, `${rows.length} training rows of ${inputs.length} numbers`, `${MOST_NUMBERS} numbers are compiled at most`);
  const cell = (row: XmlElement, name: string): string => {
    const found = childOf(row, name)?.text.trim();
    if (found === undefined || found === "") throw refuse(row, name.slice(0, 60), "a training row without this value is not compiled");
    return found;
  };
  const type = p.dictionary.get(target)?.attributes.get("dataType") ?? "string";
  return {
    numbers: rows.map((row) => wanted.map((name) => parseNumber(cell(row, name), row))),
    targets: rows.map((row) => cell(row, label)),
    numeric: type === "integer" || type === "double" || type === "float",
  };
}
function local(name: string): string {
  return name.slice(name.lastIndexOf(":") + 1);
}

/** [N, M] distances of [N, M, F] differences; where all values of a row are missing there is no answer. */
function measured(p: Pmml, model: XmlElement, inputs: readonly XmlElement[], apart: Value, missing: readonly (Value | undefined)[]): { readonly distances: Value; readonly none: Value | undefined } {
  const { o } = p.c;
  const measure = needChild(model, "ComparisonMeasure");
  const kind = childrenOf(measure).find((el) => MEASURES.includes(el.name));
  if (kind === undefined || textOf(measure, "kind") !== "distance") throw refuse(measure, "this measure", `${MEASURES.join(", ")} are compiled`);
  for (const el of [measure, ...inputs]) choiceOf(el, "compareFunction", ["absDiff"], "absDiff");
  const power = kind.name === "minkowski" ? needNumber(kind, "p-parameter") : kind.name === "euclidean" || kind.name === "squaredEuclidean" ? 2 : 1;
  if (!(power > 0)) throw malformed(kind, `p-parameter=${power}`);
  const fieldWeights = inputs.map((el) => numberOf(el, "fieldWeight") ?? 1);
  const powered = power === 1 ? apart : power === 2 ? o.mul(apart, apart) : o.pow(apart, power);
  const weighed = fieldWeights.every((w) => w === 1) ? powered : o.mul(powered, o.doubles(Float64Array.from(fieldWeights), [1, 1, inputs.length]));
  const some = missing.some((m) => m);
  const away = some ? o.where(o.isNaN(weighed), 0, weighed) : weighed;
  let distances = kind.name === "chebychev" ? o.max(away, 2) : o.sum(away, 2);
  let none: Value | undefined;
  if (some) {
    const here = missing.map((m) => (m ? o.sub(1, o.cast(m, "double")) : undefined));
    const always = here.filter((h) => h === undefined).length;
    const counted = here.filter((h) => h !== undefined).reduce((a, b) => o.add(a!, b!))!;
    const present = always > 0 ? o.add(counted, always) : counted;
    if (always === 0) none = o.equal(present, 0);
    distances = o.mul(distances, o.div(inputs.length, o.maximum(present, 1)));
  }
  if (kind.name === "euclidean") distances = o.sqrt(distances);
  else if (kind.name === "minkowski" && power !== 1) distances = o.pow(distances, 1 / power);
  return { distances, none };
}

/** The classes, those with more training rows first, then the smaller. */
function byFrequency(targets: readonly string[], numeric: boolean): string[] {
  const counts = new Map<string, number>();
  for (const t of targets) counts.set(t, (counts.get(t) ?? 0) + 1);
  return [...counts.keys()].sort((a, b) => counts.get(b)! - counts.get(a)! || (numeric ? Number(a) - Number(b) : a < b ? -1 : 1));
}
