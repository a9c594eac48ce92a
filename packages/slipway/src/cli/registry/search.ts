// slipway registry search WORDS

import { defineCommand, type Command } from "../command.ts";
import { printJson, printNote, printResult } from "../output.ts";
import { versionTable } from "./versions.ts";
import { withRegistry } from "./with-registry.ts";

export const search: Command = defineCommand({
  name: "registry search",
  summary: "versions by name, description, author, library, source or digest",
  usage: "WORDS",
  arguments: [{ name: "WORDS", help: "that must all occur, in any case", many: true }],
  options: { limit: { type: "string", value: "N", help: "at most so many, the newest first (100 by default)" } },
  examples: ["slipway registry search scikit-learn 1.5", "slipway registry search $(sha256sum churn.joblib | cut -d' ' -f1)"],
  run: (call) => withRegistry(false, async (registry) => {
    const found = await registry.search(call.args.join(" "), call.count("limit", [1, 1000]));
    if (call.flag("json")) printJson({ versions: found });
    else if (found.length === 0) printNote("no version fits");
    else printResult(versionTable(found));
    return 0;
  }),
});
