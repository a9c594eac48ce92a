// Predictions as TensorFlow Serving writes them: names only where there are several outputs, floats with a point, bare
// NaN and infinities, texts of outputs named *_bytes as {"b64": ...}.

import { type OutputData, predictError, type Prediction, type Servable } from "../../../runtime/index.ts";
import type { AnswerBody } from "../../http/call.ts";
import { rowDims, rowWriter, floatText, type NumberStyle } from "../shared/output-json.ts";
import { rowsText } from "../shared/pieces.ts";

const STYLE: NumberStyle = { special: "bare", point: true };

export function writeRowFormat({ rows, outputs }: Prediction): AnswerBody {
  const writers = outputs.map((o) => [JSON.stringify(o.output.name), valueWriter(o)] as const);
  const [first] = writers;
  const row = writers.length === 1 ? first![1] : (i: number) => `{${writers.map(([name, write]) => `${name}:${write(i)}`).join(",")}}`;
  return rowsText(rows, row, '{"predictions":[', "]}");
}

export function writeColumnarFormat(model: Servable, { rows, outputs }: Prediction): AnswerBody {
  const whole = model.signature.tensorRows === "none";
  const texts = outputs.map((o) => {
    const write = valueWriter(o);
    return whole ? write(0) : `[${Array.from({ length: rows }, (_, i) => write(i)).join(",")}]`;
  });
  return `{"outputs":${texts.length === 1 ? texts[0]! : `{${texts.map((t, i) => `${JSON.stringify(outputs[i]!.output.name)}:${t}`).join(",")}}`}}`;
}

function valueWriter(o: OutputData): (row: number) => string {
  if (o.output.type !== "string" || !o.output.name.endsWith("_bytes") || rowDims(o).length > 0) return rowWriter(o, STYLE);
  const data = o.data as string[];
  return (i) => `{"b64":"${Buffer.from(data[i]!, "utf8").toString("base64")}"}`;
}

export interface ClassScores {
  readonly labels: readonly string[];
  /** [N, width], row-major. */
  readonly data: ArrayLike<number>;
  readonly width: number;
}
/** The probabilities of the classes, or else their scores. @throws SlipwayError request-shape */
export function classScores(model: Servable, { outputs }: Prediction): ClassScores {
  const scores = outputs.find((o) => o.output.kind === "probabilities") ?? outputs.find((o) => o.output.kind === "score");
  const labels = scores?.output.columns;
  if (scores === undefined || labels === undefined || labels.length !== scores.width) {
    throw predictError("request-shape", `the model ${JSON.stringify(model.name)} gives no score for every class`, { hint: "Ask with :predict." });
  }
  return { labels: labels.map(String), data: scores.data as Float64Array, width: scores.width };
}
/** One number a row. @throws SlipwayError request-shape */
export function regressionValues(model: Servable, { outputs }: Prediction): OutputData {
  const value = outputs.find((o) => o.output.kind === "value" && o.output.type !== "string" && o.width === 1);
  if (value === undefined) throw predictError("request-shape", `the model ${JSON.stringify(model.name)} does not give one number a row`, { hint: "Ask with :predict." });
  return value;
}

/** [[label, score], ...] a row. */
export function writeClassification(model: Servable, prediction: Prediction): AnswerBody {
  const { labels, data, width } = classScores(model, prediction);
  const names = labels.map((l) => JSON.stringify(l));
  return rowsText(prediction.rows, (i) => `[${names.map((n, j) => `[${n},${floatText(data[i * width + j]!, STYLE)}]`).join(",")}]`, '{"results":[', "]}");
}
export function writeRegression(model: Servable, prediction: Prediction): AnswerBody {
  const write = rowWriter({ ...regressionValues(model, prediction), dims: [] }, STYLE);
  return rowsText(prediction.rows, write, '{"results":[', "]}");
}
