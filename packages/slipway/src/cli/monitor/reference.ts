// slipway monitor reference MODEL --from TIME --to TIME

import { defineCommand, usageError, type Command } from "../command.ts";
import { printJson, printResult } from "../output.ts";
import { monitorSource, SOURCE_OPTIONS } from "./source.ts";

export const reference: Command = defineCommand({
  name: "monitor reference",
  summary: "compare a model with what was counted in a period that was healthy, in place of its package's profile",
  usage: "MODEL --from TIME [--to TIME] [--server http://127.0.0.1:8080 | --store PATH]",
  arguments: [{ name: "MODEL", help: "the model" }],
  options: {
    ...SOURCE_OPTIONS,
    from: { type: "string", value: "TIME", help: "windows that begin from this time on, such as 2026-03-01T10:00:00Z" },
    to: { type: "string", value: "TIME", help: "and before this one; now by default" },
    package: { type: "boolean", help: "compare with the package's profile again" },
    version: { type: "string", value: "VERSION", help: "of the model; the one that was watched last by default" },
  },
  examples: ["slipway monitor reference churn --from 2026-03-02 --to 2026-03-09 --server http://127.0.0.1:8080", "slipway monitor reference churn --package --store monitor.db"],
  async run(call) {
    const [from, to] = [call.text("from"), call.text("to")];
    if (call.flag("package") === (from !== undefined || to !== undefined)) throw usageError(from === undefined ? "missing-argument" : "bad-argument", "monitor reference needs a period (--from, --to) or --package, and not both");
    const source = await monitorSource(call);
    try {
      const made = await source.reference(call.args[0]!, { from, to, version: call.text("version") });
      if (call.flag("json")) printJson(made);
      else printResult(made.reference === null ? `${made.model} ${made.version} is compared with its package's profile` : `${made.model} ${made.version} is compared with reference ${made.reference.number}: ${made.reference.rows} rows from ${made.reference.from} to ${made.reference.to}`);
      return 0;
    } finally {
      await source.close();
    }
  },
});
