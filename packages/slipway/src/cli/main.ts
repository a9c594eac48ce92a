// The command line's door: every command.

import { runCommand, type Commands } from "./run-command.ts";

const COMMANDS: Commands = {
  inspect: { summary: "what is inside a model file, safely; what can be compiled and what cannot", load: async () => (await import("./inspect.ts")).inspect },
  convert: { summary: "only the compiled ONNX", load: async () => (await import("./convert.ts")).convert },
  pack: { summary: "one package of the compiled model, its signature and its checks", load: async () => (await import("./pack.ts")).pack },
  test: { summary: "the gate: whether a model may be released", load: async () => (await import("./test.ts")).test },
  push: { summary: "a package into an OCI registry", load: async () => (await import("./push.ts")).push },
  pull: { summary: "a package out of an OCI registry", load: async () => (await import("./pull.ts")).pull },
  predict: { summary: "one-off predictions from a file or package", load: async () => (await import("./predict.ts")).predict },
  sign: { summary: "sign a package, or any model's files, with a private key", load: async () => (await import("./sign.ts")).sign },
  verify: { summary: "whether a trusted key signed exactly this package or these files", load: async () => (await import("./verify.ts")).verify },
  keys: { summary: "API keys: who may ask a service, and what; keys for signing", load: async () => (await import("./keys.ts")).keys },
  index: { summary: "a package that finds passages of a folder of documents", load: async () => (await import("./index-folder.ts")).indexFolder },
  optimize: { summary: "a smaller or faster package, with the accuracy that it costs", load: async () => (await import("./optimize.ts")).optimize },
  batch: { summary: "predictions in bulk: files of any size, no row lost and none twice", load: async () => (await import("./batch.ts")).batch },
  schedules: { summary: "batch runs by the clock: now, pause, what they did", load: async () => (await import("./schedules/index.ts")).schedules },
  worker: { summary: "one of the processes that share bulk runs", load: async () => (await import("./worker.ts")).worker },
  bench: { summary: "throughput, latency, and how many replicas a load needs", load: async () => (await import("./bench.ts")).bench },
  image: { summary: "a container image of a package, without Docker", load: async () => (await import("./image.ts")).image },
  monitor: { summary: "whether served models are asked what they were made for; labels and accuracy", load: async () => (await import("./monitor/index.ts")).monitor },
  deploy: { summary: "a package onto a platform, and whether an image does what a platform asks of it", load: async () => (await import("./deploy.ts")).deploy },
  client: { summary: "a typed TypeScript client of a model or a running service", load: async () => (await import("./client.ts")).client },
  edge: { summary: "a folder with which a browser or a device predicts by itself", load: async () => (await import("./edge.ts")).edge },
  registry: { summary: "versions of models, and the aliases that name them", load: async () => (await import("./registry/index.ts")).registry },
  up: { summary: "the registry, its dashboard, and every released model served", load: async () => (await import("./up.ts")).up },
  request: { summary: "ask that an alias name a version, for others to approve", load: async () => (await import("./release/request.ts")).request },
  approve: { summary: "approve a release that was asked for", load: async () => (await import("./release/decide.ts")).approve },
  reject: { summary: "reject a release that was asked for", load: async () => (await import("./release/decide.ts")).reject },
  promote: { summary: "let an alias name what was approved", load: async () => (await import("./release/promote.ts")).promote },
  rollout: { summary: "let a new version take over step by step, judged beside the old one", load: async () => (await import("./rollout/index.ts")).rollout },
  retrain: { summary: "train a model anew, and what became of it", load: async () => (await import("./retrain/index.ts")).retrain },
  audit: { summary: "who did what, and whether the log is as it was written", load: async () => (await import("./audit/index.ts")).audit },
  serve: { summary: "a running service from a file or package", load: async () => (await import("./serve.ts")).serve },
};

/** Runs one command and ends the process. */
export async function main(argv: readonly string[]): Promise<void> {
  process.exitCode = await run(argv);
  // One of several processes that serve together: its channel to the first would keep it alive.
  if (process.connected && process.env["_SLIPWAY_PROCESS"] !== undefined) process.exit();
}

export function run(argv: readonly string[]): Promise<number> {
  return runCommand(COMMANDS, argv);
}
