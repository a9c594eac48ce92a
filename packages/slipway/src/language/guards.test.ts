import { afterAll, beforeAll, expect, it } from "vitest";
import { loadModelPackage, type Model } from "../runtime/index.ts";
import { textModel } from "../runtime/testing.ts";
import { createServer, jsonAnswer } from "../server/index.ts";
import { inject } from "../server/testing.ts";
import { Guards } from "./guards.ts";

let topics: Model;
beforeAll(async () => {
  topics = await loadModelPackage(textModel("topics"));
});
afterAll(() => topics.close());

it("a prompt that a classifier refuses is not in a log that shows rows", async () => {
  const lines: string[] = [];
  const guards = new Guards([{ name: "topic", on: "prompt", classifier: "topics", allow: ["1"] }]);
  const app = createServer({
    models: [topics],
    options: {
      requestLog: { rows: 1 }, log: { level: "info", write: (line) => lines.push(line) },
      protocols: [(context) => ({ name: "prompts", routes: [{ method: "POST", path: "/prompt", action: "open", handle: async (call) => {
        await guards.prompt(call, context, "tiny", [call.body.toString()]);
        return jsonAnswer({});
      } }] })],
    },
  });
  const asked = async (payload: string): Promise<string | undefined> => (await inject(app, { method: "POST", url: "/prompt", payload })).errorCode;
  expect([await asked("Café"), await asked("tea")]).toEqual([undefined, "language-guard"]);
  expect(lines.map((line) => (JSON.parse(line) as { input?: object }).input)).toEqual([["Café"], undefined]);
});
