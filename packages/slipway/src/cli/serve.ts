// slipway serve PKG|FILE ...

import { VERSION } from "@slipway/core/base";
import { loadModelPackage, openModel, preloadEngine, type LoadOptions, type Model } from "../runtime/index.ts";
import { createLog, startServer } from "../server/index.ts";
import { defineCommand, usageError, type Command } from "./command.ts";
import { printJson, printNote, printResult } from "./output.ts";
import { curlLine } from "./curl-line.ts";

const PLACEMENTS = ["auto", "inline", "thread", "process"] as const;
const LEVELS = ["debug", "info", "warn", "error"] as const;

export const serve: Command = defineCommand({
  name: "serve",
  summary: "a running service from a file or package",
  usage: "PKG|FILE ... [--port 8080]",
  arguments: [{ name: "PKG|FILE", help: "packages or saved models; NAME=PATH gives one a name", many: true }],
  options: {
    host: { type: "string", value: "ADDRESS", help: "where to listen (127.0.0.1 by default: this machine only)" },
    port: { type: "string", short: "p", value: "PORT", help: "8080 by default; 0 takes any free port" },
    insecure: { type: "boolean", help: "listen beyond this machine though nobody has to prove who they are" },
    "allow-host": { type: "string", value: "NAME", multiple: true, help: "a host name beside localhost that requests may be addressed to" },
    entry: { type: "string", value: "NAME", help: "which model, where the file holds several" },
    preprocess: { type: "string", value: "FILE", multiple: true, help: "a fitted scaler or encoder that was saved beside the model and is applied before it; FILE#ENTRY or #ENTRY where a file holds several; may be repeated, in order" },
    placement: { type: "string", value: "WHERE", help: "where models run: auto (by measured cost; the default), inline, thread or process" },
    instances: { type: "string", value: "N", help: "workers a model that does not run inline; the processors by default" },
    threads: { type: "string", value: "N", help: "threads inside one operator" },
    provider: { type: "string", value: "NAME", multiple: true, help: "ONNX Runtime's execution provider, such as cuda, dml, coreml or webgpu; cpu takes what it does not" },
    "log-level": { type: "string", value: "LEVEL", help: `${LEVELS.join(", ")} (info by default)` },
    "drain-ms": { type: "string", value: "MS", help: "how long to serve on after SIGTERM before connections are drained (1000 by default)" },
  },
  examples: ["slipway serve churn.slip", "slipway serve model.joblib --port 0", "slipway serve a.slip fraud=model.pkl --port 9000"],
  async run(call) {
    const level = LEVELS.find((l) => l === (call.text("log-level") ?? "info"));
    if (level === undefined) throw usageError("bad-argument", `--log-level must be one of ${LEVELS.join(", ")}`);
    const port = call.count("port", [0, 65535]) ?? 8080;
    preloadEngine();
    const entry = call.text("entry");
    const preprocess = call.texts("preprocess");
    if (preprocess.length > 0 && call.args.length > 1) throw usageError("bad-argument", "--preprocess is for one model, and several are given", { hint: "Pack each with its preprocessing, then serve the packages." });
    const placement = PLACEMENTS.find((p) => p === (call.text("placement") ?? "auto"));
    if (placement === undefined) throw usageError("bad-argument", `--placement must be one of ${PLACEMENTS.join(", ")}`);
    const providers = call.texts("provider");
    const engine: LoadOptions = {
      placement, instances: call.count("instances", [1, 256]), threads: call.count("threads", [1, 256]),
      providers: providers.length === 0 ? undefined : [...new Set([...providers, "cpu"])],
    };
    const models: Model[] = [];
    for (const argument of call.args) {
      const named = /^([A-Za-z0-9][A-Za-z0-9._-]*)=(.+)$/.exec(argument);
      const opened = await openModel(named?.[2] ?? argument, { preprocess, ...(entry === undefined ? {} : { entry }), ...(named ? { name: named[1]! } : {}) });
      for (const warning of opened.imported?.compiled.warnings ?? []) printNote(`note: ${warning}`);
      const source = named ? { ...opened.package, manifest: { ...opened.package.manifest, name: named[1]! } } : opened.package;
      if (models.some((m) => m.name === source.manifest.name)) {
        throw usageError("bad-argument", `two models are named ${source.manifest.name}`, { hint: "Give one another name: NAME=PATH." });
      }
      models.push(await loadModelPackage(source, engine));
    }
    const drain = call.count("drain-ms", [0, 600_000]);
    const server = await startServer(models, {
      port, signals: true, insecure: call.flag("insecure"), version: VERSION,
      ...(call.text("host") === undefined ? {} : { host: call.text("host")! }),
      ...(call.texts("allow-host").length > 0 ? { allowedHosts: call.texts("allow-host") } : {}),
      ...(drain === undefined ? {} : { drainDelayMs: drain }),
      log: createLog({ level, pretty: process.stderr.isTTY }),
    });
    if (call.flag("json")) printJson({ url: server.url, models: models.map((m) => ({ name: m.name, version: m.version, digest: m.digest })) });
    else {
      const names = models.map((m) => `${m.name} ${m.version}`).join(", ");
      printResult(`serving ${names} on ${server.url}\n\n  try it in a browser   ${server.url}/\n  ask it                ${curlLine(server.url, models[0]!)}\n  its interface         ${server.url}/openapi.json\n\nCtrl-C stops.`);
    }
    await server.closed;
    return 0;
  },
});
