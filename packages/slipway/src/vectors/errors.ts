// Coded errors of searches among vectors.

import { defineErrors, type ErrorDetails, type SlipwayError } from "@slipway/core/base";

const table = {
  "hnsw-missing": { kind: "unavailable", doc: "Search by HNSW was asked for, which usearch does, and usearch is not installed with Slipway: `npm install usearch`, in the folder you start from. Exact search needs nothing." },
} as const;

export const vectorsError: ((code: keyof typeof table, message: string, details?: ErrorDetails) => SlipwayError) & { readonly table: typeof table } = defineErrors(table);
