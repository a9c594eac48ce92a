// slipway registry alias MODEL[:VERSION] [ALIAS]

import type { Registry } from "../../registry/index.ts";
import type { Actor } from "../../audit/index.ts";
import { defineCommand, usageError, type Command, type Invocation } from "../command.ts";
import { printJson, printNote, printResult } from "../output.ts";
import { textTable } from "../table.ts";
import { minute, oneVersion, withRegistry } from "./with-registry.ts";

export const alias: Command = defineCommand({
  name: "registry alias",
  summary: "let a name such as production name a version; who moved it when",
  usage: "MODEL[:VERSION] [ALIAS] [--expect N] [--remove]",
  arguments: [
    { name: "MODEL[:VERSION]", help: "with a version: what the alias is to name from now on; without: the model whose aliases are shown" },
    { name: "ALIAS", help: "production, staging ...", optional: true },
  ],
  options: {
    expect: { type: "string", value: "N", help: "only where the alias names version N now, or nothing (none)" },
    remove: { type: "boolean", help: "remove the alias" },
  },
  examples: ["slipway registry alias churn:3 production --expect 2", "slipway registry alias churn", "slipway registry alias churn production", "slipway registry alias churn canary --remove"],
  run: (call) => withRegistry(false, (registry, actor) => {
    const [what, name] = call.args as [string, string | undefined];
    if (call.flag("remove")) return removeAlias(registry, actor, call, what, name);
    if (/[:@]/.test(what)) return moveAlias(registry, actor, call, what, name);
    return name === undefined ? listAliases(registry, call, what) : showMoves(registry, call, what, name);
  }),
});

async function moveAlias(registry: Registry, actor: Actor, call: Invocation, what: string, name: string | undefined): Promise<number> {
  if (name === undefined) throw usageError("missing-argument", "which alias is to name it?", { hint: `slipway registry alias ${what} production` });
  const { model, version } = await oneVersion(registry, what);
  const moved = await registry.setAlias(model, name, version, { actor, expected: expected(call) });
  if (call.flag("json")) printJson(moved);
  else printResult(`${model}@${name} is ${model}:${version}`);
  return 0;
}

async function removeAlias(registry: Registry, actor: Actor, call: Invocation, model: string, name: string | undefined): Promise<number> {
  if (name === undefined || /[:@]/.test(model)) throw usageError("missing-argument", "--remove needs MODEL and ALIAS", { hint: "slipway registry alias churn canary --remove" });
  await registry.removeAlias(model, name, { actor, expected: expected(call) });
  if (call.flag("json")) printJson({ model, alias: name, version: null });
  else printResult(`${model}@${name} is removed`);
  return 0;
}

async function listAliases(registry: Registry, call: Invocation, model: string): Promise<number> {
  await registry.model(model);
  const found = await registry.aliases(model);
  if (call.flag("json")) printJson({ aliases: found });
  else if (found.length === 0) printNote(`${model} has no alias. slipway registry alias ${model}:1 production sets one.`);
  else printResult(textTable(["alias", "version", "set (UTC)", "by"], found.map((a) => [a.alias, `${model}:${a.version}`, minute(a.updatedAt), a.updatedBy])));
  return 0;
}

async function showMoves(registry: Registry, call: Invocation, model: string, name: string): Promise<number> {
  await registry.model(model);
  const moves = await registry.aliasHistory(model, name);
  if (call.flag("json")) printJson({ moves });
  else if (moves.length === 0) printNote(`${model} never had an alias ${name}`);
  else printResult(textTable(["revision", "named", "before", "when (UTC)", "by"], moves.map((m) => [String(m.revision), m.version === null ? "nothing" : `${model}:${m.version}`, m.previous === null ? "nothing" : `${model}:${m.previous}`, minute(m.at), m.by])));
  return 0;
}

function expected(call: Invocation): number | null | undefined {
  return call.text("expect") === "none" ? null : call.count("expect", [1, 1_000_000_000]);
}
