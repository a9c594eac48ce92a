import { Validator } from "@seriousme/openapi-schema-validator";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { App } from "../index.ts";
import { inject, testApp } from "../testing.ts";

let app: App;
beforeAll(async () => {
  app = await testApp();
});
afterAll(() => app.context.models.close());

describe("/openapi.json", () => {
  it("is valid OpenAPI 3.1 and its references lead somewhere", async () => {
    const document = (await inject(app, "/openapi.json")).json();
    const validator = new Validator();
    const result = await validator.validate(document);
    expect(result).toEqual({ valid: true });
    expect(validator.version).toBe("3.1");
    for (const [, name] of JSON.stringify(document).matchAll(/#\/components\/schemas\/([\w.-]+)/g)) expect(document.components.schemas).toHaveProperty([name!]);
  });
  it("describes the model's own columns and outputs", async () => {
    const { components, paths } = (await inject(app, "/openapi.json")).json();
    const row = components.schemas["loan.Row"];
    expect(row.properties.plan).toMatchObject({ type: "string", enum: ["basic", "pro"] });
    expect(row.properties.age).toMatchObject({ type: ["number", "null"], maximum: 1e38, description: "Usually 18 to 90." });
    expect(row.properties).not.toHaveProperty("unused");
    expect(row.required).toEqual(["plan", "member"]);
    expect(components.schemas["loan.Prediction"].properties.label).toEqual({ enum: ["no", "yes"] });
    expect(Object.keys(paths)).toContain("/models/tickets/predict");
  });
  it("has examples that the server accepts", async () => {
    const { paths } = (await inject(app, "/openapi.json")).json();
    let asked = 0;
    for (const [path, { post }] of Object.entries<{ post?: { requestBody?: { content: Record<string, { example?: unknown }> } } }>(paths)) {
      const example = post?.requestBody?.content["application/json"]?.example;
      if (example === undefined) continue;
      const url = path.replace("{name}", "loan").replace("{version}", "1.2.0").replace(/\{\w+\}/g, "x");
      if (url.includes("/labels/")) continue;
      const answer = await inject(app, { method: "POST", url, headers: { "content-type": "application/json" }, payload: JSON.stringify(example) });
      expect([url, answer.statusCode, answer.statusCode === 200 ? "" : answer.body]).toEqual([url, 200, ""]);
      asked++;
    }
    expect(asked).toBeGreaterThanOrEqual(15);
  });
  it("describes every route of the routing table in words", async () => {
    const { paths } = (await inject(app, "/openapi.json")).json() as { paths: Record<string, Record<string, { summary: string; tags: string[] }>> };
    for (const { method, path, action } of app.table.routes) {
      if (/^\/(?:assets\/|\w+\.[\w.]+\/)|:explain$/.test(path)) continue;
      const operation = paths[path]?.[method.toLowerCase()] ?? paths[path.replace("{name}", "loan")]?.[method.toLowerCase()];
      expect(operation, `${method} ${path}`).toBeDefined();
      if (action !== "operate" && action !== "admin") expect(operation!.summary, `${method} ${path}`).not.toBe(`${method} ${path}`);
    }
  });
});
