// What the routes work on.

import type { Approvals } from "../approvals/index.ts";
import type { GateSettings } from "../config/index.ts";
import type { Registry } from "../registry/index.ts";
import type { Retrainer, Retrains } from "../retrain/index.ts";
import type { Rollouts } from "../rollout/index.ts";
import type { Schedules } from "../schedules/index.ts";
import type { Deliverer, Webhooks } from "../webhooks/index.ts";
import type { GateRuns } from "./gate-runs.ts";
import type { Jobs } from "./jobs/jobs.ts";

export interface RegistryServices {
  readonly registry: Registry;
  readonly approvals: Approvals;
  readonly webhooks: Webhooks;
  readonly deliverer: Deliverer;
  readonly jobs: Jobs;
  readonly gate: GateRuns;
  readonly rollouts: Rollouts;
  readonly retrains: Retrains;
  readonly retrainer: Retrainer;
  readonly schedules: Schedules;
  readonly gateSettings: Partial<GateSettings>;
  /** Largest upload in bytes. */
  readonly uploadLimit: number;
  /** Where API keys are kept; undefined where they are not in a file of this server. */
  readonly keyFile: string | undefined;
  /** Told of what fails beside what was asked for. */
  readonly onError: (error: unknown) => void;
  /** Where uploads are kept while they are read. */
  readonly folder: string;
}
