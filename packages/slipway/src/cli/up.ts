// slipway up: the registry, its HTTP interface, the dashboard, and every version that an alias names, served. State is in
// `.slipway` of the working folder, or where SLIPWAY_DATABASE_URL and SLIPWAY_REGISTRY say.
//
// Nobody gets in without saying who they are. On this machine a link is printed at each start that signs in once, within
// a quarter of an hour, as the user who started it: whoever can write the folder can do everything anyway. Beyond this
// machine there is no such link, as a log might keep it: there has to be a key or a provider before it listens.

import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { VERSION } from "@slipway/core/base";
import { resolveConfig, SERVE_SETTINGS, type ServeSettings } from "../config/index.ts";
import { answersOf, labelledPredictions, lossOf } from "../monitor/index.ts";
import { openRegistry, registryPlace } from "../registry/index.ts";
import { openRegistryService, registryProtocol } from "../registry-api/index.ts";
import { localFile } from "../references/index.ts";
import { RolloutReplica } from "../rollout/index.ts";
import { readDefinitions, Scheduler } from "../schedules/index.ts";
import { type LoadOptions, type Servable } from "../runtime/index.ts";
import { DashboardFiles, dashboardProtocol, SessionStore, type OidcClient } from "../server/dashboard/index.ts";
import { checkPort, createLog, isLoopback, Logger, ModelDirectory, principalOf, readKeyFile, Repository, startServer } from "../server/index.ts";
import { registryAliases } from "../server/models/registry-aliases.ts";
import { defineCommand, usageError, type Command } from "./command.ts";
import { configOptions, configSources } from "./config-options.ts";
import { curlLine } from "./curl-line.ts";
import { followParent } from "./follow-parent.ts";
import { printJson, printNote, printResult } from "./output.ts";
import { localActor } from "./registry/acting.ts";
import { retrainSignals } from "./retrain-signals.ts";
import { accessOptions } from "./serve-access.ts";
import { openMonitor } from "./serve-monitor.ts";
import { openRecommending } from "./serve-recommend.ts";
import { telemetryOptions } from "./serve-telemetry.ts";
import { tlsOptions } from "./tls-options.ts";
import { trustedSigners } from "./trusted-option.ts";
import { trimMemory } from "./trim-memory.ts";

const STATE = ".slipway";
/** Of `slipway serve`: models come from the registry here, and one process holds them. */
const NOT_HERE = ["repository", "poll", "lazy", "uploads", "processes", "pipelines", "insecure"];
const OPTIONS = Object.fromEntries(Object.entries(SERVE_SETTINGS).filter(([key]) => !NOT_HERE.includes(key)));

export const up: Command = defineCommand({
  name: "up",
  summary: "the registry, its dashboard, and every released model served",
  usage: "[--port 8080]",
  arguments: [],
  options: configOptions(OPTIONS),
  examples: ["slipway up", "slipway up --host 0.0.0.0 --public-url https://models.example --keys keys.json", "SLIPWAY_DATABASE_URL=postgres://slipway@db/slipway SLIPWAY_REGISTRY=registry.example/models slipway up"],
  async run(call) {
    const { settings, notes } = await resolveConfig(SERVE_SETTINGS, configSources(call));
    for (const note of notes) printNote(`note: ${note}`);
    const keyFile = settings.keys ?? join(STATE, "keys.json");
    const loopback = isLoopback(settings.host);
    const oidc = providerOf(settings);
    if (settings.keys === undefined && !loopback && !existsSync(keyFile) && oidc === undefined) {
      throw usageError("nobody-may-enter", `listening on ${settings.host}, nobody could sign in: there is no key yet`, { hint: "Make one for an administrator first: slipway keys create --role admin --name NAME. Or let people sign in with a provider: --oidc-issuer and --oidc-client." });
    }
    await checkPort(settings.port, settings.host);
    if (settings.memoryBudget !== undefined) trimMemory();
    const log = createLog({ level: settings.logLevel, pretty: process.stderr.isTTY });
    const logger = new Logger(log);

    const definitions = readDefinitions(settings.schedules, process.env["SLIPWAY_DATABASE_URL"]);

    // Keys, sessions and packages are nobody else's to read.
    mkdirSync(STATE, { recursive: true, mode: 0o700 });
    const files = await DashboardFiles.open();
    const registry = await openRegistry({ create: true });
    const trusted = await trustedSigners(settings.signatures?.require, settings.signatures?.roots);
    const service = await openRegistryService({
      database: registry.database, blobs: registry.blobs, folder: STATE, keyFile, settings: { approvals: settings.approvals, webhooks: settings.webhooks, gate: settings.gate, rollout: settings.rollout, retrain: settings.retrain },
      trusted,
      onError: (err) => logger.error("work in the background failed", { err }),
    });
    const sessions = await SessionStore.open(registry.database);
    const aliases = registryAliases(registry, () => service.rollouts.aside());
    const models = new Repository(new ModelDirectory([], settings.models ?? {}), {
      aliases, followMs: settings.follow, memoryBudget: settings.memoryBudget, loadAtOnce: settings.loadAtOnce, engine: engineOf(settings), log: logger,
    });
    for (const problem of await models.follow()) printNote(`note: not served: ${problem}`);

    let address = settings.publicUrl;
    const monitor = await openMonitor(settings, logger, registry.database, (model) => `${(address ?? "").replace(/\/$/, "")}/dashboard/models/${encodeURIComponent(model)}/monitoring`);
    const { monitor: watching } = monitor;
    const replica = new RolloutReplica({
      rollouts: service.rollouts, directory: models.directory, follow: () => models.follow(), intervalMs: settings.rollout?.interval ?? 1000,
      labels: watching === undefined ? undefined : { labelled: async (model, version, since) => labelledPredictions(await watching.store(), model, version, since), loss: lossOf, answers: answersOf }, onError: (err) => logger.error("a rollout could not be followed", { err }),
    });
    replica.start();
    if (watching !== undefined) service.retrainer.signals = retrainSignals(watching);
    service.retrainer.start();
    await service.schedules.define(definitions, localActor(), { whole: true });
    const scheduler = new Scheduler({ schedules: service.schedules, openModel: localFile, trusted, databaseUrl: process.env["SLIPWAY_DATABASE_URL"], onError: (err) => logger.error("a scheduled run could not be followed", { err }) });
    scheduler.start();

    const { keys: _keys, oidcIssuer, ...others } = settings;
    // An audience is for programs that bring tokens; people who sign in need none.
    const access = accessOptions({ ...others, ...(oidcIssuer === undefined || (oidc !== undefined && settings.oidcAudience === undefined) ? {} : { oidcIssuer }) });
    const recommending = openRecommending(settings, registry.database);
    const server = await startServer(models, {
      port: settings.port, host: settings.host, signals: true, version: VERSION, tls: tlsOptions(settings.tls), bodyLimit: settings.bodyLimit, requestTimeoutMs: settings.requestTimeout,
      receiveTimeoutMs: settings.receiveTimeout, drainDelayMs: settings.drainMs, ...access, auth: { ...access.auth, keys: { path: keyFile }, sessions }, ...telemetryOptions(settings), ...monitor.options,
      ...(settings.allowHost === undefined ? {} : { allowedHosts: settings.allowHost }), log,
      families: [...monitor.options.families, replica.families],
      protocols: [...monitor.options.protocols, recommending.protocol, registryProtocol(service), dashboardProtocol({ files, sessions, database: registry.database, oidc, publicUrl: settings.publicUrl, link: loopback })],
    });
    address ??= server.url;
    const link = loopback ? `${settings.publicUrl?.replace(/\/$/, "") ?? server.url}/dashboard/sign-in#code=${await sessions.makeLink({ principal: localPrincipal() })}` : undefined;
    const place = registryPlace();
    if (call.flag("json")) printJson({ url: server.url, dashboard: `${server.url}/dashboard`, ...(link === undefined ? {} : { signIn: link }), registry: place.shown, ...(server.adminUrl === undefined ? {} : { admin: server.adminUrl }) });
    else printResult(welcome(server.url, link, place.shown, models.directory.all, readKeyFile(keyFile).length === 0));
    if (server.adminUrl !== undefined) printNote(`administration on ${server.adminUrl}`);
    followParent(() => process.kill(process.pid, "SIGTERM"));
    await server.closed;
    await Promise.all([replica.stop(), scheduler.stop()]);
    await monitor.close();
    await recommending.close();
    await service.close();
    await aliases.close();
    await registry.close();
    return 0;
  },
});

/** Who started this: the same name as the command line's in the audit log. */
function localPrincipal(): ReturnType<typeof principalOf> {
  const { name } = localActor();
  return principalOf({ id: `local:${name}`, kind: "key", name, roles: ["admin"] });
}

function providerOf(settings: ServeSettings): OidcClient | undefined {
  const { oidcIssuer: issuer, oidcClient: clientId } = settings;
  if (clientId === undefined) return undefined;
  if (issuer === undefined) throw usageError("bad-argument", "--oidc-client needs --oidc-issuer", { hint: "The issuer is the provider's address, as its discovery document names it." });
  return {
    issuer, clientId, clientSecret: settings.oidcClientSecret, scopes: settings.oidcScope, name: settings.oidcName, jwks: settings.oidcJwks, rolesClaim: settings.oidcRoles,
    defaultRole: settings.oidcDefaultRole, groupsClaim: settings.oidcGroups, personClaim: settings.oidcPerson,
  };
}

function engineOf({ engine, placement, instances, threads, provider }: ServeSettings): LoadOptions {
  return { engine, placement, instances, threads, providers: provider === undefined ? undefined : [...new Set([...provider, "cpu"])] };
}

function welcome(url: string, link: string | undefined, shown: string, served: readonly Servable[], noKeys: boolean): string {
  const names = served.slice(0, 10).map((m) => `${m.name}:${m.version}`).join(", ");
  const lines = [
    ...(link === undefined ? [`  dashboard             ${url}/dashboard`] : [`  sign in               ${link}`, "                        (once, within 15 minutes, as yourself with every right)"]),
    `  its interface         ${url}/openapi.json`,
    `  kept in               ${shown}`,
    `  served                ${served.length === 0 ? "nothing yet: offer a model in the dashboard, or slipway registry push model.pkl --alias production" : names + (served.length > 10 ? `, and ${served.length - 10} more` : "")}`,
    ...served.slice(0, 1).map((m) => `  ask it                ${curlLine(`${url}/models/${encodeURIComponent(m.name)}`, m, true)}`),
    ...(noKeys ? ["  keys for others       slipway keys create --name NAME --role reviewer --group business", "  keys for programs     slipway keys create --name NAME --role predictor"] : []),
  ];
  return `slipway is up on ${url}\n\n${lines.join("\n")}\n\nCtrl-C stops.`;
}
