// slipway rollout compare CHAMPION CHALLENGER --in data

import { basename } from "node:path";
import { compareModels, type ComparedOutput, type ModelComparison } from "../../gate/index.ts";
import { loadModelPackage, openModel, type Model } from "../../runtime/index.ts";
import { readRows } from "../../tables/index.ts";
import { defineCommand, usageError, type Command } from "../command.ts";
import { printJson, printResult, progress } from "../output.ts";
import { textTable } from "../table.ts";

export const compare: Command = defineCommand({
  name: "rollout compare",
  summary: "two models over the same rows: where they differ, and which is better",
  usage: "CHAMPION CHALLENGER --in DATA [--target COLUMN]",
  arguments: [
    { name: "CHAMPION", help: "the model in use: a package, a saved model, NAME@production ...", package: true },
    { name: "CHALLENGER", help: "the model that may take its place", package: true },
  ],
  options: {
    in: { type: "string", value: "DATA", help: "rows: CSV, JSON, JSON lines, Parquet or Arrow, of any size" },
    target: { type: "string", value: "COLUMN", help: "the column that says what was true: figures of both with confidence intervals" },
    seed: { type: "string", value: "N", help: "of what is drawn at random (1 by default)" },
  },
  examples: ["slipway rollout compare churn@production churn:4 --in customers.parquet", "slipway rollout compare old.slip new.joblib --in labelled.csv --target churned"],
  async run(call) {
    const data = call.text("in");
    if (data === undefined) throw usageError("missing-argument", "the rows are missing", { hint: "Give --in DATA." });
    if (data === "-") throw usageError("bad-argument", "the rows are read twice, so they cannot come from standard input", { hint: "Write them to a file first." });
    const [first, second] = call.args as [string, string];
    const target = call.text("target");
    const seed = call.count("seed", [1, 2 ** 31 - 1]);
    const line = progress();
    const models: Model[] = [];
    try {
      line.update("reading the models ...");
      for (const path of [first, second]) models.push(await loadModelPackage((await openModel(path)).package));
      line.update("comparing ...");
      const [champion, challenger] = models as [Model, Model];
      const compared = await compareModels({ champion, challenger, rows: () => readRows(data), file: basename(data), ...(target === undefined ? {} : { target }), ...(seed === undefined ? {} : { seed }) });
      line.done();
      if (call.flag("json")) printJson(compared);
      else printResult(comparisonText(compared));
      return 0;
    } finally {
      line.done();
      await Promise.all(models.map((m) => m.close()));
    }
  },
});

function comparisonText({ champion, challenger, rows, compared, refused, outputs, quality }: ModelComparison): string {
  const refusals = ([["both refuse", refused.both], ["only the champion refuses", refused.champion], ["only the challenger refuses", refused.challenger]] as const).filter(([, n]) => n > 0);
  const lines = [
    `champion    ${champion.name} ${champion.version}`, `challenger  ${challenger.name} ${challenger.version}`,
    `${compared.toLocaleString("en")} of ${rows.toLocaleString("en")} rows compared${refusals.map(([what, n]) => `; ${what} ${n.toLocaleString("en")}`).join("")}`, "",
    ...outputs.flatMap(outputLines),
  ];
  if (quality !== null) {
    lines.push("", `on ${quality.rows.toLocaleString("en")} rows with ${quality.target}, better by more than chance where the interval is on one side of 0:`,
      textTable(["metric", "champion", "challenger", "better by", "95 % from", "to", ""], quality.gains.map((g) => [g.metric, ...[g.theirs, g.mine, g.gain, g.low, g.high].map(short), g.low > 0 ? "better" : g.high < 0 ? "worse" : "no difference"])));
  }
  return lines.join("\n");
}
function outputLines({ output, labels, numbers, distribution }: ComparedOutput): string[] {
  return [
    ...(labels === null ? [] : [`${output}: ${percent(labels.share)} of ${labels.rows.toLocaleString("en")} differ (95 %: ${percent(labels.interval[0])} to ${percent(labels.interval[1])})`, ...labels.changes.slice(0, 5).map((c) => `  ${c.from} -> ${c.to}: ${c.rows.toLocaleString("en")}`)]),
    ...(numbers === null ? [] : numbers.largest === 0 ? [`${output}: all equal`] : [`${output}: ${short(numbers.rootMeanSquare)} apart (root mean square; ${short(numbers.relative)} standard deviations), on average ${numbers.meanDifference > 0 ? "higher" : "lower"} by ${short(Math.abs(numbers.meanDifference))}, at most ${short(numbers.largest)}`]),
    ...(distribution === null ? [] : [`  distributed ${distribution.drifted ? "otherwise" : "alike"}: PSI ${short(distribution.psi)}, bound ${short(distribution.bound)}`]),
  ];
}
function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
