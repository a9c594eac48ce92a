import { defineErrors, type ErrorMaker } from "@slipway/core/base";

const table = {
  "signing-key-file": { kind: "not-found", doc: "The file of a key, a certificate or a signature cannot be read: it is not there, is no plain file, or is larger than any key." },
  "signing-key-exists": { kind: "conflict", doc: "There is a file already where the new key was to be written. Keys are never overwritten; choose another name." },
  "signing-write": { kind: "usage", doc: "The new key cannot be written: the folder is missing, or is not writable." },
  "signed-files-limit": { kind: "limit", doc: "The folder to be signed or verified has more files than allowed (100,000)." },
} as const;

export const signingFileError: ErrorMaker<typeof table> = defineErrors(table);
