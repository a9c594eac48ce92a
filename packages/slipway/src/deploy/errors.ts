import { defineErrors, type ErrorMaker } from "@slipway/core/base";

const table = {
  "deploy-target": { kind: "usage", doc: "There is no such target. `slipway deploy --help` lists those that images are checked for and deployed to." },
  "deploy-image": { kind: "invalid", doc: "What is to be checked is no image that `slipway image` made: an OCI layout or archive, a docker archive, or oci://HOST/REPOSITORY:TAG; or a package, of which an image is made for the check." },
  "deploy-check-here": { kind: "unsupported", doc: "Images hold programs for Linux, and for one processor: they are checked on a machine of that kind." },
  "deploy-check-failed": { kind: "internal", doc: "The check itself ended without a result. Please report it with what it printed." },
} as const;

export const deployError: ErrorMaker<typeof table> = defineErrors(table);
