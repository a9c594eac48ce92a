// slipway retrain follow MODEL|ID: what happens goes to the standard error stream as it happens, the end to the output.

import { setTimeout as sleep } from "node:timers/promises";
import { retrainError } from "../../retrain/index.ts";
import { defineCommand, type Command, type Invocation } from "../command.ts";
import { printJson, printNote, printResult } from "../output.ts";
import { findRetrain, retrainOptions, withRetrains, type RetrainDesk } from "./desk.ts";
import { printedSince, retrainText } from "./text.ts";

const LOOK_MS = 500;
/** A service that runs takes a training up within two seconds; one that is busy starts slowly. */
const UNATTENDED_MS = 10_000;

export const follow: Command = defineCommand({
  name: "retrain follow",
  summary: "look on until a training has ended: its stages, what the program prints, its rollout",
  usage: "MODEL|ID",
  arguments: [{ name: "MODEL|ID", help: "the latest training of a model, or one by its id" }],
  options: retrainOptions,
  examples: ["slipway retrain follow churn", "slipway retrain follow churn --server https://models.example"],
  run: (call) => withRetrains(call, "read", async (desk) => followed(call, desk, (await findRetrain(desk, call.args[0]!)).id)),
});

/** @returns 0 where it was promoted @throws retrain-unattended */
export async function followed(call: Invocation, desk: RetrainDesk, id: string): Promise<number> {
  const told = { event: 0, stage: 0, output: "" };
  const time = (at: string): string => at.slice(11, 19);
  let alone = performance.now();
  for (;;) {
    const now = await desk.get(id);
    const more = printedSince(told.output, now.output).trimEnd();
    if (more !== "") printNote(more.split("\n").map((line) => `  | ${line}`).join("\n"));
    told.output = now.output;
    for (const e of now.events.filter((x) => x.seq > told.event)) {
      printNote(`${time(e.at)} ${e.state}${e.text === "" ? "" : `: ${e.text}`}`);
      told.event = e.seq;
    }
    if (now.rollout !== null) {
      const { events } = await desk.rollout(now.rollout);
      for (const e of events.filter((x) => x.seq > told.stage)) {
        if (e.kind !== "leader") printNote(`${time(e.at)} rollout: ${e.text}`);
        told.stage = e.seq;
      }
    }
    if (now.endedAt !== null) {
      if (call.flag("json")) printJson(now);
      else printResult(retrainText({ ...now, output: "" }));
      return now.state === "promoted" ? 0 : 1;
    }
    if (await desk.attended(id)) alone = performance.now();
    else if (performance.now() - alone > UNATTENDED_MS) {
      throw retrainError("retrain-unattended", `nobody carries the training of ${now.model} out: no slipway up runs on this store`, { data: { retrain: id, state: now.state }, hint: "Start slipway up in this folder, or follow the service that has it: --server http://127.0.0.1:8080." });
    }
    await sleep(LOOK_MS);
  }
}
