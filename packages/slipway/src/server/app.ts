// The application: finds a request's route, lets the layers look at it, reads its body, has it answered and turns
// errors into answers. It knows no web server; http/node-host.ts and http/fetch-host.ts bring requests to it.

import { VERSION, type SlipwayError } from "@slipway/core/base";
import type { Servable } from "../runtime/index.ts";
import { Audit, authLayer, corsLayer, limitLayer } from "./auth/index.ts";
import { bodyTooLarge, plainBody } from "./body.ts";
import type { ServerContext, ServerOptions } from "./context.ts";
import { errorBody, statusOf, toSlipwayError } from "./errors.ts";
import { grpcProtocols } from "./grpc/protocols.ts";
import { jsonAnswer, type Answer, type Call } from "./http/call.ts";
import { codingFor, compressed } from "./http/compress.ts";
import { RoutingTable, type Match, type Protocol } from "./http/routing-table.ts";
import { hostLayer } from "./hosts.ts";
import { ModelDirectory } from "./models/directory.ts";
import { Repository } from "./models/repository.ts";
import { PROTOCOLS } from "./protocols/index.ts";
import { Logger } from "./telemetry/log.ts";
import { OtlpExporter } from "./telemetry/otlp-exporter.ts";
import { requestSpans } from "./telemetry/otlp-spans.ts";
import { requestLog } from "./telemetry/request-log.ts";
import { versionLayer } from "./traffic/router.ts";
import { Telemetry } from "./telemetry/telemetry.ts";
import { WorkQueue } from "./work-queue.ts";
import { traceContext } from "./telemetry/trace-context.ts";

/** Looks at every request that has a route before its body is read, and at every answer. */
export interface Layer {
  readonly name: string;
  /** Before a route is looked for: an answer ends it there. */
  readonly preflight?: (call: Call) => Answer | undefined;
  /** Throws to refuse. Gives an answer to answer in the route's place. */
  readonly before?: (call: Call) => Promise<Answer | void> | Answer | void;
  /** Headers for the answer. */
  readonly headers?: (call: Call, answer: Answer) => Readonly<Record<string, string>> | undefined;
}

const DEFAULT_BODY_LIMIT = 64 * 2 ** 20;
const BASE_HEADERS: Readonly<Record<string, string>> = { "x-content-type-options": "nosniff", "cache-control": "no-store" };

export class App {
  readonly context: ServerContext;
  readonly table: RoutingTable;
  readonly #preflight: readonly Required<Pick<Layer, "preflight">>[];
  readonly #before: readonly Required<Pick<Layer, "before">>[];
  readonly #headers: readonly Required<Pick<Layer, "headers">>[];
  readonly #audit: Audit;
  readonly #work = new WorkQueue();

  constructor(context: ServerContext, table: RoutingTable, layers: readonly Layer[]) {
    this.context = context;
    this.#audit = new Audit(context.options.auditLog, context.log);
    this.table = table;
    this.#preflight = layers.filter((l) => l.preflight !== undefined) as Required<Layer>[];
    this.#before = layers.filter((l) => l.before !== undefined) as Required<Layer>[];
    this.#headers = layers.filter((l) => l.headers !== undefined) as Required<Layer>[];
  }

  /**
   * At once where nothing has to be waited for. Never rejects. `given`: the body, or what reads it, which is called at most once,
   * when the request may pass. `pieces` gives the body of a route that streams; a host that has none gives it whole.
   * What every request passes has no closures: they were a fifth of what one allocates.
   */
  handle(call: Call, given: GivenBody, pieces?: () => AsyncIterable<Uint8Array>): Answer | Promise<Answer> {
    this.started();
    let protocol: Protocol | undefined;
    try {
      for (const layer of this.#preflight) {
        const early = layer.preflight(call);
        if (early !== undefined) return this.#dress(call, early);
      }
      const match = this.route(call);
      protocol = match.protocol;
      const early = this.admit(call);
      const answer = early instanceof Promise ? this.#admitted(call, match, given, pieces, early) : (early ?? this.#read(call, match, given, pieces));
      return answer instanceof Promise ? this.#later(call, answer, protocol) : this.#leave(call, answer);
    } catch (thrown) {
      return this.#failed(call, thrown, protocol);
    }
  }
  async #admitted(call: Call, match: Match, given: GivenBody, pieces: (() => AsyncIterable<Uint8Array>) | undefined, early: Promise<Answer | undefined>): Promise<Answer> {
    return (await early) ?? this.#read(call, match, given, pieces);
  }
  async #later(call: Call, pending: Promise<Answer>, protocol: Protocol): Promise<Answer> {
    let answer: Answer;
    try {
      answer = await pending;
    } catch (thrown) {
      return this.#failed(call, thrown, protocol);
    }
    return this.#leave(call, answer);
  }
  #failed(call: Call, thrown: unknown, protocol: Protocol | undefined): Answer | Promise<Answer> {
    return this.#leave(call, this.#fail(toSlipwayError(thrown), call, protocol ?? this.table.protocolAt(call.path)));
  }

  #read(call: Call, match: Match, given: GivenBody, pieces: (() => AsyncIterable<Uint8Array>) | undefined): Answer | Promise<Answer> {
    const { bodyLimit } = this.context.options;
    if (match.route.streams === true) return this.#stream(call, match, given, pieces);
    const raw = bodyOf(given, bodyLimit);
    return raw instanceof Promise ? this.#readLater(call, match, raw) : this.#answer(call, match, raw);
  }
  #stream(call: Call, match: Match, given: GivenBody, pieces: (() => AsyncIterable<Uint8Array>) | undefined): Answer | Promise<Answer> {
    call.pieces = pieces ?? (() => whole(bodyOf(given, this.context.options.bodyLimit)));
    return match.route.handle(call);
  }
  async #readLater(call: Call, match: Match, raw: Promise<Buffer>): Promise<Answer> {
    return this.#answer(call, match, await raw);
  }

  #answer(call: Call, match: Match, raw: Buffer): Answer | Promise<Answer> {
    if (raw.length > 0 && call.headers["content-encoding"] !== undefined) return this.#unpacked(call, match, raw);
    call.body = raw;
    return this.#handled(call, match);
  }
  async #unpacked(call: Call, match: Match, raw: Buffer): Promise<Answer> {
    call.body = await plainBody(raw, call.headers, this.context.options.bodyLimit);
    return this.#handled(call, match);
  }
  #handled(call: Call, { route }: Match): Answer | Promise<Answer> {
    const handled = route.action === "predict" ? this.#work.run(call, route) : route.handle(call);
    const { cluster } = this.context;
    return cluster === undefined || !administers(call) ? handled : this.#everywhere(call, handled, cluster);
  }
  async #everywhere(call: Call, handled: Answer | Promise<Answer>, cluster: NonNullable<ServerContext["cluster"]>): Promise<Answer> {
    const answer = await handled;
    if ((answer.status ?? 200) < 400) await this.#repeat(cluster, call);
    return answer;
  }

  #leave(call: Call, answer: Answer): Answer | Promise<Answer> {
    call.forgetBody();
    call.answeredAt = performance.now();
    const dressed = this.#dress(call, answer);
    const coding = codingFor(call, dressed);
    return coding === undefined ? dressed : compressed(dressed, coding);
  }

  async #repeat(cluster: NonNullable<ServerContext["cluster"]>, call: Call): Promise<void> {
    const refused = (await cluster.repeat(call)).filter((status) => status >= 400);
    if (refused.length > 0) this.context.log.error("an act of administration did not succeed in every process", { path: call.path, statuses: refused, request_id: call.id });
  }

  /** For hosts that do without `handle`: one call begins; `finished` ends it. */
  started(): void {
    this.context.telemetry.started();
  }
  /** Finds what answers a call, and sets its deadline. @throws SlipwayError route-unknown, method-not-allowed, request-malformed */
  route(call: Call): Match {
    const { exporter } = this.context;
    if (exporter !== undefined) call.trace = traceContext(call.header("traceparent"), call.header("tracestate"), exporter.ratio);
    const match = this.table.match(call);
    call.route = match.route;
    call.protocol = match.protocol.name;
    call.params = match.params;
    call.deadline = call.startedAt + this.context.options.requestTimeoutMs;
    return match;
  }
  /** Lets the layers look at a call that has its route. An answer is given in the route's place. @throws SlipwayError */
  admit(call: Call): Answer | undefined | Promise<Answer | undefined> {
    for (let i = 0; i < this.#before.length; i++) {
      const given = this.#before[i]!.before(call);
      if (given instanceof Promise) return this.#admitRest(call, given, i + 1);
      if (given !== undefined) return given;
    }
    return undefined;
  }
  async #admitRest(call: Call, pending: Promise<Answer | void>, next: number): Promise<Answer | undefined> {
    let given = await pending;
    for (let i = next; given === undefined && i < this.#before.length; i++) given = await this.#before[i]!.before(call);
    return given ?? undefined;
  }
  /** What the layers add to an answer. */
  layerHeaders(call: Call, answer: Answer): Readonly<Record<string, string>> | undefined {
    let headers: Readonly<Record<string, string>> | undefined;
    for (const layer of this.#headers) {
      const more = layer.headers(call, answer);
      if (more !== undefined) headers = headers === undefined ? more : { ...headers, ...more };
    }
    return headers;
  }
  /** A call failed. */
  note(call: Call, error: SlipwayError): void {
    call.errorCode = error.code;
    if (error.kind === "internal") this.context.log.error(error.message, { code: error.code, request_id: call.id, err: error.cause ?? error });
  }

  /** To be called when the answer has left. */
  finished(call: Call, status: number): void {
    call.finished();
    if (call.watch !== undefined) {
      const { observation: seen } = call;
      call.watch.finished(status, { whole: (performance.now() - call.startedAt) / 1000, work: seen === undefined ? undefined : (seen.decodeMs + seen.computeMs) / 1000 }, call.errorCode);
    }
    this.context.telemetry.finished(call, status);
    if (call.target !== undefined && call.route?.action === "predict") this.context.options.observer?.finished(call, call.target, status);
    requestLog(this.context.log, call, status, this.context.options.requestLog);
    this.context.exporter?.add(requestSpans(call, status));
    this.#audit.record(call, status);
  }

  #fail(error: SlipwayError, call: Call, protocol: Protocol | undefined): Answer {
    this.note(call, error);
    const answer = protocol?.error?.(error, call) ?? jsonAnswer(errorBody(error, call.id), statusOf(error));
    const allow = error.code === "method-not-allowed" ? error.data?.["allow"] : undefined;
    const headers: Record<string, string> = { ...answer.headers };
    if (Array.isArray(allow)) headers["allow"] = allow.join(", ");
    if ((answer.status === 503 || answer.status === 429) && headers["retry-after"] === undefined) headers["retry-after"] = retryAfter(error);
    return { ...answer, headers };
  }

  #dress(call: Call, answer: Answer): Answer {
    const more = this.layerHeaders(call, answer);
    const headers: Record<string, string> = { "x-request-id": call.id, ...BASE_HEADERS, ...answer.headers };
    if (more !== undefined) Object.assign(headers, more);
    if (call.predictionId !== undefined) headers["x-prediction-id"] = call.predictionId;
    // Also for requests that were under way when the server began to stop: their connection must not be kept.
    if (!this.context.ready) headers["connection"] = "close";
    return { status: answer.status ?? 200, headers, body: answer.body };
  }
}

/** A body that is there, or what reads it within a limit. */
export type GivenBody = Buffer | ((limit: number) => Promise<Buffer> | Buffer);

/** @throws SlipwayError body-too-large ... */
function bodyOf(given: GivenBody, limit: number): Promise<Buffer> | Buffer {
  if (typeof given === "function") return given(limit);
  if (given.length > limit) throw bodyTooLarge(limit);
  return given;
}

async function* whole(read: Promise<Buffer> | Buffer): AsyncIterable<Uint8Array> {
  yield await read;
}

/** Whether every process of the service has to do it. */
function administers(call: Call): boolean {
  return call.repeats === undefined && call.method !== "GET" && (call.route?.action === "operate" || call.route?.action === "admin");
}

/** Whole seconds, as the header has no others. */
function retryAfter(error: SlipwayError): string {
  const ms = error.data?.["retryAfterMs"];
  return String(typeof ms === "number" ? Math.max(1, Math.ceil(ms / 1000)) : 1);
}

/** `models`: loaded ones, or a repository that loads them. */
export function createServer(input: { readonly models: readonly Servable[] | Repository; readonly options?: ServerOptions }): App {
  const options = { bodyLimit: DEFAULT_BODY_LIMIT, requestTimeoutMs: 60_000, receiveTimeoutMs: 120_000, version: VERSION, ...input.options };
  const log = new Logger(options.log);
  const repository = input.models instanceof Repository ? input.models : new Repository(new ModelDirectory(input.models), { log });
  const models = repository.directory;
  const telemetry = new Telemetry(models);
  const context: ServerContext = { models, repository, options, log, telemetry, startedAt: Date.now(), ready: true };
  const table = new RoutingTable([...[...PROTOCOLS, ...(options.protocols ?? [])].map((protocol) => protocol(context)), ...grpcProtocols(context)]);
  context.table = table;
  if (options.otlp !== undefined) context.exporter = new OtlpExporter(options.otlp, context);
  telemetry.sources.push(() => models.families(), ...(options.families ?? []));
  repository.onGone = (version) => telemetry.forget(version);
  repository.serving();
  return new App(context, table, [
    hostLayer(options),
    corsLayer(options.corsOrigins ?? []),
    authLayer(options.auth),
    versionLayer(),
    ...(options.limits === undefined ? [] : [limitLayer(options.limits)]),
  ]);
}
