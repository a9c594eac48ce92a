// What a training needs of this room: packing a file and running the gate, each in a process of its own.

import type { Workshop } from "../retrain/index.ts";
import type { GateSettings } from "../config/index.ts";
import { apiError } from "./errors.ts";
import type { GateRuns } from "./gate-runs.ts";
import type { Jobs } from "./jobs/jobs.ts";

export function workshopOf(jobs: Jobs, gate: GateRuns, settings: Partial<GateSettings>): Workshop {
  return {
    async pack(path, name, out, check) {
      const packed = await jobs.run({ kind: "pack", path, name, out, check });
      if (packed.name !== name) throw apiError("offer-misnamed", `the package is called ${packed.name}, and is offered to ${name}`, { data: { name: packed.name } });
      return packed.path;
    },
    startGate: (model, version, actor) => gate.start(model, version, { settings }, actor),
    gate: (model, version) => gate.get(model, version),
  };
}
