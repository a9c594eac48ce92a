// slipway serve PKG|FILE ...

import { VERSION } from "@slipway/core/base";
import { loadModelPackage, openModel, preloadEngine, type LoadOptions, type Model } from "../runtime/index.ts";
import { createLog, startServer, type TlsOptions } from "../server/index.ts";
import { resolveConfig, SERVE_SETTINGS, type ServeSettings } from "../config/index.ts";
import { configOptions, configSources } from "./config-options.ts";
import { accessOptions } from "./serve-access.ts";
import { telemetryOptions } from "./serve-telemetry.ts";
import { defineCommand, usageError, type Command } from "./command.ts";
import { printJson, printNote, printResult } from "./output.ts";
import { curlLine } from "./curl-line.ts";

export const serve: Command = defineCommand({
  name: "serve",
  summary: "a running service from a file or package",
  usage: "PKG|FILE ... [--port 8080]",
  arguments: [{ name: "PKG|FILE", help: "packages or saved models; NAME=PATH gives one a name", many: true }],
  options: {
    ...configOptions(SERVE_SETTINGS),
    entry: { type: "string", value: "NAME", help: "which model, where the file holds several" },
    preprocess: { type: "string", value: "FILE", multiple: true, help: "a fitted scaler or encoder that was saved beside the model and is applied before it; FILE#ENTRY or #ENTRY where a file holds several; may be repeated, in order" },
  },
  examples: ["slipway serve churn.slip", "slipway serve model.joblib --port 0", "slipway serve a.slip fraud=model.pkl --port 9000"],
  async run(call) {
    const { settings, notes } = await resolveConfig(SERVE_SETTINGS, configSources(call));
    for (const note of notes) printNote(`note: ${note}`);
    // A package may need no ONNX Runtime; the others load it beside being read.
    if (settings.engine === "onnxruntime" || (settings.engine === "auto" && call.args.some((a) => !a.endsWith(".slip")))) preloadEngine();
    const entry = call.text("entry");
    const preprocess = call.texts("preprocess");
    if (preprocess.length > 0 && call.args.length > 1) throw usageError("bad-argument", "--preprocess is for one model, and several are given", { hint: "Pack each with its preprocessing, then serve the packages." });
    const { placement, instances, threads, provider } = settings;
    const engine: LoadOptions = { engine: settings.engine, placement, instances, threads, providers: provider === undefined ? undefined : [...new Set([...provider, "cpu"])] };
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
    const server = await startServer(models, {
      port: settings.port, host: settings.host, signals: true, insecure: settings.insecure, version: VERSION, tls: tlsOptions(settings.tls),
      bodyLimit: settings.bodyLimit, requestTimeoutMs: settings.requestTimeout, drainDelayMs: settings.drainMs,
      ...accessOptions(settings),
      ...telemetryOptions(settings),
      ...(settings.allowHost === undefined ? {} : { allowedHosts: settings.allowHost }),
      log: createLog({ level: settings.logLevel, pretty: process.stderr.isTTY }),
    });
    if (server.adminKey !== undefined) printNote(`administration on ${server.adminUrl} takes this key while the server runs: ${server.adminKey}`);
    else if (server.adminUrl !== undefined) printNote(`administration on ${server.adminUrl}`);
    if (call.flag("json")) printJson({ url: server.url, ...(server.adminUrl === undefined ? {} : { admin: server.adminUrl }), models: models.map((m) => ({ name: m.name, version: m.version, digest: m.digest, engine: m.engine.name })) });
    else {
      const names = models.map((m) => `${m.name} ${m.version}`).join(", ");
      printResult(`serving ${names} on ${server.url}\n\n  try it in a browser   ${server.url}/\n  ask it                ${curlLine(server.url, models[0]!)}\n  its interface         ${server.url}/openapi.json\n\nCtrl-C stops.`);
    }
    await server.closed;
    return 0;
  },
});

function tlsOptions({ cert, key, ca, client }: ServeSettings["tls"] = {}): TlsOptions | undefined {
  if (cert === undefined && key === undefined && ca === undefined && client === undefined) return undefined;
  if (cert === undefined || key === undefined) throw usageError("bad-argument", "TLS needs --tls-cert and --tls-key", { hint: "For a try: openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=localhost -addext subjectAltName=DNS:localhost" });
  return { cert, key, ca, client };
}
