import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ModelSource } from "../../runtime/index.ts";
import { columnsModel, matrixModel, textModel } from "../../runtime/testing.ts";
import type { App } from "../index.ts";
import { inject, testApp } from "../testing.ts";

const hostile = '"><script>alert(1)</script>\'&';
/** The loan model with names and categories that try to break out of the page. */
function hostileModel(): ModelSource {
  const source = columnsModel("hostile");
  const columns = source.signature.columns.map((c) => (c.name === "unused" ? { ...c, name: hostile } : c.name === "plan" ? { ...c, categories: ["pro", hostile], missingReason: hostile } : c));
  return { ...source, signature: { ...source.signature, columns } };
}

let app: App;
beforeAll(async () => {
  app = await testApp({ models: [columnsModel(), matrixModel(), textModel(), hostileModel()] });
});
afterAll(() => app.context.models.close());
const page = async (url: string): Promise<{ text: string; headers: Record<string, unknown> }> => {
  const answer = await inject(app, { url, headers: { accept: "text/html" } });
  expect(answer.statusCode).toBe(200);
  return { text: answer.body, headers: answer.headers };
};

describe("the try-it page", () => {
  it("has a labelled field for every used column, of its kind", async () => {
    const { text } = await page("/");
    expect(text).toMatch(/<label for="f0">age<\/label>\s*<input type="number" step="any"/);
    expect(text).toMatch(/<label for="f1">plan<\/label>\s*<select[^>]*><option value="">choose \.\.\.<\/option><option value="&#34;basic&#34;">basic<\/option>/);
    expect(text).toMatch(/<label for="f2">member<\/label>\s*<select/);
    expect(text).toMatch(/<label for="f3">note<\/label>\s*<input type="text"/);
    expect(text).toContain("usually 18 to 90");
    expect(text).toContain("plays no part: unused");
    for (const [, id] of text.matchAll(/aria-describedby="([^"]+)"/g)) for (const one of id!.split(" ")) expect(text).toContain(`id="${one}"`);
  });
  it("has a grid and a paste box for a matrix, a text area for text", async () => {
    const matrix = await page("/models/linear");
    expect(matrix.text.match(/class="cell"/g)?.length).toBe(3);
    expect(matrix.text).toContain('<textarea id="paste"');
    expect((await page("/models/tickets")).text).toContain('<textarea id="f0"');
  });
  it("runs nothing inline and lets nothing out of its text", async () => {
    const { text, headers } = await page("/models/hostile");
    expect(headers["content-security-policy"]).toContain("script-src 'self'");
    expect(headers["content-security-policy"]).not.toContain("unsafe");
    expect(text.match(/<script/g)).toEqual(["<script"]);
    expect(text).not.toMatch(/ on[a-z]+=| style=/);
    expect(text).toContain("&#34;&#62;&#60;script&#62;");
  });
  it("comes with its script and style sheet and nothing else", async () => {
    for (const [file, type] of [["try.js", "text/javascript"], ["try.css", "text/css"]]) {
      const answer = await inject(app, `/assets/${file}`);
      expect([answer.statusCode, answer.headers["content-type"]]).toEqual([200, `${type}; charset=utf-8`]);
    }
    for (const file of ["..%2fpackage.json", "try.ts", "constructor"]) expect((await inject(app, `/assets/${file}`)).statusCode).toBe(404);
  });
  it("leaves JSON to those who ask for it", async () => {
    expect((await inject(app, { url: "/models/loan", headers: { accept: "application/json" } })).json().name).toBe("loan");
    expect((await inject(app, { url: "/models/loan?format=json", headers: { accept: "text/html" } })).json().name).toBe("loan");
  });
});
