// Coded errors of recommendations and catalogues.

import { defineErrors, type ErrorDetails, type SlipwayError } from "@slipway/core/base";

const table = {
  "recommend-none": { kind: "unsupported", doc: "The model was not packed to recommend: `slipway pack FILE --recommend`." },
  "recommend-request": { kind: "invalid", doc: "The request for recommendations is not understood. The error names the field." },
  "recommend-without-history": { kind: "invalid", doc: "The user is not known, none of the items is, and the model was packed to refuse such requests. Send `cold`, a list of items to show, or keep such a list in the catalogue." },
  "catalogue-invalid": { kind: "invalid", doc: "A change of the catalogue is not understood. The error names the item and the field; nothing of the request was done." },
  "catalogue-version": { kind: "conflict", doc: "The catalogue was changed since the version that `if_version` names. Read it again, then repeat the change." },
  "catalogue-not-shared": { kind: "unavailable", doc: "Several processes serve, and each would have a catalogue of its own. Name a store that they share: `--catalogues catalogues.db`." },
  "catalogue-full": { kind: "limit", doc: "The catalogue would hold more items than it may (`recommend.maxItems`; of those that were taken out four times as many are remembered). Nothing of the request was done. Take items out, raise the bound, or pack the model anew with the items in it." },
  "catalogue-item": { kind: "not-found", doc: "The catalogue has no item with this id." },
} as const;

export const recommendError: ((code: keyof typeof table, message: string, details?: ErrorDetails) => SlipwayError) & { readonly table: typeof table } = defineErrors(table);
