// Pictures in base64 in the JSON of every cloud's protocol: the same answer as to the file itself.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseImageInput } from "@slipway/core/package";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadModelPackage, openModel } from "../../runtime/index.ts";
import { packModel } from "../../runtime/pack.ts";
import { createServer, type App } from "../app.ts";
import { stopDecoder } from "../decoding/decoder.ts";
import { inject } from "../testing.ts";

const shapes = fileURLToPath(new URL("../../../../../corpus/images/shapes/", import.meta.url));
const file = (name: string): Buffer => readFileSync(`${shapes}pictures/${name}.png`);
const [wide, tall] = [file("wide"), file("tall")].map((b) => b.toString("base64")) as [string, string];
const json = { "content-type": "application/json" };
let app: App;
let wanted: { detections: object[] }[];

beforeAll(async () => {
  const image = parseImageInput({ resize: "stretch", filter: "bilinear", order: "rgb", scale: 1 / 255, mean: [0], std: [1], ...(JSON.parse(readFileSync(`${shapes}image.json`, "utf8")) as object) }, "", (message) => { throw new Error(message); });
  const { package: source } = await packModel(`${shapes}shapes.onnx`, readFileSync(`${shapes}shapes.onnx`), { name: "shapes", version: "1.0.0", task: { task: "detection" }, image });
  app = createServer({ models: [await loadModelPackage(source)], options: { vertex: { predict: "/vertex" } } });
  wanted = [];
  for (const name of ["wide", "tall"]) wanted.push((await inject(app, { method: "POST", url: "/predict", headers: { "content-type": "image/png" }, payload: file(name) })).json().predictions[0] as (typeof wanted)[number]);
});
afterAll(async () => {
  await app.context.models.close();
  await stopDecoder();
});
async function post(url: string, body: unknown, headers: Record<string, string> = json): Promise<{ status: number; body: unknown }> {
  const answer = await inject(app, { method: "POST", url, headers, payload: typeof body === "string" ? body : JSON.stringify(body) });
  return { status: answer.statusCode, body: answer.json() };
}

const b64 = [{ b64: wide }, { b64: tall }];
const predictions = (body: unknown): unknown => (body as { predictions: unknown }).predictions;
describe("pictures in base64", () => {
  it.each<[string, string, unknown, (body: unknown) => unknown, Record<string, string>?]>([
    ["TensorFlow Serving, rows", "/v1/models/shapes:predict", { signature_name: "serving_default", instances: b64 }, predictions],
    ["TensorFlow Serving, an input of a name of its own", "/v1/models/shapes:predict", { instances: b64.map((image_bytes) => ({ image_bytes })) }, predictions],
    ["TensorFlow Serving, columns", "/v1/models/shapes:predict", { inputs: b64 }, (body) => (body as { outputs: unknown }).outputs],
    ["KServe v1, the tensor's name", "/v1/models/shapes:predict", { instances: [{ images: { b64: wide } }, { images: tall }] }, predictions],
    ["Vertex AI", "/vertex", { instances: b64, parameters: { outputs: ["detections"] } }, predictions],
    ["Vertex AI at its own address", "/v1/endpoints/1/deployedModels/2:predict", { instances: [{ image: { b64: wide } }, { image: tall }] }, predictions],
    ["SageMaker", "/invocations", { instances: b64 }, predictions, { ...json, "x-amzn-sagemaker-custom-attributes": "x" }],
    ["SageMaker, bare", "/invocations", b64, predictions, { ...json, "x-amzn-sagemaker-custom-attributes": "x" }],
    ["SageMaker, lines", "/invocations", b64.map((v) => `${JSON.stringify(v)}\n`).join(""), predictions, { "content-type": "application/jsonlines" }],
    ["SageMaker, a model by name", "/models/shapes/invoke", { instances: b64 }, predictions],
    ["MLflow, records", "/invocations", { dataframe_records: [{ image: wide }, { image: tall }] }, predictions],
    ["MLflow, split", "/invocations", { dataframe_split: { columns: ["image"], index: [0, 1], data: [[wide], [tall]] }, params: { outputs: ["detections"] } }, predictions],
    ["MLflow, inputs", "/invocations", { inputs: [wide, tall] }, predictions],
    ["Azure ML", "/score", { data: b64 }, (body) => body],
    ["Azure ML, input_data", "/score", { input_data: { columns: ["image"], index: [0, 1], data: [[wide], [tall]] } }, (body) => body],
    ["Azure ML, Inputs", "/score", { Inputs: { data: b64 }, GlobalParameters: { outputs: ["detections"] } }, (body) => (body as { Results: unknown }).Results],
    ["Azure ML, bare", "/score", { b64: wide }, (body) => [...(body as unknown[]), wanted[1]!.detections]],
    ["Slipway", "/predict", { instances: b64 }, (body) => (predictions(body) as { detections: unknown }[]).map((p) => p.detections)],
  ])("of %s", async (_name, url, body, read, headers) => {
    const answer = await post(url, body, headers);
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    expect(read(answer.body)).toEqual(wanted.map((w) => w.detections));
  });
  it.each([
    ["/v1/models/shapes:predict", { instances: [{ b64: "no base64!" }] }, "request-shape"],
    ["/v1/models/shapes:predict", { instances: [{ b64: wide }, { x: 1 }] }, "request-shape"],
    ["/vertex", { instances: [{ b64: Buffer.from("no picture").toString("base64") }] }, "image-damaged"],
    ["/invocations", { inputs: [wide, 3] }, "request-shape"],
    ["/invocations", { inputs: [wide], instances: [wide] }, "request-shape"],
    ["/score", { Inputs: { data: [{ b64: "" }] } }, "request-shape"],
  ])("%s %j is refused by a code", async (url, body, code) => {
    const answer = await inject(app, { method: "POST", url, headers: json, payload: JSON.stringify(body) });
    expect([answer.statusCode, answer.errorCode]).toEqual([400, code]);
  });
  it("are examples to a classifier, as TensorFlow Serving has them", async () => {
    const folder = fileURLToPath(new URL("../../../../../corpus/images/classifier/", import.meta.url));
    const other = createServer({ models: [await loadModelPackage((await openModel(folder)).package)] });
    const { name } = other.context.models.all[0]!;
    const picture = readFileSync(`${folder}pictures/wide.png`);
    const { predictions: [plain] } = (await inject(other, { method: "POST", url: "/predict", headers: { "content-type": "image/png" }, payload: picture })).json() as { predictions: { probabilities: Record<string, number> }[] };
    const { results } = (await inject(other, { method: "POST", url: `/v1/models/${name}:classify`, headers: json, payload: JSON.stringify({ examples: [{ image: { b64: picture.toString("base64") } }] }) })).json() as { results: [string, number][][] };
    expect(results[0]!.length).toBe(4);
    for (const [label, p] of results[0]!) expect(p).toBeCloseTo(plain!.probabilities[label]!, 6);
    await other.context.models.close();
  });
  it("leave tensors of numbers as they are", async () => {
    const zeros = Array.from({ length: 3 }, () => Array.from({ length: 96 }, () => Array.from({ length: 96 }, () => 0)));
    for (const [url, body] of [["/v1/models/shapes:predict", { instances: [zeros] }], ["/vertex", { instances: [{ images: zeros }] }], ["/invocations", { inputs: [zeros] }], ["/score", { data: [zeros] }]] as const) expect((await post(url, body)).status, url).toBe(200);
  });
});
