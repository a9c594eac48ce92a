// What /api/v1/monitor answers: the server's own types, erased.

import type { ModelSummary, ModelView, Overview } from "../../../slipway/src/monitor/views.ts";

export type WatchedModel = ModelSummary;
export type Replica = Overview["replicas"][number];
export type ModelWatch = ModelView;
export type DriftState = WatchedModel["state"];
export type WatchedWindow = ModelView["windows"][number];
export type WatchedColumn = ModelView["columns"][number];
export type Bins = WatchedColumn["bins"];
export type AccuracyPoint = ModelView["accuracy"]["points"][number];
export type Alert = ModelView["alerts"][number];
