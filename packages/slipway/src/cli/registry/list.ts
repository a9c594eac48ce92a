// slipway registry list [TEXT]

import { defineCommand, type Command } from "../command.ts";
import { printJson, printNote, printResult } from "../output.ts";
import { textTable } from "../table.ts";
import { minute, withRegistry } from "./with-registry.ts";

export const list: Command = defineCommand({
  name: "registry list",
  summary: "the models",
  usage: "[WORDS]",
  arguments: [{ name: "WORDS", help: "that must all occur in the model's name, description, authors, libraries or source", optional: true, many: true }],
  options: {
    limit: { type: "string", value: "N", help: "at most so many (100 by default)" },
    after: { type: "string", value: "NAME", help: "the next page: models after this name" },
  },
  examples: ["slipway registry list", "slipway registry list xgboost risk"],
  run: (call) => withRegistry(false, async (registry) => {
    const models = await registry.models({ text: call.args.join(" "), limit: call.count("limit", [1, 500]), after: call.text("after") });
    if (call.flag("json")) printJson({ models });
    else if (models.length === 0) printNote(call.args.length === 0 ? "the registry has no models. slipway registry push offers one." : "no model fits");
    else {
      printResult(textTable(["model", "latest", "versions", "aliases", "updated (UTC)", "description"], models.map((m) => [
        m.name, m.latest === null ? "-" : String(m.latest), String(m.versions), Object.entries(m.aliases).map(([a, v]) => `${a}=${v}`).join(" ") || "-", minute(m.updatedAt), m.description.split("\n")[0]!.slice(0, 60)])));
    }
    return 0;
  }),
});
