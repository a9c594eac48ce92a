type Awaitable<T> = T | Promise<T>;

/** Which model answered. */
export interface ModelInfo {
  readonly name: string;
  readonly version: string;
  /** sha256:... of the package. */
  readonly digest: string;
}

/** One thing that is wrong with a request. */
export interface Problem {
  /** From 0; null where the whole request is meant. */
  readonly row: number | null;
  readonly column: string | null;
  readonly expected: string;
  readonly found: string;
}

/** What stands in the place of a row that the model refuses, with `onInvalid: "rows"`. */
export interface RowError {
  readonly error: { readonly code: string; readonly message: string; readonly column: string | null; readonly expected: string; readonly found: string };
}

export function isRowError(row: object): row is RowError {
  return "error" in row && typeof row.error === "object" && row.error !== null && "code" in row.error && "message" in row.error;
}

export interface Answer<Row> {
  /** One a row, in the order of the request. */
  readonly predictions: readonly Row[];
  readonly model: ModelInfo;
  /** Row i is called `<predictionId>-<i>`. */
  readonly predictionId: string;
  readonly requestId: string;
}

/** Codes of this client itself; every other code is the service's. */
export type ClientCode = "client-timeout" | "client-aborted" | "client-network" | "client-answer";
export type ErrorCode = ClientCode | "request-invalid" | "request-shape" | "request-limit" | "output-unknown" | "model-unknown" | "model-unavailable" | "overloaded" | "queue-timeout"
  | "request-timeout" | "worker-lost" | "body-too-large" | (string & {});

/** Every failure of a call. `code` says what happened, `hint` what to do. */
export class SlipwayClientError extends Error {
  override readonly name: string = "SlipwayClientError";
  readonly code: ErrorCode;
  /** Of the answer; undefined where there was none. */
  readonly status: number | undefined;
  readonly hint: string | undefined;
  readonly where: string | undefined;
  /** What is wrong with the rows, where the service refused them. */
  readonly problems: readonly Problem[];
  /** A valid request, where the service shows one. */
  readonly example: unknown;
  readonly requestId: string;
  /** How long the service asks to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, details: {
    readonly requestId: string; readonly status?: number | undefined; readonly hint?: string | undefined; readonly where?: string | undefined;
    readonly problems?: readonly Problem[] | undefined; readonly example?: unknown; readonly retryAfterMs?: number | undefined; readonly cause?: unknown;
  }) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.status = details.status;
    this.hint = details.hint;
    this.where = details.where;
    this.problems = details.problems ?? [];
    this.example = details.example;
    this.requestId = details.requestId;
    this.retryAfterMs = details.retryAfterMs;
  }
}

export interface ClientOptions {
  /** Where the service is, such as http://127.0.0.1:8080. */
  readonly url: string;
  /** A key or token, or what gives one; sent as Authorization: Bearer. */
  readonly apiKey?: string | (() => Awaitable<string>) | undefined;
  /** For one call with all its tries, in milliseconds; 30,000 by default. */
  readonly timeoutMs?: number | undefined;
  /** Further tries after 429, 503 or a connection that failed; 2 by default. */
  readonly retries?: number | undefined;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Ask this version, or this alias of one, instead of the one that is served by default. */
  readonly version?: string | undefined;
  /** In place of the platform's own. */
  readonly fetch?: typeof fetch | undefined;
}

export interface CallOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  readonly retries?: number | undefined;
  /** Found again in the service's log; made up by default. */
  readonly requestId?: string | undefined;
}
export interface OneOptions<Output> extends CallOptions {
  /** Only these; all by default. */
  readonly outputs?: readonly Output[] | undefined;
}
export interface ManyOptions<Output> extends OneOptions<Output> {
  /** `throw` (default): one bad row refuses the request. `rows`: bad rows come back as errors in their place. */
  readonly onInvalid?: "throw" | "rows" | undefined;
}

/** What a client knows of its model beside its types. */
interface ModelFacts extends ModelInfo {
  /** Outputs whose numbers may be NaN or infinite, which JSON has no way to write: `null` becomes NaN. */
  readonly floats: readonly string[];
}

const FIRST_PAUSE_MS = 100;
/** Who asks for a longer pause is not waited for. */
const LONGEST_PAUSE_MS = 15_000;
const LONGEST_ERROR = 2000;

/** Asks one model. `One` is a row, `Many` a list of them, `Prediction` what comes back for each. */
export abstract class ModelClient<One, Many extends readonly unknown[], Prediction extends object> {
  readonly #facts: ModelFacts;
  readonly #options: ClientOptions;
  readonly #address: string;

  constructor(facts: ModelFacts, options: string | ClientOptions) {
    this.#facts = facts;
    this.#options = typeof options === "string" ? { url: options } : options;
    const { url, version } = this.#options;
    this.#address = `${url.replace(/\/+$/, "")}/models/${encodeURIComponent(facts.name)}${version === undefined ? "" : `/versions/${encodeURIComponent(version)}`}/predict`;
  }

  /** The model that this client was made from. */
  get madeFrom(): ModelInfo {
    const { name, version, digest } = this.#facts;
    return { name, version, digest };
  }

  /** @throws SlipwayClientError */
  async predict<Output extends keyof Prediction & string = keyof Prediction & string>(row: One, options: OneOptions<Output> = {}): Promise<Pick<Prediction, Output>> {
    const answer = await this.#ask([row], options, "throw");
    return answer.predictions[0] as Pick<Prediction, Output>;
  }

  /** @throws SlipwayClientError */
  predictMany<Output extends keyof Prediction & string = keyof Prediction & string>(rows: Many, options: ManyOptions<Output> & { readonly onInvalid: "rows" }): Promise<Answer<Pick<Prediction, Output> | RowError>>;
  predictMany<Output extends keyof Prediction & string = keyof Prediction & string>(rows: Many, options?: ManyOptions<Output> & { readonly onInvalid?: "throw" | undefined }): Promise<Answer<Pick<Prediction, Output>>>;
  async predictMany(rows: Many, options: ManyOptions<string> = {}): Promise<Answer<object>> {
    return this.#ask(rows, options, options.onInvalid ?? "throw");
  }

  async #ask(rows: readonly unknown[], options: OneOptions<string>, onInvalid: "throw" | "rows"): Promise<Answer<object>> {
    const requestId = options.requestId ?? newId();
    const query = new URLSearchParams();
    for (const name of options.outputs ?? []) query.append("outputs", name);
    if (onInvalid === "rows") query.set("on_invalid", "rows");
    const search = query.toString();
    const { body, text } = await this.#send(`${this.#address}${search === "" ? "" : `?${search}`}`, JSON.stringify(rows, writeValue), options, requestId);
    const { predictions, model, prediction_id: predictionId } = (typeof body === "object" && body !== null ? body : {}) as { predictions?: unknown; model?: unknown; prediction_id?: unknown };
    if (!Array.isArray(predictions) || typeof model !== "object" || model === null || typeof predictionId !== "string") {
      throw new SlipwayClientError("client-answer", `the answer is not a prediction: ${text.slice(0, 200)}`, { requestId, status: 200, hint: "Check that the address is that of a Slipway service." });
    }
    for (const row of predictions as Record<string, unknown>[]) for (const name of this.#facts.floats) if (row[name] !== undefined) row[name] = withNaN(row[name]);
    return { predictions, model: model as ModelInfo, predictionId, requestId };
  }

  async #send(address: string, sent: string, call: CallOptions, requestId: string): Promise<{ readonly body: unknown; readonly text: string }> {
    const timeoutMs = call.timeoutMs ?? this.#options.timeoutMs ?? 30_000;
    const retries = call.retries ?? this.#options.retries ?? 2;
    const ask = this.#options.fetch ?? fetch;
    const stop = new AbortController();
    const { signal } = call;
    let ended: SlipwayClientError | undefined;
    const end = (error: SlipwayClientError): void => {
      ended ??= error;
      stop.abort(error);
    };
    const aborted = (): void => end(new SlipwayClientError("client-aborted", "the call was aborted", { requestId, cause: signal?.reason as unknown }));
    const timer = setTimeout(() => end(new SlipwayClientError("client-timeout", `there was no answer within ${timeoutMs} ms`, { requestId, hint: "Send fewer rows, or allow more time (timeoutMs)." })), timeoutMs);
    if (signal?.aborted === true) aborted();
    else signal?.addEventListener("abort", aborted);
    try {
      for (let attempt = 0; ; attempt++) {
        if (ended !== undefined) throw ended;
        let error: SlipwayClientError;
        let again = true;
        try {
          const { apiKey } = this.#options;
          const key = typeof apiKey === "function" ? await apiKey() : apiKey;
          const headers = { ...this.#options.headers, "content-type": "application/json", accept: "application/json", "x-request-id": requestId, ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) };
          const response = await ask(address, { method: "POST", body: sent, headers, signal: stop.signal, redirect: "error" });
          const text = await response.text();
          const body = readJson(text);
          if (response.ok) return { body, text };
          error = answeredError(response, body, text, requestId);
          again = response.status === 429 || response.status === 503;
        } catch (cause) {
          if (ended !== undefined) throw ended;
          error = new SlipwayClientError("client-network", `the service could not be asked: ${cause instanceof Error ? cause.message : String(cause)}`, { requestId, cause, hint: "Check the address and that the service runs." });
        }
        const pause = Math.max(error.retryAfterMs ?? 0, FIRST_PAUSE_MS * 2 ** attempt * (0.5 + Math.random() / 2));
        if (!again || attempt >= retries || pause > LONGEST_PAUSE_MS) throw error;
        await sleep(pause, stop.signal);
      }
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", aborted);
    }
  }
}

/** Values that JSON has no way to write, as the service takes them. */
function writeValue(_key: string, value: unknown): unknown {
  if (typeof value === "number") return value - value === 0 ? value : value > 0 ? "Infinity" : value < 0 ? "-Infinity" : null;
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) return Array.from(value as unknown as ArrayLike<unknown>);
  return value;
}

function withNaN(value: unknown): unknown {
  if (value === null) return NaN;
  if (Array.isArray(value)) return value.map(withNaN);
  if (typeof value === "object") return Object.fromEntries(Object.entries(value).map(([name, v]) => [name, withNaN(v)]));
  return value;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function answeredError(response: Response, body: unknown, text: string, requestId: string): SlipwayClientError {
  const { status } = response;
  const wait = response.headers.get("retry-after");
  const seconds = wait === null || wait === "" ? NaN : Number(wait);
  const until = wait === null || !Number.isNaN(seconds) ? NaN : Date.parse(wait) - Date.now();
  const pause = Number.isNaN(seconds) ? until : seconds * 1000;
  const error = (typeof body === "object" && body !== null && "error" in body ? body.error : undefined) as { code?: unknown; message?: unknown; hint?: unknown; where?: unknown; data?: { problems?: unknown; example?: unknown } } | undefined;
  const word = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
  return new SlipwayClientError(word(error?.code) ?? "client-answer", word(error?.message) ?? `the service answered ${status}: ${text.slice(0, LONGEST_ERROR)}`, {
    status, requestId: response.headers.get("x-request-id") ?? requestId, hint: word(error?.hint), where: word(error?.where), example: error?.data?.example,
    problems: Array.isArray(error?.data?.problems) ? (error.data.problems as Problem[]) : undefined, retryAfterMs: Number.isNaN(pause) ? undefined : Math.max(0, pause),
  });
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}

/** Pages that are not served securely have no crypto.randomUUID. */
function newId(): string {
  const { crypto } = globalThis as { crypto?: { randomUUID?: () => string } };
  return crypto?.randomUUID?.() ?? Array.from({ length: 4 }, () => Math.floor(Math.random() * 2 ** 32).toString(16).padStart(8, "0")).join("");
}
