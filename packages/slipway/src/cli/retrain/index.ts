// slipway retrain COMMAND

import type { CommandGroup } from "../command.ts";

export const retrain: CommandGroup = {
  name: "retrain",
  summary: "train a model anew, and what became of it",
  commands: {
    list: { summary: "trainings, and why a trigger begins none", load: async () => (await import("./list.ts")).list },
    show: { summary: "one training: its cause, its stages, what the program printed", load: async () => (await import("./show.ts")).show },
    begin: { summary: "train a model now, whatever its triggers say", load: async () => (await import("./begin.ts")).begin },
    follow: { summary: "look on until it has ended", load: async () => (await import("./follow.ts")).follow },
    cancel: { summary: "end a training; a rollout that it began goes on", load: async () => (await import("./acts.ts")).cancel },
    "hand-in": { summary: "the version that an outside service trained", load: async () => (await import("./acts.ts")).handIn },
  },
  notes: [
    "How a model is trained stands under `retrain` of slipway.config.yaml; slipway up carries it out.",
    "A training is named by its model (the latest one of it) or by its id.",
  ],
};
