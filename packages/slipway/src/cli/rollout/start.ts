// slipway rollout start MODEL:VERSION --alias production

import { readFileSync } from "node:fs";
import { parseJson } from "../../runtime/index.ts";
import { defineCommand, usageError, type Command, type Invocation } from "../command.ts";
import { deskOptions, subjectOf } from "../release/desk.ts";
import { withRollouts } from "./desk.ts";
import { printRollout } from "./show.ts";

export const start: Command = defineCommand({
  name: "rollout start",
  summary: "let a version take over an alias step by step",
  usage: "MODEL:VERSION [--alias production] [--steps 1,10,100]",
  arguments: [{ name: "MODEL:VERSION", help: "the version that is to take over" }],
  options: {
    ...deskOptions,
    steps: { type: "string", value: "LIST", help: "per cent of requests, step by step: 1,5,25,50,100" },
    bake: { type: "string", value: "TIME", help: "the least time of a step, such as 10m" },
    requests: { type: "string", value: "N", help: "how many requests the new version has to answer in a step" },
    "no-shadow": { type: "boolean", help: "go on without asking it beside the old version first" },
    "expect-change": { type: "boolean", help: "it is to answer otherwise than the old version: labels judge whether better" },
    plan: { type: "string", value: "FILE", help: "a JSON file with the keys of `rollout` of the configuration, for this rollout alone" },
    comment: { type: "string", value: "TEXT", help: "kept with the rollout" },
  },
  examples: ["slipway rollout start churn:3", "slipway rollout start churn:3 --steps 5,50,100 --bake 10m", "slipway rollout start churn:3 --plan plan.json --server https://models.example"],
  run: (call) => withRollouts(call, "release", async (desk) => {
    const { model, version, alias } = subjectOf(call);
    const started = await desk.start({ model, version, alias, plan: planOf(call), comment: call.text("comment") ?? "" });
    printRollout(call, call.flag("json") ? started : await desk.get(started.id));
    return 0;
  }),
});

function planOf(call: Invocation): object {
  const [file, steps, bake] = [call.text("plan"), call.text("steps"), call.text("bake")];
  const requests = call.count("requests", [1, 1_000_000_000]);
  const given = file === undefined ? {} : readPlanFile(file);
  const weights = steps?.split(",").map((text) => {
    if (!/^\d{1,3}(?:\.\d{1,4})?$/.test(text.trim())) throw usageError("bad-argument", `--steps has ${JSON.stringify(text.slice(0, 50))}`, { hint: "Give per cents with commas between: 1,5,25,50,100." });
    return { weight: Number(text) };
  });
  return {
    ...given, ...(weights === undefined ? {} : { steps: weights }), ...(bake === undefined ? {} : { bake }), ...(requests === undefined ? {} : { requests }),
    ...(call.flag("expect-change") ? { expectChange: true } : {}), ...(call.flag("no-shadow") ? { shadow: { skip: true } } : {}),
  };
}

function readPlanFile(file: string): object {
  let value: unknown;
  try {
    value = parseJson(readFileSync(file, "utf8"));
  } catch (cause) {
    throw usageError("bad-argument", `the plan ${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw usageError("bad-argument", `the plan ${file} is not a JSON object`, { hint: 'For example {"steps": [{"weight": 10}, {"weight": 100}], "bake": "5m"}.' });
  return value;
}
