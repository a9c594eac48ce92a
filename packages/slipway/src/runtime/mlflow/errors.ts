// Coded errors of reading what MLflow wrote.

import { defineErrors, type ErrorMaker } from "@slipway/core/base";

const table = {
  "mlflow-folder": { kind: "invalid", doc: "The folder's `MLmodel` file is damaged, or names a file that is not in the folder. Log or download the model again." },
  "mlflow-flavor": { kind: "unsupported", doc: "The MLflow model has no flavour that Slipway reads: it is Python code of its own (`python_function`), or of a library that Slipway does not know. The error names it and says what to log instead." },
  "mlflow-not-found": { kind: "not-found", doc: "MLflow's store holds no such model, version, alias or run, or there is no store to look in. Set `MLFLOW_TRACKING_URI`, or run where `mlruns` or `mlflow.db` is." },
  "mlflow-remote": { kind: "unsupported", doc: "The model's files lie on a server or in a cloud's storage. Fetch them first, with `mlflow artifacts download` or the cloud's own tool, and pass the folder." },
} as const;

export const mlflowError: ErrorMaker<typeof table> = defineErrors(table);
