// slipway monitor COMMAND

import type { CommandGroup } from "../command.ts";

export const monitor: CommandGroup = {
  name: "monitor",
  summary: "whether served models are asked what they were made for; labels and accuracy",
  commands: {
    report: { summary: "whether a file's rows are distributed as the package's profile; one HTML file", load: async () => (await import("./report.ts")).report },
    status: { summary: "how the models that are served stand: traffic, errors, drift, accuracy", load: async () => (await import("./status.ts")).status },
    feedback: { summary: "labels from a file: what turned out to be true of predictions", load: async () => (await import("./feedback.ts")).feedback },
    labels: { summary: "labels from a database, again and again only what is new", load: async () => (await import("./labels.ts")).labels },
    reference: { summary: "compare with a healthy period's traffic in place of the package's profile", load: async () => (await import("./reference.ts")).reference },
    query: { summary: "SQL over the log of predictions", load: async () => (await import("./query.ts")).query },
    export: { summary: "the log of predictions as one Parquet file", load: async () => (await import("./query.ts")).exportCommand },
    erase: { summary: "forget everything of a business key", load: async () => (await import("./erase.ts")).erase },
  },
  notes: ["What a service counts is in its memory, or in the store that --monitor-store names; slipway up keeps it in its database."],
};
