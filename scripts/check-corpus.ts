// Compares every case below the given folders with the library that made it, and says what differs:
//   node --conditions=@slipway/source scripts/check-corpus.ts FOLDER ...
// Exit 1 when a case is wrong. Cases that are refused with a code are listed apart.

import { join } from "node:path";
import { differences, listCases, readBadInputs, readExpected, readInputs } from "../corpus/case.ts";
import { SlipwayError } from "../packages/core/src/base/index.ts";
import { loadModelPackage, openModel, readInput } from "../packages/slipway/src/runtime/index.ts";

const tally = { exact: 0, wrong: 0, refused: 0, accepted: 0 };
for (const one of process.argv.slice(2).flatMap(listCases)) {
  let verdict = "exact";
  let why = "";
  try {
    const opened = await openModel(one.modelFile);
    const model = await loadModelPackage(opened.package);
    try {
      const { batch } = model.encode(readInput(readInputs(join(one.folder, "inputs.json")), model.signature));
      const found = differences(await model.run(batch), readExpected(one.folder), one.tolerance);
      if (found.length > 0) [verdict, why] = ["wrong", found.join("; ")];
      const bad = readBadInputs(one.folder);
      let accepted = 0;
      for (const row of bad) {
        await model.predict(row).then(() => { accepted++; if (accepted === 1) why += ` takes ${JSON.stringify(row)}`; }, (e: unknown) => { if (!(e instanceof SlipwayError)) throw e; });
      }
      tally.accepted += accepted;
      if (accepted > 0) [verdict, why] = [verdict === "exact" ? "lenient" : verdict, `${why}: ${accepted} of ${bad.length} rows that the library refuses are taken`];
    } finally {
      await model.close();
    }
  } catch (error) {
    if (!(error instanceof SlipwayError)) [verdict, why] = ["wrong", error instanceof Error ? String(error.stack).slice(0, 400) : String(error)];
    else [verdict, why] = [error.code.startsWith("request-") || error.code.startsWith("runtime-") ? "wrong" : "refused", `${error.code}: ${error.message} (${error.where ?? ""})`];
  }
  tally[verdict === "lenient" ? "exact" : (verdict as "exact")]++;
  if (verdict !== "exact") console.log(`${verdict.padEnd(8)} ${one.name} ${one.environment}: ${why.slice(0, 500)}`);
}
console.log(`${tally.exact} exact, ${tally.wrong} wrong, ${tally.refused} refused; ${tally.accepted} rows taken that the library refuses`);
process.exitCode = tally.wrong > 0 ? 1 : 0;
