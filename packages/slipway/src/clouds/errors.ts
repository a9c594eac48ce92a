// Coded errors of deployments to clouds.

import { defineErrors, type ErrorMaker } from "@slipway/core/base";

const table = {
  "cloud-options": { kind: "usage", doc: "The options of a deployment to a cloud are incomplete, or do not go together. The error names what is missing." },
  "cloud-credentials": { kind: "usage", doc: "Nobody is found who may ask the cloud: the error says which variables, files or programs are looked at." },
  "cloud-denied": { kind: "unauthenticated", doc: "The cloud knows who asks and does not allow it, or does not know who asks. Its own words name the permission." },
  "cloud-refused": { kind: "invalid", doc: "The cloud does not take a request; its own words say why. What was made before it stays, and the same command goes on from there." },
  "cloud-unavailable": { kind: "unavailable", doc: "The cloud does not answer, or answers with a fault of its own, also after some tries." },
  "cloud-failed": { kind: "failed-check", doc: "The cloud took everything, and what was deployed did not become ready. The reason is the cloud's; what served before serves on." },
} as const;

export const cloudError: ErrorMaker<typeof table> = defineErrors(table);
