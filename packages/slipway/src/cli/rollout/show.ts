// A rollout for people.

import { stageName, type Rollout, type RolloutDetails } from "../../rollout/index.ts";
import type { Invocation } from "../command.ts";
import { printJson, printResult } from "../output.ts";
import { minute } from "../registry/with-registry.ts";

export function printRollout(call: Invocation, rollout: Rollout | RolloutDetails): void {
  if (call.flag("json")) return printJson(rollout);
  const { model, alias, baseline, candidate, state, stages, stage, verdict, findings, reason } = rollout;
  const going = state === "running" || state === "paused";
  const lines = [
    `${model}:${candidate} takes over ${alias} from ${model}:${baseline}: ${state}${going ? `, ${stageName(stages, stage)}` : ""}`,
    `rollout ${rollout.id}, begun ${minute(rollout.createdAt)} UTC by ${rollout.createdBy}${rollout.endedAt === null ? "" : `, ended ${minute(rollout.endedAt)}${rollout.endedBy === null ? "" : ` by ${rollout.endedBy}`}`}${rollout.comment === "" ? "" : `: ${rollout.comment}`}`,
    ...(rollout.plan.expectChange ? ["it is to answer otherwise: labels judge whether better"] : []),
    ...(reason === "" ? [] : [going ? `waits: ${reason}` : `because: ${reason}`]),
    ...(going && findings.length > 0 ? [`verdict: ${verdict}`, ...findings.map((f) => `  ${f.verdict.padEnd(7)}  ${f.signal}: ${f.text}`)] : []),
  ];
  if ("replicas" in rollout && going) {
    lines.push(...(rollout.replicas.length === 0 ? ["no service has taken it up yet: a running slipway up does within seconds"] : rollout.replicas.map((r) => `  replica ${r.replica}${r.replica === rollout.leader ? " (leads)" : ""}: ${r.problem ?? (r.ready ? (r.revision === rollout.revision ? "follows" : "is behind") : "loads")}`)));
  }
  printResult(lines.join("\n"));
}
