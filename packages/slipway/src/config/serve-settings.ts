// Every setting of `slipway serve`, and the section that `slipway test` reads. An entry here is an option, a SLIPWAY_ variable, a key of the configuration file and
// a row of docs/configuration.md (scripts/config-doc.ts).

import { ACCESS_SETTINGS } from "./access-settings.ts";
import { APPROVAL_SETTINGS } from "./approval-settings.ts";
import { DASHBOARD_SETTINGS } from "./dashboard-settings.ts";
import { GATE_SETTINGS } from "./gate-settings.ts";
import { LANGUAGE_SETTINGS } from "./language-settings.ts";
import { MODEL_SETTINGS } from "./model-settings.ts";
import { MONITOR_SETTINGS } from "./monitor-settings.ts";
import { TELEMETRY_SETTINGS } from "./telemetry-settings.ts";
import { PIPELINE_SETTINGS } from "./pipeline-settings.ts";
import { RECOMMEND_SETTINGS } from "./recommend-settings.ts";
import { RETRAIN_SETTINGS } from "./retrain-settings.ts";
import { ROLLOUT_SETTINGS } from "./rollout-settings.ts";
import { SCHEDULE_SETTINGS } from "./schedule-settings.ts";
import { PYTHON_SETTINGS } from "./python-settings.ts";
import type { Settings } from "./spec.ts";
import { WEBHOOK_SETTINGS } from "./webhook-settings.ts";

const settings = {
  host: { type: "text", value: "ADDRESS", default: "127.0.0.1", help: "where to listen; by default this machine only" },
  port: { type: "count", min: 0, max: 65535, default: 8080, short: "p", value: "PORT", help: "0 takes any free port" },
  insecure: { type: "flag", default: false, help: "listen beyond this machine though nobody has to prove who they are" },
  allowHost: { type: "texts", value: "NAME", help: "a host name beside localhost that requests may be addressed to" },
  tls: {
    type: "section", help: "",
    fields: {
      cert: { type: "text", value: "FILE", help: "encrypt: the server's certificate in PEM, with those between it and the root; read again when it changes" },
      key: { type: "text", value: "FILE", help: "the certificate's key in PEM" },
      ca: { type: "text", value: "FILE", help: "take clients that show a certificate of this authority (mutual TLS)" },
      client: { type: "choice", choices: ["required", "optional"], value: "WHICH", help: "whether every client must show one; with an authority, required is the default" },
    },
  },
  bodyLimit: { type: "bytes", min: 1024, max: 2_147_483_647, value: "BYTES", default: 67_108_864, help: "largest body of a request, before and after decompression" },
  requestTimeout: { type: "duration", min: 1, max: 3_600_000, value: "TIME", default: 60_000, help: "longest time for one prediction" },
  receiveTimeout: { type: "duration", min: 100, max: 3_600_000, value: "TIME", default: 120_000, help: "longest time for a request to arrive whole" },
  drainMs: { type: "count", max: 600_000, value: "MS", default: 1000, help: "how long to serve on after SIGTERM before connections are drained" },
  logLevel: { type: "choice", choices: ["debug", "info", "warn", "error"], default: "info", value: "LEVEL", help: "the least that is logged" },
  engine: { type: "choice", choices: ["auto", "onnxruntime", "kernel", "python"], default: "auto", value: "ENGINE", help: "auto: Slipway's own kernel for tabular models where it was seen to answer as ONNX Runtime does, else ONNX Runtime; python: what cannot be compiled, in processes of its own (never chosen by itself)" },
  python: { type: "section", help: "", fields: PYTHON_SETTINGS as typeof PYTHON_SETTINGS },
  language: { type: "section", help: "", fields: LANGUAGE_SETTINGS as typeof LANGUAGE_SETTINGS },
  processes: { type: "count", min: 0, max: 256, default: 1, value: "N", help: "processes that serve on the same port; 0 takes one a processor" },
  placement: { type: "choice", choices: ["auto", "inline", "thread", "process"], default: "auto", value: "WHERE", help: "where models run: auto goes by their measured cost" },
  instances: { type: "count", min: 1, max: 256, value: "N", help: "workers a model that does not run inline; the processors by default" },
  threads: { type: "count", min: 1, max: 256, value: "N", help: "threads inside one operator" },
  provider: { type: "texts", value: "NAME", help: "ONNX Runtime's execution provider, such as cuda, dml, coreml or webgpu; cpu takes what it does not" },
  repository: { type: "text", flag: "models", value: "DIR", help: "a folder of models: DIR/NAME/VERSION/file, DIR/NAME/file, or packages in DIR itself" },
  poll: { type: "duration", min: 100, max: 86_400_000, value: "TIME", help: "how often to look for changes in the folder of models; never by default" },
  lazy: { type: "flag", default: false, help: "load a model of the folder when it is first asked" },
  memoryBudget: { type: "bytes", min: 1_048_576, value: "BYTES", help: "unload the models asked least recently when what the loaded ones hold goes beyond this" },
  loadAtOnce: { type: "count", min: 1, max: 64, default: 1, value: "N", help: "how many models are loaded at the same time" },
  uploads: { type: "flag", default: false, help: "take models that come in a load request itself (Triton's `file:` parameters), not only those of the folder" },
  signatures: {
    type: "section", help: "",
    fields: {
      require: { type: "texts", flag: "require-signature", value: "KEY.pub", help: "serve only packages that the owner of one of these public keys signed (PEM); may be repeated" },
      roots: { type: "texts", flag: "signature-root", value: "ROOT.pem", help: "take signers whose certificate leads to one of these root certificates too" },
    },
  },
  models: { type: "map", keys: "models' names", of: { type: "section", help: "", fields: MODEL_SETTINGS as typeof MODEL_SETTINGS }, help: "settings of single models, by name" },
  pipelines: { type: "map", keys: "pipelines' names", of: { type: "section", help: "", fields: PIPELINE_SETTINGS as typeof PIPELINE_SETTINGS }, help: "pipelines and ensembles of the served models, each served as one more model" },
  monitor: { type: "section", required: true, fields: MONITOR_SETTINGS as typeof MONITOR_SETTINGS, help: "how models are watched" },
  recommend: { type: "section", required: true, fields: RECOMMEND_SETTINGS as typeof RECOMMEND_SETTINGS, help: "how items are recommended" },
  gate: { type: "section", flag: false, fields: GATE_SETTINGS as typeof GATE_SETTINGS, help: "what `slipway test` asks of a model before it may be released" },
  approvals: { type: "map", keys: "aliases", of: { type: "section", help: "", fields: APPROVAL_SETTINGS as typeof APPROVAL_SETTINGS }, help: "what must be so before an alias of the registry may name a version, by alias; * for every other alias" },
  retrain: { type: "map", keys: "models' names", of: { type: "section", help: "", fields: RETRAIN_SETTINGS as typeof RETRAIN_SETTINGS }, help: "of `slipway up`: when and how models are trained anew, by name" },
  rollout: { type: "section", flag: false, fields: ROLLOUT_SETTINGS as typeof ROLLOUT_SETTINGS, help: "how a new version takes over from the one before" },
  webhooks: { type: "section", flag: false, fields: WEBHOOK_SETTINGS as typeof WEBHOOK_SETTINGS, help: "how the registry's webhooks are delivered" },
  schedules: { type: "map", keys: "schedules' names", of: { type: "section", help: "", fields: SCHEDULE_SETTINGS as typeof SCHEDULE_SETTINGS }, help: "of `slipway up`: batch runs that are made by the clock, by name" },
} as const;

export const SERVE_SETTINGS: typeof settings & typeof ACCESS_SETTINGS & typeof DASHBOARD_SETTINGS & typeof TELEMETRY_SETTINGS = { ...settings, ...ACCESS_SETTINGS, ...DASHBOARD_SETTINGS, ...TELEMETRY_SETTINGS };
export type ServeSettings = Settings<typeof SERVE_SETTINGS>;
