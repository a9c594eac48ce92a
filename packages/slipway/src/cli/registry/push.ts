// slipway registry push PKG|FILE

import { openModel } from "../../runtime/index.ts";
import { defineCommand, usageError, type Command } from "../command.ts";
import { printJson, printNote, printResult, progress } from "../output.ts";
import type { Version } from "../../registry/index.ts";
import { DEFAULT_ALIAS } from "../release/desk.ts";
import { actingOptions, withActing } from "./acting.ts";

export const push: Command = defineCommand({
  name: "registry push",
  summary: "offer a package or saved model as a version",
  usage: "PKG|FILE [--alias NAME] [--parent N] [--data TEXT] [--commit ID]",
  arguments: [{ name: "PKG|FILE", help: "a package, a saved model, or a reference such as oci://HOST/REPOSITORY:TAG", package: true }],
  options: {
    ...actingOptions,
    alias: { type: "string", value: "NAME", multiple: true, help: "let this alias name the version; may be repeated" },
    parent: { type: "string", value: "N", help: "the version it replaces or was retrained from; what the package says by default" },
    data: { type: "string", value: "TEXT", help: "where its training data is: an address, a query, a digest" },
    commit: { type: "string", value: "ID", help: "the commit of the code that trained it" },
    name: { type: "string", value: "NAME", help: "of a saved model: what to call it; from the file's name by default" },
    version: { type: "string", value: "VERSION", help: "of a saved model: its semantic version (0.0.0 by default)" },
    entry: { type: "string", value: "NAME", help: "which model, where the file holds several" },
    preprocess: { type: "string", value: "FILE", multiple: true, help: "a fitted scaler or encoder that was saved beside the model and is applied before it" },
  },
  examples: ["slipway registry push churn.slip --commit $(git rev-parse HEAD)", "slipway registry push churn.joblib --name churn --data s3://lake/churn/2026-01 --alias staging"],
  async run(call) {
    const [name, version, entry] = [call.text("name"), call.text("version"), call.text("entry")];
    const line = progress();
    line.update("reading ...");
    const opened = await openModel(call.args[0]!, {
      preprocess: call.texts("preprocess"), ...(name === undefined ? {} : { name }), ...(version === undefined ? {} : { version }), ...(entry === undefined ? {} : { entry }),
    }).finally(() => line.done());
    if (opened.imported === undefined && (name ?? version) !== undefined) throw usageError("bad-argument", "--name and --version are for saved models; a package has its own", { hint: "Pack the model again, or leave them out." });
    for (const warning of opened.imported?.compiled.warnings ?? []) printNote(`note: ${warning}`);
    if (opened.imported !== undefined) printNote("note: it has no golden rows inside, which the gate needs to judge it: slipway pack FILE --check check.csv makes a package that has");
    // Only who may release lets an alias name it.
    const aliases = call.texts("alias");
    return withActing(call, aliases.length === 0 ? "offer" : "release", true, async ({ registry, approvals }, { actor, allow }) => {
      allow(opened.package.manifest.name);
      line.update("storing ...");
      const offered = await registry.offer(opened.package, {
        actor, lineage: { parent: call.count("parent", [1, 1_000_000_000]), trainingData: call.text("data"), commit: call.text("commit") },
      }).finally(() => line.done());
      for (const alias of aliases) await registry.setAlias(offered.model, alias, offered.version, { actor });
      const result = await registry.version(`${offered.model}:${offered.version}`);
      if (call.flag("json")) printJson(result);
      else printResult(`${result.model}:${result.version}  ${result.digest}${result.aliases.map((a) => `  @${a}`).join("")}${next(result, approvals.policyFor(result.model, DEFAULT_ALIAS) !== undefined)}`);
      return 0;
    });
  },
});

/** Nothing where an alias names it already. */
function next({ model, version, aliases }: Version, asked: boolean): string {
  if (aliases.length > 0) return "";
  return `\n\nnext: ${asked ? `slipway request ${model}:${version} --alias ${DEFAULT_ALIAS}` : `slipway registry alias ${model}:${version} ${DEFAULT_ALIAS}`}`;
}
