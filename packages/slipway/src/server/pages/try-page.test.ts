import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ModelSource } from "../../runtime/index.ts";
import { columnsModel, matrixModel, textModel } from "../../runtime/testing.ts";
import type { App } from "../index.ts";
import { makeKey } from "../auth/key-file.ts";
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
    for (const [file, type] of [["try.js", "text/javascript"], ["ask.js", "text/javascript"], ["draw.js", "text/javascript"], ["draw-picture.js", "text/javascript"], ["try.css", "text/css"]]) {
      const answer = await inject(app, `/assets/${file}`);
      expect([answer.statusCode, answer.headers["content-type"]]).toEqual([200, `${type}; charset=utf-8`]);
    }
    for (const file of ["..%2fpackage.json", "try.ts", "constructor"]) expect((await inject(app, `/assets/${file}`)).statusCode).toBe(404);
  });
  it("leaves JSON to those who ask for it", async () => {
    expect((await inject(app, { url: "/models/loan", headers: { accept: "application/json" } })).json().name).toBe("loan");
    expect((await inject(app, { url: "/models/loan?format=json", headers: { accept: "text/html" } })).json().name).toBe("loan");
  });
  it("leads to the other models and to the versions of this one", async () => {
    const second = { ...columnsModel(), manifest: { name: "loan", version: "1.3.0" } };
    const several = await testApp({ models: [columnsModel(), second, matrixModel()] });
    const html = async (url: string): Promise<string> => (await inject(several, { url, headers: { accept: "text/html" } })).body;
    const chosen = await html("/models/loan");
    expect(chosen).toContain('<a href="/models/loan" aria-current="page">as the service chooses</a><a href="/models/loan/versions/1.2.0">1.2.0</a><a href="/models/loan/versions/1.3.0">1.3.0</a>');
    expect(chosen).toContain('data-url="/models/loan/predict"');
    const old = await html("/models/loan/versions/1.2.0");
    expect(old).toContain('<a href="/models/loan/versions/1.2.0" aria-current="page">1.2.0</a>');
    expect(old).toContain('data-url="/models/loan/versions/1.2.0/predict"');
    expect(await html("/models/linear")).not.toContain('aria-label="Versions"');
    expect((await inject(several, "/models/loan/versions/1.2.0")).json()).toMatchObject({ version: "1.2.0" });
    await several.context.models.close();
  });
});

describe("where keys are asked for", () => {
  const all = makeKey({ name: "all", roles: ["predictor"] });
  const linear = makeKey({ name: "linear", roles: ["predictor"], models: ["linear"] });
  let closed: App;
  beforeAll(async () => {
    closed = await testApp({ options: { auth: { keys: { keys: [all.record, linear.record] } } } });
  });
  afterAll(() => closed.context.models.close());
  const ask = (url: string, key?: string, accept = "text/html") => inject(closed, { url, headers: { accept, ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) } });

  it("a browser gets a field for one in the page's place, and learns nothing of the models", async () => {
    for (const url of ["/", "/models/loan", "/models/loan/versions/1.2.0", "/openapi.json"]) {
      const answer = await ask(url);
      expect([answer.statusCode, answer.errorCode], url).toEqual([401, "credentials-missing"]);
      expect(answer.headers["content-type"]).toContain("text/html");
      expect(answer.headers["content-security-policy"]).toContain("default-src 'none'");
      expect(answer.body).toMatch(/<label for="key">/);
      expect(answer.body).not.toMatch(/loan|tickets|linear/);
    }
    expect((await ask("/", "nonsense")).body).toContain("What was sent is neither an API key of this server nor a token.");
  });
  it("programs get JSON", async () => {
    for (const [url, accept] of [["/models/loan", "application/json"], ["/models/loan?format=json", "text/html"]] as const) expect((await ask(url, undefined, accept)).json().error.code).toBe("credentials-missing");
    const post = await inject(closed, { method: "POST", url: "/predict", headers: { accept: "text/html" }, payload: "{}" });
    expect([post.statusCode, post.json().error.code]).toEqual([401, "credentials-missing"]);
  });
  it("a key opens the pages of its models, and shows no others", async () => {
    expect((await ask("/", all.key)).body).toContain("<h1 tabindex=\"-1\">loan</h1>");
    const own = await ask("/", linear.key);
    expect(own.body).toContain("<h1 tabindex=\"-1\">linear</h1>");
    expect(own.body).not.toMatch(/loan|tickets/);
    expect((await ask("/models/loan", linear.key)).statusCode).toBe(403);
    expect((await ask("/models", linear.key, "application/json")).json().models.map((m: { name: string }) => m.name)).toEqual(["linear"]);
  });
});
