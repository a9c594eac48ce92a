// Coded errors of models that Python runs.

import { defineErrors, type ErrorDetails, type SlipwayError } from "@slipway/core/base";

const table = {
  "python-untrusted": { kind: "refused", doc: "The file runs code when Python loads it, and nobody said that exactly this file is trusted. Look at it (`slipway inspect`), and name its digest with `--trust` if you trust whoever made it." },
  "python-target": { kind: "invalid", doc: "The path holds nothing that Python can serve: a pickle, a `predict.py`, a folder with one of them, or a folder that MLflow made." },
  "python-scratch": { kind: "unavailable", doc: "A model's process needs a folder that it may write in, and neither the one for temporary files nor /dev/shm can be written. Give the container a tmpfs at /tmp, or name a folder with TMPDIR." },
  "python-missing": { kind: "unavailable", doc: "There is no Python interpreter at the path, or it did not start. Name one with `--python`; the model's libraries must be installed there." },
  "python-load-failed": { kind: "invalid", doc: "Python could not load the model. The message is Python's; often a library is missing in the environment, or has another version than the one that wrote the file." },
  "python-signature": { kind: "invalid", doc: "What the model takes cannot be told from the file. Give rows with `--check`: a CSV file with its columns and, beside them, what it predicted." },
  "python-environment": { kind: "invalid", doc: "The environment that was asked for (`--env`) cannot be made: nothing says what is in it, or pip or uv found no versions that go together, or no network. The message is theirs." },
  "python-wheels": { kind: "invalid", doc: "The packages that a model's lock names cannot be put into an image: there is no lock, it names no hashes, or a package has no wheel for the image's platform and Python (source alone would have to be run to be built)." },
  "python-failed": { kind: "internal", doc: "The model's own code raised an error for every row of the request. The message is Python's; the traceback is in the server's log." },
} as const;

export const pythonError: ((code: keyof typeof table, message: string, details?: ErrorDetails) => SlipwayError) & { readonly table: typeof table } = defineErrors(table);
