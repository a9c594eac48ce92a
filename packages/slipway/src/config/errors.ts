// The configuration's coded errors.

import { defineErrors, type ErrorMaker } from "@slipway/core/base";

const table = {
  "config-key-unknown": { kind: "usage", doc: "The configuration has a key that is not known. The error says where and names the nearest one; docs/configuration.md lists them." },
  "config-value-invalid": { kind: "usage", doc: "A value of the configuration file, of a `SLIPWAY_` variable or of an option is not what the setting takes. The error says where and what was expected." },
  "config-value-missing": { kind: "usage", doc: "A part of the configuration lacks a key that it cannot do without." },
  "config-file-unreadable": { kind: "usage", doc: "The configuration file is not there, cannot be parsed, or exports nothing." },
  "config-file-ambiguous": { kind: "usage", doc: "The folder has more than one configuration file. Keep one, or choose with --config." },
} as const;

export const configError: ErrorMaker<typeof table> = defineErrors(table);
