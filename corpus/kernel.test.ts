// Every tabular file of the corpus through both engines: what our kernel computes is what ONNX Runtime computes, labels
// equal and numbers to their last bits, and a row alone gives the same bits as among others.

import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadModelPackage, openModel, readInput, type Prediction } from "../packages/slipway/src/runtime/index.ts";
import { pickRows } from "../packages/core/src/predict/encode.ts";
import { listCases, readInputs } from "./case.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
const ALONE = 3;

/** Where doubles, and floats, may differ: relative to the number and to the largest of its column. */
const TOLERANCE = { double: 1e-9, float: 1e-5 } as const;

function differs(own: Prediction, reference: Prediction): string | undefined {
  for (const [i, { output, width, data }] of reference.outputs.entries()) {
    const found = own.outputs[i]!;
    if (found.width !== width || found.data.length !== data.length || found.data.constructor !== data.constructor) return `${output.name} has another form`;
    const tolerance = data instanceof Float64Array ? TOLERANCE.double : data instanceof Float32Array ? TOLERANCE.float : 0;
    const largest = tolerance === 0 ? 0 : (data as Float64Array).reduce((most, x) => (Number.isFinite(x) ? Math.max(most, Math.abs(x)) : most), 0);
    for (let k = 0; k < data.length; k++) {
      const [a, b] = [found.data[k], data[k]];
      if (a === b || (a !== a && b !== b)) continue;
      if (tolerance > 0 && Math.abs((a as number) - (b as number)) <= tolerance * Math.max(Math.abs(b as number), largest * 1e-3)) continue;
      return `${output.name}, row ${Math.floor(k / width)}: ${String(a)} instead of ${String(b)}`;
    }
  }
  return undefined;
}

const tally = { kernel: 0, other: 0 };

describe("the kernel beside ONNX Runtime", () => {
  for (const one of listCases(join(here, "cases")).filter((c) => c.expect === "import")) {
    it(`${one.name} (${one.environment})`, async () => {
      const { package: source } = await openModel(one.modelFile);
      if (source.signature.layout === "tensors") return;
      const model = await loadModelPackage(source);
      if (model.engine.name !== "kernel") {
        tally.other++;
        await model.close();
        return;
      }
      tally.kernel++;
      const reference = await loadModelPackage(source, { engine: "onnxruntime", placement: "inline" });
      try {
        const { batch } = model.encode(readInput(readInputs(join(one.folder, "inputs.json")), model.signature));
        const own = await model.run(batch, { onInvalid: "rows" });
        expect(differs(own, await reference.run(batch, { onInvalid: "rows" }))).toBeUndefined();
        for (let row = 0; row < Math.min(ALONE, batch.rows); row++) {
          const alone = model.runSync(pickRows(batch, [row], model.encoder.plan), { onInvalid: "rows" })!;
          alone.outputs.forEach((o, i) => expect(o.data).toEqual(own.outputs[i]!.data.slice(row * o.width, (row + 1) * o.width)));
        }
      } finally {
        await Promise.all([model.close(), reference.close()]);
      }
    });
  }

  it("serves most of them", () => {
    // Lower only when converters write what the kernel does not know, and say so in the change.
    expect(tally.kernel).toBeGreaterThan(1000);
    // Of these loops (Matern of any order, old NMF, coordinate descent), roots and orders of matrix products and searches of neighbours are most.
    expect(tally.other).toBeLessThan(200);
  });
});

