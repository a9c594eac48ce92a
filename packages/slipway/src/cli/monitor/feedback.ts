// slipway monitor feedback FILE

import type { LabelOutcome } from "../../monitor/index.ts";
import { readRows, type RowStream } from "../../tables/index.ts";
import { defineCommand, usageError, type Command, type Invocation, type OptionSpec } from "../command.ts";
import { printJson, printResult } from "../output.ts";
import { monitorSource, SOURCE_OPTIONS, type MonitorSource } from "./source.ts";

/** Which columns hold what. */
export const LABEL_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  "id-column": { type: "string", value: "COLUMN", help: "holds the id of the prediction of a row; prediction_id by default" },
  "key-column": { type: "string", value: "COLUMN", help: "holds the business key, in the id's place" },
  "label-column": { type: "string", value: "COLUMN", help: "holds what turned out to be true; label by default" },
  "time-column": { type: "string", value: "COLUMN", help: "holds when it turned out" },
  model: { type: "string", value: "NAME", help: "labels by key are for this model only" },
};

export const feedback: Command = defineCommand({
  name: "monitor feedback",
  summary: "labels from a file: what turned out to be true of predictions",
  usage: "FILE [--key-column COLUMN | --id-column COLUMN] [--label-column COLUMN] [--server http://127.0.0.1:8080 | --store PATH]",
  arguments: [{ name: "FILE", help: "Parquet, Arrow, CSV, JSON or JSON lines, of any size; - for standard input" }],
  options: { ...SOURCE_OPTIONS, ...LABEL_OPTIONS },
  examples: ["slipway monitor feedback outcomes.csv --key-column customer_id --label-column churned --server http://127.0.0.1:8080", "slipway monitor feedback labels.parquet --store monitor.db"],
  async run(call) {
    const columns = labelColumns(call);
    const source = await monitorSource(call);
    try {
      const total = await sendRows(source, readRows(call.args[0]!), columns);
      if (call.flag("json")) printJson(total);
      else printResult(labelsText(total));
    } finally {
      await source.close();
    }
    return 0;
  },
});
export type LabelTotal = Record<keyof LabelOutcome | "labels", number>;
interface LabelColumns {
  readonly from: string;
  readonly to: "prediction_id" | "key";
  readonly label: string;
  readonly time: string | undefined;
  readonly model: string | undefined;
}

export function labelColumns(call: Invocation): LabelColumns {
  const key = call.text("key-column");
  if (key !== undefined && call.text("id-column") !== undefined) throw usageError("bad-argument", "--key-column and --id-column are two ways to find a prediction: give one");
  return { from: key ?? call.text("id-column") ?? "prediction_id", to: key === undefined ? "prediction_id" : "key", label: call.text("label-column") ?? "label", time: call.text("time-column"), model: call.text("model") };
}

/** Labels of rows, some at a time. */
export async function sendRows(source: MonitorSource, stream: RowStream, { from, to, label, time, model }: LabelColumns): Promise<LabelTotal> {
  const total = { labels: 0, new: 0, repeated: 0, corrected: 0, withdrawn: 0, unmatched: 0, strange: 0 };
  let first = 1;
  for await (const { rows } of stream) {
    for (const name of [from, label]) if (rows[0] !== undefined && !Object.hasOwn(rows[0], name)) throw usageError("bad-argument", `there is no column ${JSON.stringify(name)}`, { hint: `The columns: ${Object.keys(rows[0]).slice(0, 20).join(", ")}.` });
    const records = rows.filter((r) => r[label] !== null && r[from] !== null).map((r) => ({ [to]: r[from], label: r[label], ...(model === undefined ? {} : { model }), ...(time === undefined || r[time] === null ? {} : { at: String(r[time]) }) }));
    if (records.length > 0) add(total, records.length, await source.feedback(records, first));
    first += rows.length;
  }
  return total;
}

export function labelsText(total: LabelTotal): string {
  return `${total.labels} labels: ${total.new} new, ${total.corrected} corrected, ${total.repeated} known already${total.unmatched > 0 ? `; of ${total.unmatched} the prediction is not kept` : ""}${total.strange > 0 ? `; ${total.strange} ${total.strange === 1 ? "is" : "are"} none of the model's classes (or no number, where it predicts numbers), and in no metric` : ""}`;
}

function add(total: LabelTotal, labels: number, more: LabelOutcome): void {
  total.labels += labels;
  for (const name of ["new", "repeated", "corrected", "withdrawn", "unmatched", "strange"] as const) total[name] += more[name];
}
