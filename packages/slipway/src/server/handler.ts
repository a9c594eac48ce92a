// The whole interface as a function for someone's own web server: of the web's Request and Response, or of node's.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { ModelSettings, PipelineSettings } from "../config/index.ts";
import type { Servable } from "../runtime/index.ts";
import { createServer, type App } from "./app.ts";
import type { ServerOptions } from "./context.ts";
import { basePathOf } from "./http/base-path.ts";
import { fetchHandler } from "./http/fetch-host.ts";
import { nodeListener } from "./http/node-host.ts";
import { ModelDirectory } from "./models/directory.ts";
import { Repository } from "./models/repository.ts";
import { Pipeline } from "./pipelines/pipeline.ts";

export interface HandlerOptions extends Pick<ServerOptions, "bodyLimit" | "requestTimeoutMs" | "auth" | "limits" | "corsOrigins" | "log"> {
  /** Several versions of one name are taken as such; the first is what `POST /predict` asks. */
  readonly models: Servable | readonly Servable[];
  /** Where it is mounted: "/api/model". Taken off addresses that have it, and put before the page's links. */
  readonly prefix?: string;
  /** Aliases and traffic by model, as under `models` of the configuration file. */
  readonly settings?: Readonly<Record<string, Pick<ModelSettings, "aliases" | "traffic">>>;
  /** As under `pipelines` of the configuration file. */
  readonly pipelines?: Readonly<Record<string, PipelineSettings>>;
}

/** Never rejects. `close` closes the models too. */
export interface Handler {
  (request: Request): Promise<Response>;
  close(): Promise<void>;
}

const APP = Symbol.for("slipway.handler.app");

/** @throws SlipwayError model-exists, traffic-invalid, pipeline-invalid */
export function createHandler(given: Servable | readonly Servable[] | HandlerOptions): Handler {
  const { models, prefix, settings = {}, pipelines = {}, ...options } = isOptions(given) ? given : { models: given };
  const list = Array.isArray(models) ? (models as readonly Servable[]) : [models as Servable];
  const directory = new ModelDirectory(list, Object.fromEntries(Object.entries(settings).map(([name, s]) => [name, { pin: false, ...s }])));
  for (const [name, pipeline] of Object.entries(pipelines)) directory.add(new Pipeline(name, pipeline, directory));
  const base = basePathOf(prefix);
  const app = createServer({ models: new Repository(directory), options: { ...options, ...(base === undefined ? {} : { basePath: base }) } });
  return Object.assign(fetchHandler(app), { close: () => directory.close(), [APP]: app });
}

/** The same for node:http, and for frameworks that hand on its requests (Express, Fastify, Connect, Koa). */
export function toNodeHandler(handler: Handler): (request: IncomingMessage, response: ServerResponse) => void {
  return nodeListener((handler as Handler & { readonly [APP]: App })[APP]);
}

function isOptions(given: Servable | readonly Servable[] | HandlerOptions): given is HandlerOptions {
  return !Array.isArray(given) && "models" in given;
}
