// The golden rows, asked where the model will answer: the new version has to give what its own package promises, and to
// take every row that the old version's package shows.

import type { Finding } from "@slipway/core/stats";
import { SlipwayError } from "@slipway/core/base";
import type { Checks } from "@slipway/core/package";
import type { Servable } from "../runtime/index.ts";
import type { Registry } from "../registry/index.ts";
import { runChecks, type ModelDirectory } from "../server/index.ts";
import type { Rollout } from "./rollout.ts";

const AT_ONCE = 32;

export async function replayGolden(registry: Registry, directory: ModelDirectory, { model, baseline, candidate }: Rollout): Promise<Finding> {
  const checks = async (version: number): Promise<Checks | null> => (await registry.package(`${model}:${version}`)).checks;
  const [own, old] = [await checks(candidate), await checks(baseline)];
  const { model: servable, end } = await directory.take(model, String(candidate));
  try {
    await runChecks(servable, own, AT_ONCE);
    const refused = old === null ? 0 : await refusedRows(servable, old);
    const figures = { ownRows: own?.inputs.length ?? 0, baselineRows: old?.inputs.length ?? 0, refused };
    if (refused > 0) return { signal: "replay", verdict: "abort", text: `it refuses ${refused} of ${figures.baselineRows} golden rows that ${model}:${baseline} takes`, figures };
    return { signal: "replay", verdict: "promote", text: `it gives what its ${figures.ownRows} golden rows promise, and takes the ${figures.baselineRows} of ${model}:${baseline}`, figures };
  } catch (error) {
    if (!(error instanceof SlipwayError) || error.kind === "unavailable") throw error;
    return { signal: "replay", verdict: "abort", text: error.message, figures: {} };
  } finally {
    end();
  }
}

async function refusedRows(model: Servable, { inputs }: Checks): Promise<number> {
  let refused = 0;
  for (let start = 0; start < inputs.length; start += AT_ONCE) {
    const { batch, rowErrors } = model.encode({ kind: "records", records: inputs.slice(start, start + AT_ONCE) }, "rows");
    refused += rowErrors.size;
    if (batch.rows > 0) refused += (await model.run(batch, { onInvalid: "rows" })).refused?.size ?? 0;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return refused;
}
