import { describe, expect, it } from "vitest";
import { columnsModel, matrixModel } from "../../runtime/testing.ts";
import { inject, testApp } from "../testing.ts";
import { makeKey } from "./key-file.ts";
import { describeEveryRoute, REFUSALS, requestsOf } from "./testing-matrix.ts";

describeEveryRoute("every route", async (keys) => {
  const app = await testApp({ models: [columnsModel(), matrixModel()], options: { auth: { keys: { keys } } } });
  return { app, close: () => app.context.models.close() };
});

it("keys for other models than the first may not ask that one by no name", async () => {
  const { key, record } = makeKey({ name: "linear only", roles: ["admin"], models: ["lin*"] });
  const app = await testApp({ models: [columnsModel(), matrixModel()], options: { auth: { keys: { keys: [record] } } } });
  const answer = await inject(app, { method: "POST", url: "/predict", payload: "{}", headers: { authorization: `Bearer ${key}` } });
  expect([answer.statusCode, answer.errorCode]).toEqual([403, "forbidden"]);
  await app.context.models.close();
});

describe("without any credentials configured", () => {
  it("everyone may ask and nobody may administrate", async () => {
    const open = await testApp({ models: [columnsModel(), matrixModel()] });
    for (const request of requestsOf(open)) {
      const { route, errorCode } = await inject(open, { ...request, adminPort: true, ...(request.method === "GET" ? {} : { payload: "{}" }) });
      if (!["open", "read", "predict", "observe", "feedback"].includes(route!.action)) expect(errorCode, request.url).toBe("credentials-missing");
      else expect(REFUSALS, request.url).not.toContain(errorCode);
    }
    await open.context.models.close();
  });
});
