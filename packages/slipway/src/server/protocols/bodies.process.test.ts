// Bodies that are decoded in a thread, and answers in other forms than JSON.

import { readFileSync } from "node:fs";
import { columnFromArray, float64, tableFromColumns, tableFromIPC, tableToIPC, utf8, bool } from "@uwdata/flechette";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadModelPackage } from "../../runtime/index.ts";
import { columnsModel, matrixModel, textModel } from "../../runtime/testing.ts";
import { createServer, type App } from "../app.ts";
import { stopDecoder } from "../decoding/decoder.ts";
import { inject, type Injected } from "../testing.ts";
import { protocolContract, rowsOf, type Row, type Wire } from "./contract.ts";
import { imageModel } from "./testing-image-model.ts";

const STREAM = "application/vnd.apache.arrow.stream";
function arrow(rows: readonly Row[], format: "stream" | "file" = "stream"): Buffer {
  const names = [...new Set(rows.flatMap(Object.keys))];
  const columns = names.map((name) => {
    const values = rows.map((r) => r[name] ?? null);
    const type = values.some((v) => typeof v === "string") ? utf8() : values.some((v) => typeof v === "boolean") ? bool() : name === "note" || name === "plan" ? utf8() : float64();
    return [name, columnFromArray(type.typeId === utf8().typeId ? values.map((v) => (v === null ? null : String(v as string))) : values, type)] as const;
  });
  return Buffer.from(tableToIPC(tableFromColumns(columns as Parameters<typeof tableFromColumns>[0]), { format })!);
}
const post = (model: string, payload: Buffer, type = STREAM): Injected => ({ method: "POST", url: `/models/${model}/predict`, headers: { "content-type": type, accept: STREAM }, payload });
protocolContract({
  name: "Arrow", namesModel: true, missing: NaN, wrongType: /row 1, column "age": expected a number or null, found text "45"/,
  records: (model, rows) => post(model, arrow(rows)),
  matrix: (model, rows) => post(model, arrow(rows.map((r) => Object.fromEntries(r.map((v, i) => [String(i), v]))))),
  texts: (model, texts) => post(model, arrow(texts.map((anything) => ({ anything })))),
  read: (a) => {
    const table = tableFromIPC(new Uint8Array(a.rawPayload));
    return table.toArray().map((row) => {
      const { "probabilities.no": no, "probabilities.yes": yes, ...rest } = row as Record<string, unknown>;
      return { ...rest, ...(no === undefined ? {} : { probabilities: [no, yes] }) };
    });
  },
  message: (a) => (a.json() as { error: { message: string } }).error.message,
} satisfies Wire);

const fixtures = JSON.parse(readFileSync(new URL("../decoding/fixtures/binary.json", import.meta.url), "utf8")) as {
  tables: Record<string, ["parquet" | "arrow", string]>; matrix: string; pictures: Record<string, { png: string; rgba: string }>; resized: Record<string, string>; jpegs: Record<string, string>;
};
const bytes = (text: string): Buffer => Buffer.from(text, "base64");
const png = bytes(fixtures.pictures["rgb"]!.png);

let app: App;
beforeAll(async () => {
  const models = [...await Promise.all([columnsModel(), matrixModel(), textModel()].map((s) => loadModelPackage(s))),
    await imageModel("uint8", [8, 8, 3], "bytes"), await imageModel("float", [3, 8, 8], "floats"), await imageModel("double", [8, 8, 1], "grey")];
  app = createServer({ models });
});
afterAll(async () => {
  await app.context.models.close();
  await stopDecoder();
});
const ask = (url: string, payload: Buffer | string, type: string, accept?: string) => inject(app, { method: "POST", url, headers: { "content-type": type, ...(accept === undefined ? {} : { accept }) }, payload });
const scores = async (payload: Buffer, type: string, url = "/predict?outputs=score"): Promise<unknown> => (await ask(url, payload, type)).json().predictions;

describe("tables", () => {
  it("of Parquet and Arrow are rows, told by type or by their first bytes", async () => {
    const want = [{ score: 55 }, { score: null }, { score: 100 + 0.1 + 0.2 + 0.5 }];
    for (const [kind, text] of Object.values(fixtures.tables)) {
      const given = (await scores(bytes(text), kind === "parquet" ? "application/vnd.apache.parquet" : STREAM)) as { score: number | null }[];
      expect(given.map((g) => g.score)).toEqual([55, null, expect.closeTo(want[2]!.score!, 12)]);
    }
    expect(await scores(bytes(fixtures.tables["parquet none"]![1]), "application/octet-stream")).toHaveLength(3);
    expect((await ask("/models/linear/predict", bytes(fixtures.matrix), "application/x-parquet")).json().predictions).toEqual([{ value: 14 }, { value: 4 }]);
    expect((await ask("/invocations", bytes(fixtures.tables["parquet snappy"]![1]), "application/vnd.apache.parquet")).json().predictions).toHaveLength(3);
    const file = await ask("/predict?outputs=label", arrow([{ age: 45, plan: "pro", member: false }], "file"), "application/vnd.apache.arrow.file", "application/vnd.apache.arrow.file");
    expect(file.rawPayload.subarray(0, 6).toString()).toBe("ARROW1");
    expect(tableFromIPC(new Uint8Array(file.rawPayload)).toArray()).toEqual([{ label: "yes" }]);
  });
  it("that are damaged or of another kind are refused by code", async () => {
    expect((await ask("/predict", "PAR1 no", "application/vnd.apache.parquet")).json().error.code).toBe("table-damaged");
    expect((await ask("/predict", "xx", STREAM)).json().error.code).toMatch(/table-damaged|request-shape/);
    expect((await ask("/predict", "xx", "application/octet-stream")).statusCode).toBe(415);
  });
});

describe("images", () => {
  it("become the model's tensor: bytes, floats from 0 to 1, channels first, grey", async () => {
    const want = [...bytes(fixtures.resized["8x8"]!)];
    expect((await ask("/models/bytes/predict", png, "image/png")).json().predictions[0].pixels).toEqual(want);
    const floats = (await ask("/models/floats/predict", png, "application/octet-stream")).json().predictions[0].pixels as number[];
    expect(floats[1]).toBeCloseTo(want[3]! / 255, 6);
    expect(floats[64]).toBeCloseTo(want[1]! / 255, 6);
    const scaled = (await ask("/models/floats/predict?scale=1&mean=1,2,3&std=2", png, "image/png")).json().predictions[0].pixels as number[];
    expect([scaled[0], scaled[64]]).toEqual([(want[0]! - 1) / 2, (want[1]! - 2) / 2]);
    expect((await ask("/models/bytes/predict?order=bgr", png, "image/png")).json().predictions[0].pixels.slice(0, 3)).toEqual([want[2], want[1], want[0]]);
    expect((await ask("/models/grey/predict", bytes(fixtures.jpegs["grey"]!), "image/jpeg")).json().predictions[0].pixels).toHaveLength(64);
    expect((await ask("/models/bytes/invoke", png, "application/x-image")).json().predictions[0]).toEqual(want);
  });
  it("are refused where they cannot be taken", async () => {
    const code = async (url: string, body: Buffer | string, type = "image/png"): Promise<[number, string]> => {
      const a = await ask(url, body, type);
      return [a.statusCode, a.json().error.code];
    };
    expect(await code("/predict", png)).toEqual([415, "image-unwanted"]);
    expect(await code("/models/bytes/predict", "GIF89a")).toEqual([400, "image-damaged"]);
    for (const query of ["resize=zoom", "scale=1", "order=xyz"]) expect(await code(`/models/bytes/predict?${query}`, png)).toEqual([400, "request-malformed"]);
    for (const query of ["std=0", "mean=1,2", "scale=x"]) expect(await code(`/models/floats/predict?${query}`, png)).toEqual([400, "request-malformed"]);
  });
});

describe("forms", () => {
  const send = async (url: string, fill: (form: FormData) => void) => {
    const form = new FormData();
    fill(form);
    const request = new Response(form);
    return ask(url, Buffer.from(await request.arrayBuffer()), request.headers.get("content-type")!);
  };
  it("hold the fields of one row, a file of rows, or images", async () => {
    expect((await send("/predict?outputs=score", (f) => [["age", "45"], ["plan", "pro"], ["member", "false"]].forEach(([k, v]) => f.append(k!, v!)))).json().predictions).toEqual([{ score: 55 }]);
    expect((await send("/predict?outputs=score", (f) => f.append("rows", new Blob(["age,plan,member\n45,pro,0\n1,basic,1\n"]), "rows.csv"))).json().predictions).toEqual([{ score: 55 }, { score: 101 }]);
    expect((await send("/predict?outputs=score", (f) => f.append("f", new Blob([new Uint8Array(bytes(fixtures.tables["parquet zstd"]![1]))]), "x.parquet"))).json().predictions).toHaveLength(3);
    expect((await send("/models/bytes/predict", (f) => [1, 2].forEach(() => f.append("image", new Blob([new Uint8Array(png)], { type: "image/png" }), "a.png")))).json().predictions).toHaveLength(2);
  });
  it("are refused when they mix what does not go together, and when they are none", async () => {
    const message = async (fill: (form: FormData) => void): Promise<string> => (await send("/predict", fill)).json().error.message;
    expect(await message(() => undefined)).toMatch(/the form is empty|not the multipart form/);
    expect(await message((f) => [1, 2].forEach(() => f.append("age", "1")))).toMatch(/"age" twice/);
    expect(await message((f) => [1, 2].forEach(() => f.append("a", new Blob(["{}"]), "a.json")))).toMatch(/2 files, and not all are images/);
    expect(await message((f) => {
      f.append("age", "1");
      f.append("a", new Blob(["{}"]), "a.json");
    })).toMatch(/files and the field "age"/);
    expect((await ask("/predict", "nonsense", "multipart/form-data; boundary=x")).json().error.code).toBe("body-damaged");
    expect((await ask("/predict", "nonsense", "multipart/form-data")).json().error.code).toBe("body-damaged");
  });
});

describe("answers", () => {
  const row = '[{"age":45,"plan":"pro","member":false},{"age":NaN,"plan":"basic","member":true}]';
  it("are CSV with a header line, JSON lines, or JSON, as Accept says", async () => {
    const csv = await ask("/predict?outputs=label,score", row, "application/json", "text/csv");
    expect([csv.headers["content-type"], csv.body]).toEqual(["text/csv; charset=utf-8; header=present", "label,score\r\nyes,55\r\nno,NaN\r\n"]);
    expect(csv.headers["x-prediction-id"]).toMatch(/-/);
    expect((await ask("/predict?outputs=label", row, "application/json", "text/csv;header=absent")).body).toBe("yes\r\nno\r\n");
    expect((await ask("/predict?outputs=score", row, "application/json", "application/x-ndjson")).body).toBe("55\nnull\n");
    expect((await ask("/predict", row, "application/json", "text/html;q=0.9, text/csv;q=0.1, application/json")).json().predictions).toHaveLength(2);
  });
  it("of many rows come in pieces", async () => {
    const lines = Array.from({ length: 4500 }, (_, i) => `[${i},1,1]`).join("\n");
    const csv = await ask("/models/linear/predict", lines, "application/x-ndjson", "text/csv");
    expect(csv.body.split("\r\n")).toEqual(["value", ...Array.from({ length: 4500 }, (_, i) => String(i + 5)), ""]);
    const json = await ask("/models/linear/predict", lines, "application/x-ndjson", "application/jsonl");
    expect(json.body.trim().split("\n").map(Number)).toEqual(Array.from({ length: 4500 }, (_, i) => i + 5));
    expect(rowsOf((await ask("/models/linear/invoke", lines, "application/x-ndjson")).json().predictions)).toHaveLength(4500);
  });
});
