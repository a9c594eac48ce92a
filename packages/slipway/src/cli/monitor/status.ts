// slipway monitor status [MODEL]

import type { ModelView, Overview } from "../../monitor/index.ts";
import { STATE_WORDS } from "../../monitor/report/index.ts";
import { defineCommand, type Command } from "../command.ts";
import { printJson, printResult } from "../output.ts";
import { textTable } from "../table.ts";
import { monitorSource, SOURCE_OPTIONS } from "./source.ts";

export const status: Command = defineCommand({
  name: "monitor status",
  summary: "how the models that are served stand; exit code 1 where one of them drifts",
  usage: "[MODEL] [--server http://127.0.0.1:8080 | --store PATH]",
  arguments: [{ name: "MODEL", help: "one model, column by column; all of them by default", optional: true }],
  options: {
    ...SOURCE_OPTIONS,
    version: { type: "string", value: "VERSION", help: "of the model; the one that was watched last by default" },
    hours: { type: "string", value: "N", help: "how far back to look; 24 by default" },
  },
  examples: ["slipway monitor status --server http://127.0.0.1:8080", "slipway monitor status churn --store monitor.db --hours 168"],
  async run(call) {
    const source = await monitorSource(call);
    try {
      const [model] = call.args;
      if (model === undefined) {
        const found = await source.overview();
        if (call.flag("json")) printJson(found);
        else printResult(overviewText(found));
        return found.models.some((m) => m.state === "drift") ? 1 : 0;
      }
      const view = await source.model(model, call.text("version"), call.count("hours", [1, 8784]) ?? 24);
      if (call.flag("json")) printJson(view);
      else printResult(modelText(view));
      return view.state === "drift" ? 1 : 0;
    } finally {
      await source.close();
    }
  },
});

function overviewText({ models, replicas }: Overview): string {
  if (models.length === 0) return "nothing was asked yet";
  const table = textTable(["model", "version", "state", "rows", "errors", "p99 ms", "drifting"], models.map((m) => [m.model, m.version, m.reference ? STATE_WORDS[m.state] : "no reference", String(m.rows), String(m.errors), m.p99 === null ? "" : m.p99.toFixed(2), m.drifting.join(", ")]));
  const lost = replicas.filter((r) => r.state === "lost");
  return `${table}${lost.length === 0 ? "" : `\n\n${lost.length} replica${lost.length === 1 ? "" : "s"} ended without a word, and took up to ${lost.reduce((n, r) => n + r.lost, 0)} rows that were not written`}`;
}

function modelText(view: ModelView): string {
  const share = (n: number): string => `${(100 * n).toFixed(1)} %`;
  const lines = [`${view.model} ${view.version}: ${view.reference ? STATE_WORDS[view.state] : "its package has no profile to compare with"}${view.since === null ? "" : ` since ${view.since}`}`, `${view.requests} requests, ${view.rows} rows, ${view.errors} errors since ${view.from}`, ...(view.trafficReference === null ? [] : [`compared with reference ${view.trafficReference.number}, of traffic: ${view.trafficReference.rows} rows from ${view.trafficReference.from} to ${view.trafficReference.to}`])];
  if (view.columns.length > 0) lines.push("", textTable(["column", "state", "PSI", "bound", "missing", "before"], view.columns.map((c) => [c.name, STATE_WORDS[c.state], c.psi.toFixed(3), c.bound.toFixed(3), share(c.missing[0]), share(c.missing[1])])));
  if (view.quality.length > 0) lines.push("", ...view.quality.map((f) => f.message));
  const points = view.accuracy.points.filter((p) => Object.keys(p.metrics).length > 0);
  if (points.length > 0) lines.push("", textTable(["from", "labels", "ripe", ...Object.keys(points[0]!.metrics)], points.map((p) => [p.begins, `${p.labelled} of ${p.kept}`, p.ripe ? "yes" : "not yet", ...Object.values(p.metrics).map((v) => v.toFixed(4))])));
  const last = view.accuracy.points.at(-1);
  if (last?.estimate != null && !last.ripe) lines.push("", estimateText(last, view.accuracy.calibrated));
  return lines.join("\n");
}

function estimateText({ estimate, estimateInterval }: ModelView["accuracy"]["points"][number], calibrated: boolean): string {
  if (estimate?.mae !== undefined) return `estimated without labels for the last stretch: mae ${estimate.mae.toFixed(4)}${estimateInterval === null ? "" : ` (${estimateInterval[0].toFixed(4)} to ${estimateInterval[1].toFixed(4)})`}${calibrated ? ", calibrated by the labels that came" : ""}`;
  return `estimated without labels for the last stretch: accuracy ${estimate?.accuracy?.toFixed(4) ?? ""}${calibrated ? "" : " (if the model's probabilities mean what they say)"}`;
}
