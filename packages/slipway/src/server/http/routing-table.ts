// The one table of every route of every protocol. Two protocols that want the same address say by `claims` which
// requests are theirs; a table in which that stays open is not built.

import { nearest, type SlipwayError } from "@slipway/core/base";
import { serverError } from "../errors.ts";
import type { GrpcMethod } from "../grpc/method.ts";
import type { Answer, Call } from "./call.ts";

/**
 * What a caller must be allowed to do:
 * `open` nothing (health), `read` see models and their signatures, `predict` ask them, `observe` read metrics,
 * `feedback` send labels, `operate` load, unload and switch models, `admin` everything else.
 * Of the registry: `comment` take part in a discussion and edit cards, `offer` bring versions, test them and ask for their
 * release, `review` approve and reject, `release` move aliases, `govern` webhooks and the policy's emergency exit.
 */
export type Action = "open" | "read" | "predict" | "observe" | "feedback" | "comment" | "offer" | "review" | "release" | "govern" | "operate" | "admin";

/** Of a route, for the OpenAPI document; schemas by media type. */
export interface RouteAbout {
  readonly tag: string;
  readonly summary: string;
  readonly request?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly query?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly response: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "DELETE" | "PATCH" | "OPTIONS";
  /** `/v2/models/{name}/infer`: a name in braces takes one segment, or part of one. */
  readonly path: string;
  readonly action: Action;
  /** Where another protocol has the same method and path: whether this request is ours. One of them says nothing and takes the rest. */
  readonly claims?: (call: Call) => boolean;
  /** The body is not read before `handle` is called, which takes it piece by piece (`Call.pieces`) and bounds it itself. */
  readonly streams?: boolean;
  /** What the OpenAPI document says of it, where openapi/descriptions.ts says nothing. */
  readonly about?: RouteAbout;
  readonly handle: (call: Call) => Answer | Promise<Answer>;
  /** Answers calls over gRPC in `handle`'s place. */
  readonly grpc?: GrpcMethod;
}

export interface Protocol {
  readonly name: string;
  /** Addresses below it answer errors in this protocol's way, also where no route matches. */
  readonly prefixes?: readonly string[];
  readonly routes: readonly Route[];
  /** How this protocol writes an error. Slipway's own way by default. */
  readonly error?: (error: SlipwayError, call: Call) => Answer;
}

interface Entry {
  readonly protocol: Protocol;
  readonly route: Route;
}
interface Pattern {
  readonly regex: RegExp;
  readonly names: readonly string[];
  readonly byMethod: Map<string, Entry[]>;
}
export interface Match extends Entry {
  readonly params: Readonly<Record<string, string>>;
}
interface Found {
  readonly byMethod: Map<string, Entry[]>;
  readonly params: Readonly<Record<string, string>>;
}

/** Addresses that were matched lately: the usual request is one look-up. */
const MAX_CACHED = 2000;
const MAX_PATH = 2048;

export class RoutingTable {
  readonly protocols: readonly Protocol[];
  readonly #fixed = new Map<string, Map<string, Entry[]>>();
  readonly #patterns: Pattern[] = [];
  readonly #cache = new Map<string, Found>();

  constructor(protocols: readonly Protocol[]) {
    this.protocols = protocols;
    for (const protocol of protocols) for (const route of protocol.routes) this.#add({ protocol, route });
    for (const [path, byMethod] of [...this.#fixed, ...this.#patterns.map((p) => [p.regex.source, p.byMethod] as const)]) {
      for (const [method, entries] of byMethod) {
        if (entries.filter((e) => e.route.claims === undefined).length > 1) throw serverError("server-failed", `${method} ${path} belongs to ${entries.map((e) => e.protocol.name).join(" and ")}`);
        entries.sort((a, b) => Number(a.route.claims === undefined) - Number(b.route.claims === undefined));
      }
    }
  }

  get routes(): readonly Route[] {
    return this.protocols.flatMap((p) => p.routes);
  }

  /** @throws SlipwayError route-unknown, method-not-allowed, request-malformed */
  match(call: Call): Match {
    const found = this.#find(call.path);
    const method = call.method === "HEAD" ? "GET" : call.method;
    const entries = found?.byMethod.get(method);
    if (entries === undefined) throw this.#noRoute(call, found);
    const entry = entries.length === 1 && entries[0]!.route.claims === undefined ? entries[0] : entries.find((e) => e.route.claims === undefined || e.route.claims(call));
    if (entry === undefined) throw this.#noRoute(call, undefined);
    return { ...entry, params: found!.params };
  }

  /** Whose way of writing errors an address has. */
  protocolAt(path: string): Protocol | undefined {
    return this.protocols.find((p) => p.prefixes?.some((prefix) => path === prefix || path.startsWith(`${prefix}/`)));
  }

  #find(path: string): Found | undefined {
    const fixed = this.#fixed.get(path);
    if (fixed !== undefined) return { byMethod: fixed, params: NO_PARAMS };
    const cached = this.#cache.get(path);
    if (cached !== undefined) return cached;
    if (path.length > MAX_PATH) return undefined;
    for (const { regex, names, byMethod } of this.#patterns) {
      const matched = regex.exec(path);
      if (matched === null) continue;
      const found = { byMethod, params: Object.fromEntries(names.map((name, i) => [name, decode(matched[i + 1]!)])) };
      if (this.#cache.size >= MAX_CACHED) this.#cache.clear();
      this.#cache.set(path, found);
      return found;
    }
    return undefined;
  }

  #add(entry: Entry): void {
    const { method, path } = entry.route;
    let byMethod: Map<string, Entry[]> | undefined;
    if (path.includes("{")) {
      const regex = compilePath(path);
      byMethod = this.#patterns.find((p) => p.regex.source === regex.source)?.byMethod;
      if (byMethod === undefined) {
        byMethod = new Map();
        this.#patterns.push({ regex, names: [...path.matchAll(/\{(\w+)\}/g)].map((m) => m[1]!), byMethod });
        // The most literal first: /v2/models/{name}/ready before /v2/models/{name}/{what}.
        this.#patterns.sort((a, b) => a.names.length - b.names.length || b.regex.source.length - a.regex.source.length);
      }
    } else {
      byMethod = this.#fixed.get(path);
      if (byMethod === undefined) this.#fixed.set(path, (byMethod = new Map()));
    }
    byMethod.set(method, [...(byMethod.get(method) ?? []), entry]);
  }

  #noRoute(call: Call, found: Found | undefined): SlipwayError {
    const path = call.path.slice(0, 200);
    if (found !== undefined) {
      const methods = [...found.byMethod.keys()];
      return serverError("method-not-allowed", `${path} takes ${methods.join(", ")}, not ${call.method}`, { hint: methods.includes("POST") ? "Send the rows in the body of a POST." : undefined, data: { allow: methods } });
    }
    decode(call.path);
    // Of a server without a registry: the address is right, and the server is not.
    if (REGISTRY_ONLY.test(call.path) && !this.routes.some((r) => r.path === "/api/v1/rollouts")) {
      throw serverError("not-offered", "this server has no registry, and carries out no rollouts and no trainings", { hint: "Run slipway up, which serves the versions that aliases of a registry name: slipway registry push MODEL, slipway registry alias NAME:1 production. Here, models.NAME.traffic splits requests by hand." });
    }
    const near = nearest(path, [...new Set(this.routes.map((r) => r.path))]);
    return serverError("route-unknown", `there is nothing at ${path}`, { hint: near === undefined ? "Rows go to POST /predict; /openapi.json lists every address." : `Did you mean ${near}?` });
  }
}

const REGISTRY_ONLY = /^\/api\/v1\/(?:rollouts|retrains|models\/[^/]+\/(?:rollouts|rollback|retrains|aliases))(?:\/|$)/;
const NO_PARAMS: Readonly<Record<string, string>> = {};

function compilePath(path: string): RegExp {
  const parts = path.split(/(\{\w+\})/).map((part) => (part.startsWith("{") ? "([^/]+?)" : part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")));
  return new RegExp(`^${parts.join("")}$`);
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    throw serverError("request-malformed", "the address holds a broken percent code", { cause });
  }
}
