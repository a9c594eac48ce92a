import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formBoundary, readForm } from "./form.ts";

interface Got {
  readonly name: string;
  readonly file: string | undefined;
  readonly bytes: string;
}
async function read(body: Buffer, boundary: string, cuts: readonly number[] = []): Promise<Got[]> {
  const places = [0, ...cuts.map((c) => c % (body.length + 1)).sort((a, b) => a - b), body.length];
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let i = 1; i < places.length; i++) yield body.subarray(places[i - 1]!, places[i]!);
  }
  const got: Got[] = [];
  await readForm(pieces(), boundary, (head) => {
    const all: Buffer[] = [];
    return Promise.resolve({ write: (b) => Promise.resolve(void all.push(Buffer.from(b))), end: () => Promise.resolve(void got.push({ ...head, bytes: Buffer.concat(all).toString("latin1") })) });
  });
  return got;
}
const code = (work: Promise<unknown>): Promise<string> => work.then(() => "none", (error: { code?: string }) => error.code ?? String(error));

describe("a form that arrives in pieces", () => {
  it("is what the platform's own form data writes, wherever the pieces are cut", async () => {
    await fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 50 }), fc.array(fc.nat(2000), { maxLength: 12 }), async (model, check, cuts) => {
      const form = new FormData();
      form.set("model", new File([new Uint8Array(model)], "model.joblib"));
      form.set("check", new File([new Uint8Array(check)], "check.csv"));
      const made = new Response(form);
      const boundary = formBoundary(made.headers.get("content-type")!)!;
      const got = await read(Buffer.from(await made.arrayBuffer()), boundary, cuts);
      expect(got).toEqual([{ name: "model", file: "model.joblib", bytes: Buffer.from(model).toString("latin1") }, { name: "check", file: "check.csv", bytes: Buffer.from(check).toString("latin1") }]);
    }), { numRuns: 100 });
  });
  it("keeps bytes that are nearly a boundary, and what stands before and behind is passed over", async () => {
    const data = "\r\n--boun\r\n--boundar\r\n\r\n--";
    const body = Buffer.from(`before\r\n--boundary\r\nContent-Disposition: form-data; name="a"\r\n\r\n${data}\r\n--boundary--\r\nbehind`);
    expect(await read(body, "boundary", [9, 11, 70, 75])).toEqual([{ name: "a", file: undefined, bytes: data }]);
  });
  it.each([
    ["one without an end", '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx'], ["one without a boundary", "nothing of the kind"], ["a part without a name", "--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--"],
    ["a part without a head", "--b\r\n\r\nx\r\n--b--"], ["something behind a boundary", "--bx\r\n\r\nx\r\n--b--"], ["a head without an end", `--b\r\n${"x".repeat(10_000)}`],
    ["too many parts", `${'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n'.repeat(30)}--b--`],
  ])("is refused: %s", async (_, text) => expect(await code(read(Buffer.from(text), "b"))).toBe("body-invalid"));
  it("is told by its type", async () => {
    expect(['multipart/form-data; boundary="a b"', "Multipart/Form-Data;boundary=x-1; charset=utf-8", "application/octet-stream", undefined].map(formBoundary)).toEqual(["a b", "x-1", undefined, undefined]);
    expect(await code(Promise.resolve().then(() => formBoundary("multipart/form-data")))).toBe("body-invalid");
  });
});
