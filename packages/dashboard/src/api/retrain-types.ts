// What /api/v1/retrains answers: the server's own types, erased.

import type { Retrain, RetrainList, RetrainSetup, ShownRetrain } from "../../../slipway/src/registry-api/answers.ts";

export type { Retrain, RetrainList, RetrainSetup, ShownRetrain };
export type RetrainState = Retrain["state"];
