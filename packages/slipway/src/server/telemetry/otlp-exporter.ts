// OTLP over HTTP with JSON (https://opentelemetry.io/docs/specs/otlp/, 1.x): batches of spans as they gather, metrics at an
// interval. The queue is bounded; what cannot be delivered is counted and dropped, never waited for.

import type { ServerContext } from "../context.ts";
import { families } from "./families.ts";
import { otlpMetrics } from "./otlp-metrics.ts";
import { otlpAttributes, type Span, otlpSpan } from "./otlp-spans.ts";

export interface OtlpOptions {
  /** Base address, such as http://localhost:4318; `/v1/traces` and `/v1/metrics` are added. */
  readonly endpoint: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly serviceName?: string | undefined;
  /** Further attributes of the resource. */
  readonly resource?: Readonly<Record<string, string>> | undefined;
  /** Share of traces kept where the caller has not decided; 1 by default. */
  readonly sampleRatio?: number | undefined;
  /** How often metrics are sent; 60 s by default, 0 for never. */
  readonly metricsIntervalMs?: number | undefined;
}

const MAX_QUEUE = 4096;
const MAX_BATCH = 512;
const FLUSH_MS = 2000;
const TIMEOUT_MS = 10_000;
const MAX_TRIES = 4;
/** Answers after which the specification asks to try again. */
const RETRY = new Set([429, 502, 503, 504]);

export class OtlpExporter {
  readonly ratio: number;
  dropped = 0;
  readonly #options: OtlpOptions;
  readonly #context: ServerContext;
  readonly #resource: object;
  #queue: Span[] = [];
  #flushing: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  readonly #metricsTimer: NodeJS.Timeout | undefined;

  constructor(options: OtlpOptions, context: ServerContext) {
    this.#options = options;
    this.#context = context;
    this.ratio = options.sampleRatio ?? 1;
    this.#resource = { attributes: otlpAttributes({
      "service.name": options.serviceName ?? "slipway", "service.version": context.options.version, "process.pid": process.pid,
      "telemetry.sdk.name": "slipway", "telemetry.sdk.language": "nodejs", ...options.resource }) };
    const interval = options.metricsIntervalMs ?? 60_000;
    if (interval > 0) {
      this.#metricsTimer = setInterval(() => void this.#sendMetrics(), interval);
      this.#metricsTimer.unref();
    }
  }

  add(spans: readonly Span[]): void {
    if (this.#queue.length + spans.length > MAX_QUEUE) {
      this.dropped += spans.length;
      return;
    }
    this.#queue.push(...spans);
    if (this.#queue.length >= MAX_BATCH) this.#flush();
    else if (this.#timer === undefined) {
      this.#timer = setTimeout(() => this.#flush(), FLUSH_MS);
      this.#timer.unref();
    }
  }

  /** Sends what is left. */
  async close(): Promise<void> {
    clearInterval(this.#metricsTimer);
    this.#flush();
    await this.#flushing;
    if ((this.#options.metricsIntervalMs ?? 60_000) > 0) await this.#sendMetrics(1);
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const spans = this.#queue;
    this.#queue = [];
    for (let start = 0; start < spans.length; start += MAX_BATCH) {
      const batch = spans.slice(start, start + MAX_BATCH);
      const body = { resourceSpans: [{ resource: this.#resource, scopeSpans: [{ scope: { name: "slipway" }, spans: batch.map(otlpSpan) }] }] };
      // One after another: a slow collector gets one request at a time.
      this.#flushing = this.#flushing.then(() => this.#post("/v1/traces", body, MAX_TRIES)).then((sent) => {
        if (!sent) this.dropped += batch.length;
      });
    }
  }

  async #sendMetrics(tries = 2): Promise<void> {
    const body = { resourceMetrics: [{ resource: this.#resource, scopeMetrics: [{ scope: { name: "slipway" }, metrics: otlpMetrics(families(this.#context), this.#context.startedAt, Date.now()) }] }] };
    await this.#post("/v1/metrics", body, tries);
  }

  /** Whether the collector took it. */
  async #post(path: string, body: object, tries: number): Promise<boolean> {
    const text = JSON.stringify(body);
    for (let attempt = 1; ; attempt++) {
      let problem: string;
      try {
        const answer = await fetch(`${this.#options.endpoint.replace(/\/$/, "")}${path}`, {
          method: "POST", body: text, headers: { "content-type": "application/json", ...this.#options.headers }, signal: AbortSignal.timeout(TIMEOUT_MS) });
        await answer.arrayBuffer();
        if (answer.ok) return true;
        problem = `status ${answer.status}`;
        if (!RETRY.has(answer.status)) attempt = tries;
      } catch (error) {
        problem = (error as Error).message;
      }
      if (attempt >= tries) {
        this.#context.log.warn("the telemetry collector did not take what was sent", { path, problem, dropped: this.dropped });
        return false;
      }
      await new Promise((resolve) => setTimeout(resolve, 250 * 2 ** attempt).unref());
    }
  }
}
