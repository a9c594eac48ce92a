// Recommendations in bulk with a catalogue as it is now: rows as the packed graph takes them, `items` as it gives them and their
// `scores`, found among what may be shown. Where somebody stands the graph says; of who has no history, and of places that are left
// over, scores are missing.

import { MISSING_STRING, type Output } from "@slipway/core/package";
import type { Batch, Model, OutputData, Prediction } from "../runtime/index.ts";
import type { ItemState } from "./change.ts";
import { recommendError } from "./errors.ts";
import type { Query } from "./query.ts";
import { itemsFor } from "./recommend.ts";
import { Shelf } from "./shelf.ts";

/** What a catalogue says beside the package. */
export interface CatalogueContents {
  readonly states: readonly (readonly [id: string, state: ItemState])[];
  readonly cold: readonly string[];
}
type Run = (batch: Batch, options: { readonly outputs?: readonly string[] | undefined }) => Promise<Prediction>;

/** @param outputs of `items` and `scores`, both by default @throws recommend-none, recommend-request, catalogue-invalid */
export function bulkRecommender(model: Model, { states, cold }: CatalogueContents, outputs: readonly string[] | undefined): (batch: Batch) => Promise<Prediction> {
  const { itemSpace, encoder: { plan } } = model;
  const items = model.signature.outputs.find((o) => o.name === "items");
  if (itemSpace === undefined || items === undefined) throw recommendError("recommend-none", `the model ${model.name} was not packed to recommend`, { hint: "slipway pack FILE --recommend" });
  const foreign = outputs?.find((name) => name !== "items" && name !== "scores");
  if (foreign !== undefined) throw recommendError("recommend-request", `with a catalogue there is no output ${JSON.stringify(foreign.slice(0, 100))}`, { where: "outputs", hint: "There are items and scores." });
  const { settings } = itemSpace;
  const shelf = new Shelf(itemSpace, model.digest);
  for (const [id, state] of states) {
    const { digest, values } = state.vector ?? {};
    if (values !== undefined && digest === model.digest && (settings.kind !== "embedding" || values.length !== itemSpace.width)) throw recommendError("catalogue-invalid", settings.kind === "embedding" ? `a vector of ${values.length} numbers, where ${itemSpace.width} are expected` : "the model finds items by no vectors of theirs", { where: `the item ${JSON.stringify(id.slice(0, 100))}` });
    shelf.apply(id, state);
  }
  const standing = { shelf, version: 0, cold };
  const k = items.rowShape[0]!;
  const scores: Output = { name: "scores", graphName: "scores", kind: "score", type: "double", rowShape: [k] };
  const slot = (name: string | undefined) => plan.slots.find((s) => s.name === name && s.kind === "string");
  const [seen, left] = [slot(settings.seen), slot("exclude")];
  const listed = (batch: Batch, row: number, of: typeof seen): string[] => {
    const text = of === undefined ? MISSING_STRING : batch.strings[row * plan.strings + of.place]!;
    return text === MISSING_STRING ? [] : text.split(settings.separator).filter((id) => id !== "");
  };
  const run: Run = (batch, options) => model.run(batch, { onInvalid: "rows", ...options });
  const wanted = [settings.output, ...(settings.distances === undefined ? [] : [settings.distances])];

  return async (batch) => {
    const prediction = await run(batch, { outputs: wanted });
    const ids = new Array<string>(batch.rows * k).fill(MISSING_STRING);
    const values = new Float64Array(batch.rows * k).fill(NaN);
    const refused = new Map<number, string>();
    for (let row = 0; row < batch.rows; row++) {
      const query: Query = { user: undefined, items: listed(batch, row, seen), k, exclude: new Set(listed(batch, row, left)), filter: [], cold: undefined };
      try {
        const found = await itemsFor(standing, query, prediction, row);
        found.items.forEach(({ id, score }, i) => {
          ids[row * k + i] = id;
          values[row * k + i] = score ?? NaN;
        });
      } catch (error) {
        if ((error as { code?: string }).code !== "recommend-without-history") throw error;
        refused.set(row, (error as Error).message);
      }
    }
    const made: OutputData[] = [{ output: items, width: k, data: ids }, { output: scores, width: k, data: values }];
    return { rows: batch.rows, computeMs: prediction.computeMs, outputs: made.filter((o) => outputs?.includes(o.output.name) ?? true), ...(refused.size === 0 ? {} : { refused }) };
  };
}
