// Whether a scaler inside the model was fitted on rows like these. Of the rows that it was fitted on, the middle lies within
// one spread of zero (for a standard scaler |mean - median| <= standard deviation, for a robust one it is zero), and half of
// them within four: what is far outside was scaled by other data's figures. Found in the graph as a subtraction and a
// division by constants right behind the columns.

import { readModel, serializeModel, type Model as OnnxModel, type Node } from "@slipway/core/onnx";
import type { Output } from "@slipway/core/package";
import { quantile } from "@slipway/core/stats";
import { loadModelPackage, type OutputData } from "../../runtime/index.ts";
import type { Row } from "../context.ts";
import { defineGateTest, skipped, type Cell, type Finding, type GateTest } from "../define-gate-test.ts";
import { predict } from "../predictions.ts";
import { numberText } from "../../server/index.ts";

const MAX_MODEL = 64 << 20;
const FEWEST_ROWS = 50;
/** In spreads of the scaler. */
const FAR = 1.5;
const LOOK = 1;
const WIDE = 4;
/** What hands values on as they are, or fills gaps. */
const HANDS_ON: ReadonlySet<string> = new Set(["Gather", "Slice", "Concat", "Cast", "Identity", "Reshape", "Unsqueeze", "Squeeze", "Where", "Split"]);

interface Scaled {
  /** The tensor behind the division, [rows, width]. */
  readonly name: string;
  readonly type: "double" | "float";
  readonly width: number;
}

export const scaling: GateTest = defineGateTest({
  name: "scaling", title: "Scalers fitted on rows like these", area: "model",
  checks: "Where the model scales its columns, the rows lie where they would after a scaler that was fitted on rows like them.",
  needsRows: true,
  async run({ package: source, model, labelled, rows: sample, rowsFrom }): Promise<Finding> {
    if (model.engine.name === "python") return skipped("Python runs it: there is no graph to look into");
    if (model.signature.layout === "tensors" || source.model.length > MAX_MODEL) return skipped("the model takes tensors, or is too large to be looked into");
    const rows = labelled?.rows.slice(0, 2000) ?? sample;
    if (labelled === undefined && rowsFrom === "signature") return skipped("no known rows: neither checks nor labelled data");
    if (rows.length < FEWEST_ROWS) return skipped(`${rows.length} rows: fewer than ${FEWEST_ROWS} say nothing of a scaler`);
    const onnx = readModel(source.model);
    const scaled = scaledTensors(onnx);
    if (scaled.length === 0) return skipped("the model has no scaler right behind its columns");
    const found = (await look(source, onnx, scaled, rows)).flatMap((given) => columnsOf(given, rows));
    const far = found.filter((f) => Math.abs(f.middle) > FAR || f.spread > WIDE);
    const near = found.filter((f) => !far.includes(f) && Math.abs(f.middle) > LOOK);
    const told = (f: Found): string => `the scaling of ${JSON.stringify(f.column)} was fitted on other data: the middle of these rows is ${numberText(Math.abs(f.middle))} of its spreads ${f.middle > 0 ? "above" : "below"}, half of them span ${numberText(f.spread)}`;
    return {
      verdict: far.length > 0 ? "fail" : near.length > 0 ? "warn" : "pass",
      reason: far.length > 0 ? far.slice(0, 3).map(told).join("; ") : near.length > 0 ? near.slice(0, 3).map(told).join("; ") : `${found.length} scaled columns lie where they should`,
      bar: `the middle within ${FAR} spreads of the scaler's, half of the rows within ${WIDE}`,
      figures: { rows: rows.length, "scaled columns": found.length },
      tables: [{ title: "Scaled columns, the furthest first", columns: ["column", "middle, in spreads", "span of half the rows"], rows: found.toSorted((a, b) => Math.abs(b.middle) - Math.abs(a.middle)).slice(0, 20).map((f): Cell[] => [f.column, f.middle, f.spread]) }],
    };
  },
});

/** x - constants, then / constants, of one row each, where x comes from the columns as they are; alone on its source. */
function scaledTensors({ graph }: OnnxModel): Scaled[] {
  const constants = new Map(graph.initializers.map((i) => [i.name, i.tensor]));
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  const vector = (name: string | undefined): boolean => {
    const tensor = name === undefined ? undefined : constants.get(name);
    return tensor !== undefined && (tensor.type === "double" || tensor.type === "float") && tensor.shape.slice(0, -1).every((d) => d === 1);
  };
  const fromColumns = (name: string): boolean => {
    const seen = new Set<string>();
    const open = [name];
    while (open.length > 0) {
      const at = open.pop()!;
      if (seen.has(at) || constants.has(at)) continue;
      seen.add(at);
      const node = makers.get(at);
      if (node === undefined) continue;
      if (!HANDS_ON.has(node.opType)) return false;
      // What is chosen by is no value.
      open.push(...(node.opType === "Where" ? node.inputs.slice(1) : node.opType === "Gather" ? node.inputs.slice(0, 1) : node.inputs));
    }
    return true;
  };
  const subtractions = graph.nodes.filter((n) => n.opType === "Sub" && vector(n.inputs[1]) && !constants.has(n.inputs[0]!));
  return subtractions.flatMap((sub): Scaled[] => {
    if (subtractions.some((other) => other !== sub && other.inputs[0] === sub.inputs[0])) return [];
    const division: Node | undefined = graph.nodes.find((n) => n.opType === "Div" && n.inputs[0] === sub.outputs[0] && vector(n.inputs[1]));
    if (division === undefined || !fromColumns(sub.inputs[0]!)) return [];
    const { type, shape } = constants.get(sub.inputs[1]!)!;
    return [{ name: division.outputs[0]!, type: type as Scaled["type"], width: shape.at(-1) ?? 1 }];
  });
}

/** The scaled tensors' values for the rows. */
async function look(source: Parameters<typeof loadModelPackage>[0], onnx: OnnxModel, scaled: readonly Scaled[], rows: readonly Row[]): Promise<OutputData[]> {
  const there = new Set(onnx.graph.outputs.map((o) => o.name));
  const added = scaled.filter((s) => !there.has(s.name));
  const graph = { ...onnx.graph, outputs: [...onnx.graph.outputs, ...added.map(({ name, type, width }) => ({ name, type, shape: ["N", width] }))] };
  const outputs = added.map(({ name, type, width }): Output => ({ name: `scaled ${name}`, graphName: name, kind: "transformed", type, rowShape: [width] }));
  const { kernel: _, ...manifest } = source.manifest;
  const open = await loadModelPackage({ model: serializeModel({ ...onnx, graph }), signature: { ...source.signature, outputs: [...source.signature.outputs, ...outputs] }, manifest, digest: source.digest }, { engine: "onnxruntime", placement: "inline" });
  try {
    return (await predict(open, rows)).outputs.filter((o) => outputs.some((added) => added.name === o.output.name));
  } finally {
    await open.close();
  }
}

interface Found {
  readonly column: string;
  readonly middle: number;
  readonly spread: number;
}

function columnsOf({ data, width }: OutputData, rows: readonly Row[]): Found[] {
  return Array.from({ length: width }, (_, j): Found | undefined => {
    const values = Float64Array.from(rows, (__, i) => Number(data[i * width + j]));
    const column = Object.keys(rows[0]!).find((name) => isLinear(rows.map((row) => row[name]), values));
    const sorted = values.filter((v) => Number.isFinite(v)).sort();
    if (column === undefined || sorted.length < FEWEST_ROWS) return undefined;
    return { column, middle: quantile(sorted, 0.5), spread: quantile(sorted, 0.75) - quantile(sorted, 0.25) };
  }).filter((f) => f !== undefined);
}

/** Whether the scaled values are a straight line over the column's, wherever it has one. */
function isLinear(column: readonly unknown[], scaled: Float64Array): boolean {
  const points = column.flatMap((v, i) => ((typeof v === "number" || typeof v === "boolean") && Number.isFinite(Number(v)) && Number.isFinite(scaled[i]!) ? [[Number(v), scaled[i]!] as const] : []));
  const [first] = points;
  const second = points.find(([x]) => first !== undefined && x !== first[0]);
  if (first === undefined || second === undefined) return false;
  const slope = (second[1] - first[1]) / (second[0] - first[0]);
  return slope > 0 && points.every(([x, y]) => Math.abs(first[1] + slope * (x - first[0]) - y) <= 1e-4 * Math.max(1, Math.abs(y)));
}
