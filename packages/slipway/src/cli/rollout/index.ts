// slipway rollout COMMAND

import type { CommandGroup } from "../command.ts";

export const rollout: CommandGroup = {
  name: "rollout",
  summary: "let a new version take over step by step, judged beside the old one",
  commands: {
    start: { summary: "begin: golden rows, shadow, then more and more requests", load: async () => (await import("./start.ts")).start },
    status: { summary: "how far it is, what the signals say and what it waits for", load: async () => (await import("./status.ts")).status },
    history: { summary: "the rollouts of a model, and what happened in them", load: async () => (await import("./history.ts")).history },
    pause: { summary: "nothing goes forward; what is bad is aborted all the same", load: async () => (await import("./acts.ts")).pause },
    resume: { summary: "go on; the time of the step begins anew", load: async () => (await import("./acts.ts")).resume },
    advance: { summary: "on to the next stage without its verdict", load: async () => (await import("./acts.ts")).advance },
    promote: { summary: "to the end without further verdicts, as the alias's policy allows", load: async () => (await import("./acts.ts")).promote },
    compare: { summary: "two models over the same rows, for those that are scored in bulk", load: async () => (await import("./compare.ts")).compare },
    rollback: { summary: "after a promotion: back to the version before", load: async () => (await import("./rollback.ts")).rollback },
    abort: { summary: "everything back to the old version at once", load: async () => (await import("./acts.ts")).abort },
  },
  notes: [
    "A rollout is carried out by the services that run on the same registry (slipway up); these commands say what is wanted and show how it goes.",
    "It is named by its model (the latest one of it) or by its id.",
  ],
};
