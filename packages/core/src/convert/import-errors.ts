import { defineErrors, type ErrorMaker } from "../base/index.ts";

const table = {
  "file-empty": { kind: "invalid", doc: "The file has 0 bytes. Save or download it again." },
  "file-git-lfs-pointer": { kind: "invalid", doc: "The file is a Git LFS pointer, not the model. `git lfs pull` fetches the model." },
  "format-unknown": { kind: "invalid", doc: "The bytes are of no model format that Slipway knows. Formats are told by content, never by extension." },
  "format-not-a-model": { kind: "invalid", doc: "The file is data (CSV, JSON, HTML, an array ...), not a saved model." },
} as const;

export const importError: ErrorMaker<typeof table> = defineErrors(table);
