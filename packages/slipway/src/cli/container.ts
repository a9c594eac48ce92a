// What runs in images: as the command line, with the commands that a container needs and `serve` where none is named. Where
// AWS Lambda runs it, it asks Lambda for its work instead. `health` is for platforms that look at a container's health by
// running something in it: there is no shell and no curl.

import { IMAGE_ROOT } from "./hosting.ts";
import { runCommand, type Commands } from "./run-command.ts";

const COMMANDS: Commands = {
  serve: { summary: "a running service of the image's models", load: async () => (await import("./serve.ts")).serve },
  health: { summary: "whether the service in this container is ready", load: async () => (await import("./health.ts")).health },
  batch: { summary: "predictions in bulk: files of any size, no row lost and none twice", load: async () => (await import("./batch.ts")).batch },
  worker: { summary: "one of the processes that share bulk runs", load: async () => (await import("./worker.ts")).worker },
  predict: { summary: "one-off predictions from a file or package", load: async () => (await import("./predict.ts")).predict },
  inspect: { summary: "what is inside a model file, safely; what can be compiled and what cannot", load: async () => (await import("./inspect.ts")).inspect },
  test: { summary: "the gate: whether a model may be released", load: async () => (await import("./test.ts")).test },
  verify: { summary: "whether a trusted key signed exactly this package or these files", load: async () => (await import("./verify.ts")).verify },
};

process.env[IMAGE_ROOT] ??= "/";
const api = process.env["AWS_LAMBDA_RUNTIME_API"];
const argv = process.argv.slice(2);
process.exitCode = api !== undefined ? await (await import("./lambda.ts")).lambda(api) : await runCommand(COMMANDS, argv.length === 0 ? ["serve"] : argv);
// One of several processes that serve together: its channel to the first would keep it alive.
if (process.connected && process.env["_SLIPWAY_PROCESS"] !== undefined) process.exit();
