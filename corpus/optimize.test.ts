// Exact changes change no bit of any answer: a sample of the corpus, every ONNX file of others in it.

import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { assertSound, serializeModel } from "../packages/core/src/onnx/index.ts";
import { Encoder, exampleRequest, readInput } from "../packages/core/src/predict/index.ts";
import { exactChanges } from "../packages/slipway/src/optimize/candidates.ts";
import { Subject } from "../packages/slipway/src/optimize/subject.ts";
import { openModel, proofRows } from "../packages/slipway/src/runtime/index.ts";
import { listCases } from "./case.ts";

const cases = fileURLToPath(new URL("cases", import.meta.url));

describe("what slipway optimize takes out without asking", () => {
  let compared = 0;
  it.each(listCases(cases).filter((c, i) => c.expect === "import" && (c.name.startsWith("onnx") || i % 40 === 0)))("$name", async (c) => {
    const { package: source } = await openModel(c.modelFile);
    const { model, signature } = exactChanges(source.model, source.signature, undefined);
    const bytes = serializeModel(model);
    assertSound(bytes);
    const encoder = new Encoder(signature);
    const { batch } = signature.layout === "tensors" ? encoder.encode(readInput(exampleRequest(signature), signature)) : encoder.encode({ kind: "records", records: proofRows(signature, new Map(), [], 40) }, "rows");
    const [before, after] = [await Subject.open(source.model, source.signature), await Subject.open(bytes, signature)];
    const expected = await before.answer(batch).catch(() => undefined);
    if (expected !== undefined) expect((await after.answer(batch)).outputs.map((o) => o.data)).toEqual(expected.outputs.map((o) => o.data));
    compared += expected === undefined ? 0 : 1;
    await before.close();
    await after.close();
  });
  it("is compared at all", () => {
    expect(compared).toBeGreaterThan(20);
  });
});
