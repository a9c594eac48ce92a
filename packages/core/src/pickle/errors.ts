// Everything the pickle room can complain about.

import { defineErrors, type ErrorDetails, type SlipwayError } from "../base/index.ts";

const table = {
  "pickle-empty": { kind: "invalid", doc: "The file has no bytes in it. Save the model again." },
  "pickle-not-a-pickle": {
    kind: "invalid",
    doc: "The file is not a pickle or joblib dump. The message says what it looks like and what to do instead.",
  },
  "pickle-truncated": { kind: "invalid", doc: "The file ends before the pickle does. It was cut off: copy or save it again." },
  "pickle-malformed": {
    kind: "invalid",
    doc: "The instructions in the file do not fit together. It is damaged, or was made by something other than Python's pickle.",
  },
  "pickle-bad-array": {
    kind: "invalid",
    doc: "A NumPy array or SciPy matrix in the file contradicts itself, for example its shape and its number of bytes.",
  },
  "pickle-array-type": {
    kind: "unsupported",
    doc: "An array holds another type of element than the one needed here.",
  },
  "pickle-limit": {
    kind: "limit",
    doc: "The file asks for more memory, depth or size than is allowed. The message names the limit; options can raise it.",
  },
  "pickle-protocol": { kind: "unsupported", doc: "The file uses a pickle protocol newer than 5." },
  "pickle-external": {
    kind: "refused",
    doc: "The file refers to something outside itself: a persistent id, an extension code, an out-of-band buffer or another file.",
  },
  "pickle-calls-code": {
    kind: "refused",
    doc: "Loading the file in Python would call functions that are not part of saving a model. Slipway ran nothing; do not load the file in Python.",
  },
} as const;

export const pickleError: ((code: keyof typeof table & string, message: string, details?: ErrorDetails) => SlipwayError) & {
  readonly table: typeof table;
} = defineErrors(table);
