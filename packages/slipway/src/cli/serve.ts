// slipway serve PKG|FILE ...

import cluster from "node:cluster";
import { existsSync } from "node:fs";
import { VERSION } from "@slipway/core/base";
import { availableCpus, Model, preloadEngine, splitEntry } from "../runtime/index.ts";
import { checkPort, createLog, isAuthenticated, Logger, makeKey, runPrimary, startServer } from "../server/index.ts";
import { DASHBOARD_SETTINGS, resolveConfig, SERVE_SETTINGS } from "../config/index.ts";
import { configOptions, configSources } from "./config-options.ts";
import { hostingOf } from "./hosting.ts";
import { followParent } from "./follow-parent.ts";
import { accessOptions } from "./serve-access.ts";
import { embeddingProtocols, openLanguageModels } from "./serve-language.ts";
import { openServedModels } from "./serve-models.ts";
import { openMonitor } from "./serve-monitor.ts";
import { openRecommending } from "./serve-recommend.ts";
import { telemetryOptions } from "./serve-telemetry.ts";
import { defineCommand, usageError, type Command } from "./command.ts";
import { printJson, printNote, printResult } from "./output.ts";
import { tlsOptions } from "./tls-options.ts";
import { trimMemory } from "./trim-memory.ts";
import { chatLine, curlLine } from "./curl-line.ts";

/** Those of `slipway up` stand in the same file and are no options here. */
const OPTIONS = Object.fromEntries(Object.entries(SERVE_SETTINGS).filter(([key]) => !Object.hasOwn(DASHBOARD_SETTINGS, key)));

export const serve: Command = defineCommand({
  name: "serve",
  summary: "a running service from a file or package",
  usage: "PKG|FILE ... [--port 8080]",
  arguments: [{ name: "PKG|FILE", help: "packages (files, or oci://HOST/REPOSITORY:TAG) or saved models; NAME=PATH gives one a name", package: true, many: true, optional: true }],
  options: {
    ...configOptions(OPTIONS),
    entry: { type: "string", value: "NAME", help: "which model, where the file holds several" },
    preprocess: { type: "string", value: "FILE", multiple: true, help: "a fitted scaler or encoder that was saved beside the model and is applied before it; FILE#ENTRY or #ENTRY where a file holds several; may be repeated, in order" },
  },
  examples: ["slipway serve churn.slip", "slipway serve model.joblib --port 0", "slipway serve a.slip fraud=model.pkl --port 9000", "slipway serve --models ./models --poll 5s", "slipway serve oci://ghcr.io/acme/churn:1.2.0", "slipway serve chat=model.gguf --context 8192"],
  async run(call) {
    const hosting = hostingOf(process.env, call.args.length === 0 && call.text("models") === undefined && process.env["SLIPWAY_MODELS"] === undefined);
    const { settings, given, notes } = await resolveConfig(SERVE_SETTINGS, { ...configSources(call), env: { ...hosting?.defaults, ...process.env } });
    const processes = settings.processes === 0 ? availableCpus() : settings.processes;
    if (processes > 1 && cluster.isPrimary) {
      return runPrimary({ processes, log: new Logger(createLog({ level: settings.logLevel, pretty: process.stderr.isTTY })), env: { _SLIPWAY_RUN_KEY: makeKey({ name: "this run", roles: ["admin"] }).key } });
    }
    // What is missing is told before a port that is taken.
    const missing = call.args.length === 0 ? settings.repository === undefined && settings.models === undefined && hosting === undefined : call.args.some((a) => !/^(?:[\w.-]+=)?(?:oci|oci-layout|models|runs):/.test(a) && !existsSync(splitEntry(a.replace(/^[A-Za-z0-9][A-Za-z0-9._-]*=/, "")).path));
    if (!missing) await checkPort(settings.port, settings.host);
    if (settings.memoryBudget !== undefined) trimMemory();
    if (hosting !== undefined) printNote(`note: this is a container of ${hosting.platform}: it is asked from outside, on every address`);
    if (process.env["_SLIPWAY_PROCESS"] !== "further") for (const note of notes) printNote(`note: ${note}`);
    // A package may need no ONNX Runtime; the others load it beside being read.
    if (settings.engine === "onnxruntime" || (settings.engine === "auto" && call.args.some((a) => !a.endsWith(".slip") && !a.includes("oci://")))) preloadEngine();
    // Silently doing nothing of it would look as if it were done.
    const elsewhere = (["rollout", "retrain", "schedules"] as const).filter((key) => given.has(key));
    if (elsewhere.length > 0 && process.env["_SLIPWAY_PROCESS"] !== "further") printNote(`note: ${elsewhere.join(", ")} of the configuration: slipway serve has no registry and carries none of it out; slipway up does`);
    const entry = call.text("entry");
    const preprocess = call.texts("preprocess");
    if (preprocess.length > 0 && call.args.length > 1) throw usageError("bad-argument", "--preprocess is for one model, and several are given", { hint: "Pack each with its preprocessing, then serve the packages." });
    const log = createLog({ level: settings.logLevel, pretty: process.stderr.isTTY });
    const language = await openLanguageModels(settings, call.args);
    const models = await openServedModels(settings, [...language.rest, ...(hosting?.model === undefined ? [] : [hosting.model])], { log, entry, preprocess });
    const served = models.directory.all;
    const folder = settings.repository;
    if (models.directory.entries.size === 0 && language.names.length === 0 && hosting?.multiModel !== true && (folder === undefined || settings.poll === undefined)) {
      throw usageError("missing-argument", folder === undefined ? "serve needs PKG|FILE, or a folder of models" : `there is no model in ${JSON.stringify(folder)}`, { hint: `slipway serve ${serve.usage}` });
    }
    const access = accessOptions(settings);
    const monitor = await openMonitor(settings, new Logger(log));
    const recommending = openRecommending(settings);
    const server = await startServer(models, {
      port: settings.port, host: settings.host, signals: true, insecure: settings.insecure, version: VERSION, tls: tlsOptions(settings.tls),
      bodyLimit: settings.bodyLimit, requestTimeoutMs: settings.requestTimeout, receiveTimeoutMs: settings.receiveTimeout, drainDelayMs: settings.drainMs,
      ...access, ...(hosting?.multiModel === true ? { auth: { ...access.auth, administration: "any-port" } } : {}),
      ...(hosting?.vertex === undefined ? {} : { vertex: hosting.vertex }),
      ...telemetryOptions(settings), ...monitor.options,
      protocols: [...monitor.options.protocols, recommending.protocol, ...language.protocols, ...(await embeddingProtocols(models.directory, language))], families: [...monitor.options.families, ...language.families],
      ...(settings.allowHost === undefined ? {} : { allowedHosts: settings.allowHost }),
      log,
    });
    // Of processes that serve together, the first speaks.
    if (process.env["_SLIPWAY_PROCESS"] === "further") {
      await server.closed;
      await Promise.all([monitor.close(), language.close(), recommending.close()]);
      return 0;
    }
    if (server.adminKey !== undefined) printNote(`administration on ${server.adminUrl} takes this key while the server runs: ${server.adminKey}`);
    else if (server.adminUrl !== undefined) printNote(`administration on ${server.adminUrl}`);
    if (call.flag("json")) printJson({ url: server.url, ...(server.adminUrl === undefined ? {} : { admin: server.adminUrl }), ...(language.names.length === 0 ? {} : { languageModels: language.names }), models: served.map((m) => ({ name: m.name, version: m.version, digest: m.digest, ...(m instanceof Model ? { engine: m.engine.name } : {}) })) });
    else {
      const names = models.directory.list.map((v) => `${v.name} ${v.version}${v.state === "ready" ? "" : v.onDemand ? " (loaded when asked)" : ` (not served: ${v.reason?.message ?? v.state})`}`);
      names.push(...language.names);
      const first = served[0];
      printResult(`serving ${names.slice(0, 20).join(", ")}${names.length > 20 ? `, and ${names.length - 20} more` : ""} on ${server.url}\n\n  try it in a browser   ${server.url}/\n${language.names.length === 0 ? "" : `  talk to it            ${chatLine(server.url, language.names[0]!)}\n`}${first === undefined ? "" : `  ask it                ${curlLine(server.url, first, isAuthenticated(access.auth))}\n`}  its interface         ${server.url}/openapi.json\n\nCtrl-C stops.`);
    }
    followParent(() => process.kill(process.pid, "SIGTERM"));
    await server.closed;
    await Promise.all([monitor.close(), language.close(), recommending.close()]);
    return 0;
  },
});
