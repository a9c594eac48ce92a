// slipway monitor erase KEY

import { eraseKey } from "../../monitor/index.ts";
import { defineCommand, type Command } from "../command.ts";
import { printJson, printResult } from "../output.ts";
import { monitorSource, SOURCE_OPTIONS } from "./source.ts";

export const erase: Command = defineCommand({
  name: "monitor erase",
  summary: "forget everything of a business key: predictions that wait for labels, labels, lines of the log",
  usage: "KEY [--server http://127.0.0.1:8080 | --store PATH] [--log DIR]",
  arguments: [{ name: "KEY", help: "a value of the column that --feedback-key names" }],
  options: { ...SOURCE_OPTIONS, log: { type: "string", value: "DIR", help: "also from this log of predictions; a service that runs erases from its own" } },
  examples: ["slipway monitor erase c-17 --server http://127.0.0.1:8080", "slipway monitor erase c-17 --store monitor.db --log predictions"],
  async run(call) {
    const key = call.args[0]!;
    const source = await monitorSource(call);
    try {
      const erased = await source.erase(key);
      const folder = call.text("log");
      const logged = erased.logged + (folder === undefined ? 0 : await eraseKey(folder, key));
      if (call.flag("json")) printJson({ ...erased, logged });
      else printResult(`erased: ${erased.predictions} predictions, ${erased.labels} labels, ${logged} lines of the log. Counts of windows hold no rows, and stay.`);
      return 0;
    } finally {
      await source.close();
    }
  },
});
