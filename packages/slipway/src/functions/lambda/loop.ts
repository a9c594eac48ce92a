// A function on AWS Lambda: one event after the other, each answered by the service as it answers over HTTP. An event that
// is no request is the body of `POST /predict`, and what it is answered with is the function's result; a refusal is then an
// error of the function, with our code as its type.

import { SlipwayError } from "@slipway/core/base";
import { lambdaError } from "./errors.ts";
import { httpEvent } from "./http-event.ts";
import type { FunctionError, Invocation, RuntimeApi } from "./runtime-api.ts";

export type Service = (request: Request) => Promise<Response>;

/**
 * Until Lambda ends the process, or its interface does.
 * @param open makes the service ready; what it throws is told to Lambda, and thrown
 * @throws lambda-runtime, and what `open` throws
 */
export async function runLambda(api: RuntimeApi, open: () => Promise<Service>, isEnding: () => boolean = () => false): Promise<void> {
  let service: Service;
  try {
    service = await open();
  } catch (error) {
    await api.failInit(functionError(error)).catch(() => undefined);
    throw error;
  }
  while (!isEnding()) {
    const invocation = await api.next();
    if (invocation.traceId !== undefined) process.env["_X_AMZN_TRACE_ID"] = invocation.traceId;
    try {
      const answer = await answerTo(invocation, service);
      if (!(await api.answer(invocation.id, answer))) await api.fail(invocation.id, functionError(lambdaError("lambda-answer-too-large", `the answer has ${Buffer.byteLength(answer)} bytes, and Lambda hands back at most 6 MB`)));
    } catch (error) {
      if (error instanceof SlipwayError && error.code === "lambda-runtime") throw error;
      await api.fail(invocation.id, functionError(error));
    }
  }
}

async function answerTo({ event, traceId }: Invocation, service: Service): Promise<string> {
  if (event === undefined) throw lambdaError("lambda-event", "the event is not JSON");
  const http = httpEvent(event);
  if (http !== undefined) {
    if (traceId !== undefined) http.request.headers.set("x-amzn-trace-id", traceId);
    return JSON.stringify(await http.answer(await service(http.request)));
  }
  const response = await service(new Request("https://lambda/predict", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(event) }));
  const text = await response.text();
  if (response.status < 400) return text;
  throw new Refused(text);
}

/** What the service refused, in its own words. */
class Refused extends Error {
  readonly error: FunctionError;
  constructor(body: string) {
    super("refused");
    let told: { readonly code?: unknown; readonly message?: unknown } = {};
    try {
      told = (JSON.parse(body) as { readonly error?: typeof told }).error ?? {};
    } catch {
      // An answer that is no JSON is told as it is.
    }
    this.error = { errorType: typeof told.code === "string" ? told.code : "refused", errorMessage: typeof told.message === "string" ? told.message : body.slice(0, 1000) };
  }
}

function functionError(error: unknown): FunctionError {
  if (error instanceof Refused) return error.error;
  if (error instanceof SlipwayError) return { errorType: error.code, errorMessage: error.hint === undefined ? error.message : `${error.message}. ${error.hint}` };
  return { errorType: "internal", errorMessage: error instanceof Error ? error.message : String(error) };
}
