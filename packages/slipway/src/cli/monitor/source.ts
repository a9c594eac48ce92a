// Where the commands find what was watched: a running service (--server), or the store that it writes (--store).

import { existsSync } from "node:fs";
import { changeReference, eraseFrom, keepWatermark, readLabels, storeLabels, watermarkOf, modelView, monitorError, MonitorStore, overview, type Erased, type LabelOutcome, type ModelView, type Overview, type ReferenceAnswer, type ReferenceRequest, type Watched } from "../../monitor/index.ts";
import { registryPlace } from "../../registry/index.ts";
import { hasAudit } from "../../audit/index.ts";
import type { Database } from "../../database/index.ts";
import { actingPerson } from "../registry/acting.ts";
import type { Invocation, OptionSpec } from "../command.ts";
import { usageError } from "../command.ts";
import { sourceOptions } from "../audit/source.ts";
import { askService } from "../release/remote-desk.ts";
import { storeUrl } from "../serve-monitor.ts";

export const SOURCE_OPTIONS: Readonly<Record<string, OptionSpec>> = {
  ...sourceOptions,
  store: { type: "string", value: "PATH|URL", help: "read this store: what --monitor-store names; SLIPWAY_MONITOR_STORE does the same, and the database of slipway up in this folder is the default" },
};

export interface Watermarks {
  get(source: string): Promise<string | null>;
  set(source: string, watermark: string): Promise<void>;
}
export interface MonitorSource {
  /** How far labels of a database were taken; undefined where the store is a service's. */
  readonly watermarks?: Watermarks;
  overview(): Promise<Overview>;
  model(name: string, version: string | undefined, hours: number): Promise<ModelView>;
  feedback(records: readonly unknown[], first: number): Promise<LabelOutcome>;
  erase(key: string): Promise<Erased>;
  reference(model: string, request: ReferenceRequest): Promise<ReferenceAnswer>;
  close(): Promise<void>;
}

/** @throws monitor-no-store, service-unreachable, database-* */
export async function monitorSource(call: Invocation): Promise<MonitorSource> {
  const server = call.text("server");
  const named = call.text("store");
  if (server !== undefined && named !== undefined) throw usageError("bad-argument", "--server and --store are two places to look: give one");
  const url = server ?? (named === undefined ? process.env["SLIPWAY_SERVER"] : undefined);
  if (url !== undefined) return new Service(url, call.text("api-key") ?? process.env["SLIPWAY_API_KEY"]);
  return new Local(await MonitorStore.open(knownStore(named)), call);
}

/** Its address: what is named, or that of the environment or of this folder. @throws monitor-no-store */
export function knownStore(named: string | undefined): string {
  const address = storeUrl(named ?? process.env["SLIPWAY_MONITOR_STORE"] ?? registryPlace().databaseUrl);
  const path = address.startsWith("sqlite:") ? address.slice("sqlite:".length) : undefined;
  if (path !== undefined && !existsSync(path)) throw monitorError("monitor-no-store", named === undefined ? "nothing is watched in this folder" : `there is no store at ${JSON.stringify(path)}`, { hint: "--server http://127.0.0.1:8080 asks a service that is running; --store names what its --monitor-store names." });
  return address;
}

const DEFAULT_WINDOW_MS = 600_000;

class Local implements MonitorSource, Watched {
  readonly windowMs = DEFAULT_WINDOW_MS;
  readonly #store: MonitorStore;
  readonly #call: Invocation;
  audit: Database | undefined;

  constructor(store: MonitorStore, call: Invocation) {
    this.#store = store;
    this.#call = call;
  }
  store(): Promise<MonitorStore> {
    return Promise.resolve(this.#store);
  }
  now(): number {
    return Date.now();
  }
  judging(): object {
    return {};
  }
  refresh(): Promise<void> {
    return Promise.resolve();
  }
  overview(): Promise<Overview> {
    return overview(this);
  }
  model(name: string, version: string | undefined, hours: number): Promise<ModelView> {
    return modelView(this, name, { version, hours });
  }
  get watermarks(): Watermarks {
    const { database } = this.#store;
    return { get: (source) => watermarkOf(database, source), set: (source, watermark) => keepWatermark(database, source, watermark, Date.now()) };
  }
  feedback(records: readonly unknown[], first: number): Promise<LabelOutcome> {
    return storeLabels(this.#store.database, records.flatMap((r, i) => readLabels(r, `row ${first + i}`)), Date.now());
  }
  async erase(key: string): Promise<Erased> {
    return { ...await eraseFrom(this.#store.database, key), logged: 0 };
  }
  async reference(model: string, request: ReferenceRequest): Promise<ReferenceAnswer> {
    const { actor, allow } = actingPerson(this.#call, "operate");
    allow(model);
    // The store of slipway up is the registry's database, which has a log; that of slipway serve has none.
    if (await hasAudit(this.#store.database)) this.audit = this.#store.database;
    return changeReference(this, model, request, actor);
  }
  close(): Promise<void> {
    return this.#store.close();
  }
}

class Service implements MonitorSource {
  readonly #url: string;
  readonly #key: string | undefined;

  constructor(url: string, key: string | undefined) {
    this.#url = url;
    this.#key = key;
  }
  async #ask<T>(method: string, path: string, body?: object): Promise<T> {
    return await (await askService(this.#url, this.#key, method, `/monitor${path}`, body)).json() as T;
  }
  overview(): Promise<Overview> {
    return this.#ask("GET", "");
  }
  model(name: string, version: string | undefined, hours: number): Promise<ModelView> {
    return this.#ask("GET", `/models/${encodeURIComponent(name)}?hours=${hours}${version === undefined ? "" : `&version=${encodeURIComponent(version)}`}`);
  }
  feedback(records: readonly unknown[]): Promise<LabelOutcome> {
    return this.#ask("POST", "/feedback", { feedback: records });
  }
  erase(key: string): Promise<Erased> {
    return this.#ask("POST", "/erase", { key });
  }
  reference(model: string, request: ReferenceRequest): Promise<ReferenceAnswer> {
    return this.#ask("POST", `/models/${encodeURIComponent(model)}/reference`, request);
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}
