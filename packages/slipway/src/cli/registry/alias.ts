// slipway registry alias MODEL[:VERSION] [ALIAS]

import type { Registry } from "../../registry/index.ts";
import type { RegistryService } from "../../registry-api/index.ts";
import { defineCommand, usageError, type Command, type Invocation } from "../command.ts";
import { printJson, printNote, printResult } from "../output.ts";
import { textTable } from "../table.ts";
import { actingOptions, withActing, type Acting } from "./acting.ts";
import { minute, oneVersion, withRegistry } from "./with-registry.ts";

export const alias: Command = defineCommand({
  name: "registry alias",
  summary: "let a name such as production name a version; who moved it when",
  usage: "MODEL[:VERSION] [ALIAS] [--expect N] [--remove] [--override REASON]",
  arguments: [
    { name: "MODEL[:VERSION]", help: "with a version: what the alias is to name from now on; without: the model whose aliases are shown" },
    { name: "ALIAS", help: "production, staging ...", optional: true },
  ],
  options: {
    expect: { type: "string", value: "N", help: "only where the alias names version N now, or nothing (none)" },
    remove: { type: "boolean", help: "remove the alias" },
    override: { type: "string", value: "REASON", help: "an administrator's: past the policy, for an emergency; the audit log tells it" },
    ...actingOptions,
  },
  examples: ["slipway registry alias churn:3 production --expect 2", "slipway registry alias churn", "slipway registry alias churn production", "slipway registry alias churn canary --remove"],
  run(call) {
    const [what, name] = call.args as [string, string | undefined];
    if (call.flag("remove")) return removeAlias(call, what, name);
    if (/[:@]/.test(what)) return moveAlias(call, what, name);
    return withRegistry(false, (registry) => (name === undefined ? listAliases(registry, call, what) : showMoves(registry, call, what, name)));
  },
});

/** Past a policy where `--override` gives a reason. */
function acting(call: Invocation, work: (registry: Registry, acting: Acting) => Promise<number>): Promise<number> {
  const reason = call.text("override");
  return withActing(call, reason === undefined ? "release" : "govern", false, ({ registry, approvals }: RegistryService, person) =>
    reason === undefined ? work(registry, person) : approvals.override(reason, () => work(registry, person)));
}

async function moveAlias(call: Invocation, what: string, name: string | undefined): Promise<number> {
  if (name === undefined) throw usageError("missing-argument", "which alias is to name it?", { hint: `slipway registry alias ${what} production` });
  return acting(call, async (registry, { actor, allow }) => {
    const { model, version } = await oneVersion(registry, what);
    allow(model);
    const moved = await registry.setAlias(model, name, version, { actor, expected: expected(call) });
    if (call.flag("json")) printJson(moved);
    else printResult(`${model}@${name} is ${model}:${version}`);
    return 0;
  });
}

async function removeAlias(call: Invocation, model: string, name: string | undefined): Promise<number> {
  if (name === undefined || /[:@]/.test(model)) throw usageError("missing-argument", "--remove needs MODEL and ALIAS", { hint: "slipway registry alias churn canary --remove" });
  return acting(call, async (registry, { actor, allow }) => {
    allow(model);
    await registry.removeAlias(model, name, { actor, expected: expected(call) });
    if (call.flag("json")) printJson({ model, alias: name, version: null });
    else printResult(`${model}@${name} is removed`);
    return 0;
  });
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
