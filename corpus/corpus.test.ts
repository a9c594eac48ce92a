// Every file of the corpus: compiled, run, and compared with the library that made it.

import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { SlipwayError } from "../packages/core/src/base/index.ts";
import { loadModelPackage, openModel, readInput } from "../packages/slipway/src/runtime/index.ts";
import { differences, listCases, readBadInputs, readExpected, readInputs } from "./case.ts";

const here = fileURLToPath(new URL(".", import.meta.url));
/** Families whose files are not compiled yet. */
const LATER = new Set(["torch"]);
const shared = join(here, "..", "..", "shared", "corpus", "cases");
const sets = [["corpus", listCases(join(here, "cases"))], ["shared corpus", listCases(shared).filter((c) => !LATER.has(c.family))]] as const;

for (const [set, cases] of sets) {
  describe.skipIf(cases.length === 0)(set, () => {
    for (const one of cases) {
      if (one.expect === "import") {
        it(`${one.name} (${one.environment}) predicts what its library predicted`, async () => {
          const opened = await openModel(one.modelFile);
          const model = await loadModelPackage(opened.package);
          try {
            const { batch } = model.encode(readInput(readInputs(join(one.folder, "inputs.json")), model.signature));
            expect(differences(await model.run(batch), readExpected(one.folder), one.tolerance)).toEqual([]);
            for (const bad of readBadInputs(one.folder)) {
              await expect(model.predict(bad), JSON.stringify(bad)).rejects.toThrow(SlipwayError);
            }
          } finally {
            await model.close();
          }
        });
      } else if (one.expect === "refuse") {
        it(`${one.name} is refused with a code`, async () => {
          const error = await openModel(one.modelFile).then(() => undefined, (e: unknown) => e);
          expect(error).toBeInstanceOf(SlipwayError);
          if (one.code !== undefined) expect((error as SlipwayError).code).toBe(one.code);
        });
      }
    }
  });
}
