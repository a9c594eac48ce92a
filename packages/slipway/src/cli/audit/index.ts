// slipway audit COMMAND

import type { CommandGroup } from "../command.ts";

export const audit: CommandGroup = {
  name: "audit",
  summary: "who did what, and whether the log is as it was written",
  commands: {
    list: { summary: "entries of the log, in order", load: async () => (await import("./list.ts")).list },
    export: { summary: "the whole log as JSON lines", load: async () => (await import("./export.ts")).exportCommand },
    verify: { summary: "whether no entry was changed, removed or put in between", load: async () => (await import("./verify.ts")).verify },
  },
  notes: ["The log is that of the registry of this folder or of the environment, or of a running service (--server URL, SLIPWAY_SERVER)."],
};
