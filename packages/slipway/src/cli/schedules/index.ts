// slipway schedules COMMAND

import type { CommandGroup } from "../command.ts";

export const schedules: CommandGroup = {
  name: "schedules",
  summary: "batch runs by the clock",
  commands: {
    list: { summary: "the schedules, and when each is due next", load: async () => (await import("./list.ts")).list },
    run: { summary: "a run now, beside those of the clock", load: async () => (await import("./run.ts")).run },
    runs: { summary: "a schedule's runs, or what one of them said and wrote", load: async () => (await import("./runs.ts")).runs },
    pause: { summary: "no run is begun any more until it is resumed", load: async () => (await import("./turn.ts")).pause },
    resume: { summary: "go on by the clock", load: async () => (await import("./turn.ts")).resume },
  },
  notes: ["Schedules stand under `schedules` of slipway.config.yaml; slipway up makes their runs."],
};
