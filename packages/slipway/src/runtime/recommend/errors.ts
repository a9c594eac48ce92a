// Coded errors of models that are packed to recommend.

import { defineErrors, type ErrorDetails, type SlipwayError } from "@slipway/core/base";

const table = {
  "recommend-cold": { kind: "usage", doc: "Nothing says what somebody without history is shown: name the column of `--items` that says how popular an item is (`--popularity`), or refuse such requests (`--cold-start refused`)." },
  "recommend-file": { kind: "invalid", doc: "The list of items or users (`--items`, `--users`), or the items' vectors (`--item-vectors`), cannot be read. The message says what was found and what is expected." },
} as const;

export const recommendFileError: ((code: keyof typeof table, message: string, details?: ErrorDetails) => SlipwayError) & { readonly table: typeof table } = defineErrors(table);
