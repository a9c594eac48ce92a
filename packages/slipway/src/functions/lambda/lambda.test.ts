import { afterEach, expect, it } from "vitest";
import { LambdaEmulator, RuntimeApi, runLambda } from "../index.ts";
import { httpEvent } from "./http-event.ts";

let emulator: LambdaEmulator | undefined;
let api: RuntimeApi | undefined;
afterEach(async () => {
  api?.close();
  await emulator?.close();
});

/** Answers with what it was asked. */
async function echo(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  if (pathname === "/predict" && (await request.clone().text()) === "{}") return Response.json({ error: { code: "request-invalid", message: "no rows" } }, { status: 400 });
  if (pathname === "/large") return new Response("x".repeat(7 << 20), { headers: { "content-type": "text/plain" } });
  if (pathname === "/image") return new Response(new Uint8Array([0, 255, 1]), { headers: { "content-type": "image/png" } });
  if (pathname === "/fails") throw new Error("on purpose");
  return Response.json({ method: request.method, path: pathname + search, type: request.headers.get("content-type"), cookie: request.headers.get("cookie"), body: await request.text() });
}

async function started(): Promise<LambdaEmulator> {
  emulator = await LambdaEmulator.start();
  api = new RuntimeApi(emulator.host);
  // Ends when the emulator does.
  runLambda(api, () => Promise.resolve(echo)).catch(() => undefined);
  await emulator.ready;
  return emulator;
}

it("answers events that are requests of API Gateway, function URLs and load balancers", async () => {
  const lambda = await started();
  const v2 = { version: "2.0", rawPath: "/prod/v2/models/a/infer", rawQueryString: "x=1&x=2", headers: { "content-type": "application/json", "content-length": "999" }, cookies: ["a=1", "b=2"], requestContext: { stage: "prod", http: { method: "POST" } }, body: Buffer.from('{"a":1}').toString("base64"), isBase64Encoded: true };
  expect((await lambda.invoke(v2)).payload).toMatchObject({ statusCode: 200, isBase64Encoded: false, body: JSON.stringify({ method: "POST", path: "/v2/models/a/infer?x=1&x=2", type: "application/json", cookie: "a=1; b=2", body: '{"a":1}' }) });
  const v1 = { httpMethod: "GET", path: "/health/ready", headers: { Host: "x.example" }, multiValueHeaders: { Host: ["x.example"] }, multiValueQueryStringParameters: { q: ["a b", "c"] }, requestContext: { stage: "prod" }, body: null, isBase64Encoded: false };
  expect((await lambda.invoke(v1)).payload).toMatchObject({ statusCode: 200, headers: { "content-type": "application/json" }, multiValueHeaders: { "content-type": ["application/json"] }, body: expect.stringContaining('"path":"/health/ready?q=a+b&q=c"') });
  const alb = { httpMethod: "GET", path: "/image", headers: {}, queryStringParameters: { q: "a%20b" }, requestContext: { elb: {} }, body: "" };
  expect((await lambda.invoke(alb)).payload).toMatchObject({ statusCode: 200, statusDescription: "200", isBase64Encoded: true, body: "AP8B" });
});

it("takes any other event as the body of a prediction, and tells refusals and faults as the function's errors", async () => {
  const lambda = await started();
  expect(await lambda.invoke({ rows: [1] })).toMatchObject({ ok: true, payload: { method: "POST", path: "/predict", body: '{"rows":[1]}' } });
  expect(await lambda.invoke({})).toMatchObject({ ok: false, payload: { errorType: "request-invalid", errorMessage: "no rows" } });
  expect(await lambda.invoke("{not json")).toMatchObject({ ok: false, payload: { errorType: "lambda-event" } });
  const asked = (path: string): object => ({ rawPath: path, requestContext: { http: { method: "GET" } } });
  expect(await lambda.invoke(asked("/large"))).toMatchObject({ ok: false, payload: { errorType: "lambda-answer-too-large" } });
  expect(await lambda.invoke(asked("/fails"))).toMatchObject({ ok: false, payload: { errorType: "internal", errorMessage: "on purpose" } });
  // And goes on afterwards.
  expect(await lambda.invoke([1])).toMatchObject({ ok: true });
});

it("tells why it cannot start, and what is no interface of Lambda's", async () => {
  emulator = await LambdaEmulator.start();
  api = new RuntimeApi(emulator.host);
  await expect(runLambda(api, () => Promise.reject(new Error("no model")))).rejects.toThrow("no model");
  await expect(emulator.ready).rejects.toMatchObject({ errorMessage: "no model" });
  const gone = new RuntimeApi("127.0.0.1:1");
  await expect(runLambda(gone, () => Promise.resolve(echo))).rejects.toMatchObject({ code: "lambda-runtime" });
});

it.each([[null], [1], ["text"], [[]], [{}], [{ requestContext: {} }], [{ requestContext: { http: {} }, rawPath: 1 }], [{ requestContext: {}, httpMethod: "GET" }]])("takes %j for no request", (event) => {
  expect(httpEvent(event)).toBeUndefined();
});
it("refuses requests that HTTP does not know", () => {
  expect(() => httpEvent({ requestContext: { http: { method: "GE T" } }, rawPath: "/" })).toThrow(/cannot be understood/);
  expect(httpEvent({ requestContext: { http: { method: "GET" } }, rawPath: "/", headers: { "bad name": "x", host: "a b" } })!.request.url).toBe("https://lambda/");
});
