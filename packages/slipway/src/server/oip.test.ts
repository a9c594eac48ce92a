import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { App } from "./index.ts";
import { inject, testApp } from "./testing.ts";

let app: App;
beforeAll(async () => {
  app = await testApp({ options: { auth: { anonymous: "admin", administration: "any-port" } } });
});
afterAll(() => app.context.models.close());

/** What both answers and errors may hold; a test that reads what is not there fails. */
interface Answer {
  readonly error: string;
  readonly outputs: readonly [Tensor, Tensor, Tensor];
}
interface Tensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data: readonly unknown[];
}

async function infer(model: string, payload: unknown, headers: Record<string, string> = {}): Promise<{ status: number; body: Answer; raw: Buffer; headers: Record<string, unknown> }> {
  const answer = await inject(app, { method: "POST", url: `/v2/models/${model}/infer`, headers, payload: Buffer.isBuffer(payload) || typeof payload === "string" ? payload : JSON.stringify(payload) });
  const binary = answer.headers["inference-header-content-length"];
  const raw = answer.rawPayload;
  return { status: answer.statusCode, body: JSON.parse((binary === undefined ? raw : raw.subarray(0, Number(binary))).toString()) as Answer, raw: binary === undefined ? Buffer.alloc(0) : raw.subarray(Number(binary)), headers: answer.headers };
}
const get = async (url: string) => (await inject(app, url)).json();
const X = (data: unknown, extra: object = {}): object => ({ name: "X", datatype: "FP64", shape: [2, 3], data, ...extra });
const loan = (extra: object = {}) => ({ inputs: [
  { name: "age", datatype: "FP64", shape: [2, 1], data: [45, null] },
  { name: "plan", datatype: "BYTES", shape: [2], data: ["pro", "basic"] },
  { name: "member", datatype: "BOOL", shape: [2, 1], data: [[false], [true]] },
], ...extra });

describe("inference", () => {
  it("takes named columns and answers every output, with id, names and shapes", async () => {
    const { status, body } = await infer("loan", loan({ id: "42", parameters: { anything: 1 } }));
    expect(status).toBe(200);
    expect(body).toMatchObject({ model_name: "loan", model_version: "1.2.0", id: "42" });
    expect(body.outputs.map((o) => [o.name, o.datatype, o.shape])).toEqual([["label", "BYTES", [2]], ["probabilities", "FP64", [2, 2]], ["score", "FP64", [2]]]);
    expect(body.outputs[2].data).toEqual([55, null]);
  });
  it("takes flat and nested data, any number type, a matrix of any name or column by column, and versions", async () => {
    const want = [6, 14];
    const ask = async (...inputs: object[]): Promise<unknown> => (await infer("linear", { inputs })).body.outputs?.[0].data;
    expect(await ask(X([1, 1, 1, 1, 2, 3]))).toEqual(want);
    expect(await ask(X([[1, 1, 1], [1, 2, 3]]))).toEqual(want);
    expect(await ask(X([1, 1, 1, 1, 2, 3], { datatype: "INT8" }))).toEqual(want);
    expect(await ask(X([1, 1, 1, 1, 2, 3], { name: "input-0", datatype: "FP32" }))).toEqual(want);
    expect((await infer("linear/versions/1.0.0", { inputs: [X([1, 1, 1, 1, 2, 3])] })).body.outputs[0].data).toEqual(want);
    const columns = ["x0", "x1", "x2"].map((name, j) => ({ name, datatype: "INT64", shape: [2], data: [1, j + 1] }));
    expect(await ask(...columns)).toEqual([6, 14]);
  });
  it("chooses outputs in the order asked for", async () => {
    const { body } = await infer("loan", loan({ outputs: [{ name: "score" }, { name: "label" }] }));
    expect(body.outputs.map((o) => o.name)).toEqual(["score", "label"]);
  });
  it("gives the highest values as classes", async () => {
    const { body } = await infer("loan", loan({ outputs: [{ name: "probabilities", parameters: { classification: 2 } }] }));
    expect(body.outputs).toMatchObject([{ name: "probabilities", datatype: "BYTES", shape: [2, 2] }]);
    expect((body.outputs[0] as unknown as { data: string[] }).data.map((t) => t.split(":").slice(1))).toEqual([["1", "yes"], ["0", "no"], ["0", "no"], ["1", "yes"]]);
  });
  it("takes no rows at all", async () => {
    expect((await infer("linear", { inputs: [X([], { shape: [0, 3] })] })).body.outputs[0]).toMatchObject({ shape: [0], data: [] });
  });
  it("speaks binary both ways, per output", async () => {
    const ages = Buffer.from(Float64Array.from([45, 1]).buffer);
    const plans = Buffer.concat(["pro", "basic"].map((s) => Buffer.concat([Buffer.from(Uint32Array.of(s.length).buffer), Buffer.from(s)])));
    const json = Buffer.from(JSON.stringify({
      inputs: [
        { name: "age", datatype: "FP64", shape: [2, 1], parameters: { binary_data_size: 16 } },
        { name: "plan", datatype: "BYTES", shape: [2, 1], parameters: { binary_data_size: plans.length } },
        { name: "member", datatype: "BOOL", shape: [2, 1], parameters: { binary_data_size: 2 } },
      ],
      parameters: { binary_data_output: true }, outputs: [{ name: "label" }, { name: "score", parameters: { binary_data: false } }, { name: "probabilities" }],
    }));
    const { body, raw, headers } = await infer("loan", Buffer.concat([json, ages, plans, Buffer.from([0, 1])]), { "inference-header-content-length": String(json.length) });
    expect(headers["content-type"]).toBe("application/octet-stream");
    expect(body.outputs[0]).toEqual({ name: "label", datatype: "BYTES", shape: [2], parameters: { binary_data_size: 14 } });
    expect(body.outputs[1].data).toEqual([55, 101]);
    expect(raw.subarray(0, 14).toString("latin1")).toBe("\x03\0\0\0yes\x03\0\0\0yes");
    expect(raw.length).toBe(14 + 32);
  });
  it("takes FP16 and BF16 as bytes", async () => {
    for (const [datatype, one] of [["FP16", 0x3c00], ["BF16", 0x3f80]] as const) {
      const json = Buffer.from(JSON.stringify({ inputs: [{ name: "X", datatype, shape: [1, 3], parameters: { binary_data_size: 6 } }] }));
      const { body } = await infer("linear", Buffer.concat([json, Buffer.from(Uint16Array.of(one, one, one).buffer)]), { "inference-header-content-length": String(json.length) });
      expect(body.outputs[0].data).toEqual([6]);
    }
  });
  it("takes a raw body for a model with one input", async () => {
    const { body, raw } = await infer("linear", Buffer.from(Float64Array.of(1, 1, 1, 1, 2, 3).buffer), { "inference-header-content-length": "0" });
    expect(body.outputs[0]).toMatchObject({ name: "value", shape: [2], parameters: { binary_data_size: 16 } });
    expect([raw.readDoubleLE(0), raw.readDoubleLE(8)]).toEqual([6, 14]);
    const text = await infer("tickets", Buffer.from("Café"), { "inference-header-content-length": "0" });
    expect(text.raw.readBigInt64LE(0)).toBe(1n);
    expect((await infer("loan", Buffer.from("x"), { "inference-header-content-length": "0" })).body.error).toContain("a model with one input");
  });
});

describe("refusals are 400 with one string", () => {
  const six = [1, 1, 1, 1, 2, 3];
  it.each<[string, unknown, string]>([
    ["no inputs", {}, 'no "inputs"'], ["empty body", "", "no body"], ["a list", [], "not a JSON object"], ["no name", { inputs: [{}] }, 'has no "name"'],
    ["a datatype", { inputs: [X(six, { datatype: "FP8" })] }, '"datatype" is "FP8"'], ["no shape", { inputs: [X(six, { shape: undefined })] }, '"shape" is missing'],
    ["a negative size", { inputs: [X(six, { shape: [-1, 3] })] }, "holds -1"], ["a broken size", { inputs: [X(six, { shape: [1.5, 3] })] }, "holds 1.5"],
    ["an overflow", { inputs: [X(six, { shape: [4294967296, 4294967296] })] }, "too large"], ["an overflow by zero", { inputs: [X([], { shape: [0, 4294967296, 4294967296] })] }, "too large"],
    ["too few values", { inputs: [X([1, 2])] }, 'takes 6 values, "data" has 2'], ["another width", { inputs: [X(six, { shape: [3, 2] })] }, "expected shape [N, 3], found [3, 2]"],
    ["FP16 in JSON", { inputs: [X(six, { datatype: "FP16" })] }, "cannot be written in JSON"], ["a text as number", { inputs: [X(["1", 1, 1, 1, 2, 3])] }, 'value 0 is "1", which is no FP64'],
    ["out of range", { inputs: [X([300, 1, 1, 1, 2, 3], { datatype: "UINT8" })] }, "no UINT8 (0 to 255)"], ["a fraction", { inputs: [X([0.5, 1, 1, 1, 2, 3], { datatype: "INT32" })] }, "no INT32"],
    ["missing", { inputs: [X([null, 1, 1, 1, 2, 3])] }, 'row 1, column "x0": expected a number, found a missing value'],
    ["twice", { inputs: [X(six), X(six)] }, "there twice"], ["an unknown output", { inputs: [X(six)], outputs: [{ name: "y" }] }, 'no output "y"'],
    ["classification", { inputs: [X(six)], outputs: [{ name: "value", parameters: { classification: 1.5 } }] }, "classification is not a number of classes"],
    ["shared memory", { inputs: [X(undefined, { parameters: { shared_memory_region: "r" } })] }, "shared memory"],
    ["no data", { inputs: [X(undefined)] }, 'has no "data"'], ["a bad id", { inputs: [X(six)], id: 3 }, '"id" is not a string'],
    ["binary data that is not there", { inputs: [X(undefined, { parameters: { binary_data_size: 48 } })] }, "0 bytes are left"],
    ["BYTES for numbers", { inputs: [X(Array(6).fill("a"), { datatype: "BYTES" })] }, "expected FP64"],
  ])("%s", async (_name, payload, message) => {
    const { status, body } = await infer("linear", payload);
    expect([status, Object.keys(body)]).toEqual([400, ["error"]]);
    expect(body.error).toContain(message);
  });
  it("of rows show a valid request that works", async () => {
    const { body } = await infer("loan", { inputs: [{ name: "age", datatype: "FP64", shape: [1], data: [3] }] });
    expect(body.error).toMatch(/^missing columns: plan, member\. A valid request: /);
    expect((await infer("loan", JSON.parse(body.error.split("A valid request: ")[1]!))).status).toBe(200);
  });
  it("of sizes and names that do not fit", async () => {
    const columns = loan().inputs;
    expect((await infer("loan", { inputs: [columns[0], { ...columns[1], shape: [1], data: ["pro"] }, columns[2]] })).body.error).toContain('input "plan" has 1 rows, "age" has 2');
    expect((await infer("loan", { inputs: [{ ...columns[0], shape: [1, 2] }] })).body.error).toContain("expected shape [N] or [N, 1], found [1, 2]");
    expect((await infer("loan", { inputs: [{ ...columns[0], datatype: "BYTES", data: ["a", "b"] }] })).body.error).toContain("expected FP64 or another number type, found BYTES");
    expect((await infer("tickets", { inputs: [{ name: "txt", datatype: "BYTES", shape: [1], data: ["a"] }] })).body.error).toContain('Did you mean "text"?');
    for (const length of ["-1", "x", "99999", "1e1"]) expect((await infer("linear", "{}", { "inference-header-content-length": length })).status).toBe(400);
    expect((await infer("linear", "{}x", { "inference-header-content-length": "2" })).status).toBe(400);
  });
  it("of models and versions are 404, of loading what nobody has too", async () => {
    expect((await infer("nobody", {})).status).toBe(404);
    expect((await infer("linear/versions/2", {})).status).toBe(404);
    const load = await inject(app, { method: "POST", url: "/v2/repository/models/nobody/load", payload: "{}" });
    expect([load.statusCode, Object.keys(load.json())]).toEqual([404, ["error"]]);
    expect(Object.keys((await inject(app, "/v2/nothing")).json())).toEqual(["error"]);
  });
  it("whatever the bytes are", async () => {
    const json = '{"inputs":[{"name":"X","datatype":"FP64","shape":[1,3],"parameters":{"binary_data_size":24}}]}';
    const whole = Buffer.concat([Buffer.from(json), Buffer.alloc(24)]);
    await fc.assert(fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), fc.integer({ min: 0, max: 130 }), async (at, byte, length) => {
      const mutated = Buffer.from(whole);
      mutated[at] = byte;
      const answer = await inject(app, { method: "POST", url: "/v2/models/linear/infer", headers: { "inference-header-content-length": String(length) }, payload: mutated });
      expect(answer.statusCode).toBeLessThan(500);
    }), { numRuns: 300 });
  });
});

describe("around inference", () => {
  it("describes server, models and health as clients expect", async () => {
    expect((await get("/v2")).name).toBe("slipway");
    expect(await get("/v2/")).toEqual(await get("/v2"));
    expect(await get("/v2/health/live")).toEqual({ live: true });
    expect(await get("/v2/health/ready")).toEqual({ live: true, ready: true });
    expect(await get("/v2/models/loan/ready")).toEqual({ name: "loan", ready: true });
    expect(await get("/v2/models/linear/versions/1.0.0")).toMatchObject({ name: "linear", versions: ["1.0.0"], inputs: [{ name: "X", datatype: "FP64", shape: [-1, 3] }], outputs: [{ name: "value", datatype: "FP64", shape: [-1] }] });
    expect((await get("/v2/models/loan")).outputs[1]).toEqual({ name: "probabilities", datatype: "FP64", shape: [-1, 2], parameters: { labels: ["no", "yes"] } });
  });
  it("lists the repository as a bare list, also for an empty body", async () => {
    for (const payload of ["", "{}", '{"ready":true}']) {
      const answer = await inject(app, { method: "POST", url: "/v2/repository/index", payload });
      expect(answer.json()[0]).toEqual({ name: "loan", version: "1.2.0", state: "READY", reason: "" });
    }
  });
  it("counts rows and requests", async () => {
    const { model_stats } = await get("/v2/models/loan/versions/1.2.0/stats");
    expect(model_stats[0].inference_count).toBeGreaterThan(model_stats[0].execution_count);
    expect(model_stats[0].inference_stats.success.ns).toBeGreaterThan(0);
    expect((await get("/v2/models/stats")).model_stats.length).toBe(3);
  });
  it("is not ready, with 503, while the server stops", async () => {
    app.context.ready = false;
    try {
      expect((await inject(app, "/v2/health/ready")).statusCode).toBe(503);
      expect((await inject(app, "/v2/models/loan/ready")).statusCode).toBe(503);
      expect((await inject(app, "/health/ready")).statusCode).toBe(503);
    } finally {
      app.context.ready = true;
    }
  });
});
