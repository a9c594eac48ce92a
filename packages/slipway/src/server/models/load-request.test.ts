import fc from "fast-check";
import { expect, it } from "vitest";
import { SlipwayError } from "@slipway/core/base";
import { MODEL_SETTINGS, readSection, SERVE_SETTINGS } from "../../config/index.ts";
import { readLoadRequest } from "./load-request.ts";

it("reads a load request, or refuses it with a code, whatever it holds", () => {
  const key = fc.oneof(fc.constantFrom("config", "file:1/model.onnx", "file:1/../../x", "file:/etc/passwd", "unload_dependents"), fc.string());
  const config = fc.oneof(fc.json(), fc.constantFrom('{"version_policy":{"latest":{}}}', '{"version_policy":{"all":{},"latest":{}}}', '{"version_policy":null}', "[]"));
  fc.assert(fc.property(fc.oneof(fc.json(), fc.string(), fc.dictionary(key, fc.oneof(config, fc.base64String(), fc.jsonValue())).map((parameters) => JSON.stringify({ parameters }))), (text) => {
    try {
      for (const [version, files] of readLoadRequest(text).files) for (const name of files.keys()) expect(`${version}/${name}`).not.toMatch(/\.\.\/|^\/|\0|\\/);
    } catch (error) {
      expect(error).toBeInstanceOf(SlipwayError);
    }
  }), { numRuns: 2000 });
});

it("reads settings, or refuses them with a code and a place, whatever they hold", () => {
  const keys = [...Object.keys(SERVE_SETTINGS), ...Object.keys(MODEL_SETTINGS), "__proto__", "constructor"];
  const tree = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof({ depthSize: "small" }, fc.jsonValue(), fc.constantFrom("1", "64MB", "30s", -1, 1e400, NaN), fc.array(tie("value"), { maxLength: 3 }), fc.dictionary(fc.oneof(fc.constantFrom(...keys), fc.string()), tie("value"), { maxKeys: 4 })),
  })).value;
  fc.assert(fc.property(tree, (value) => {
    try {
      readSection(SERVE_SETTINGS, value, (path) => path.join("."));
    } catch (error) {
      expect(error).toMatchObject({ code: expect.stringMatching(/^config-/), where: expect.any(String) });
    }
  }), { numRuns: 2000 });
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
});
