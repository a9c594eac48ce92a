// Whether a file can be a model, told by its name alone: what a person sees at once when they chose the wrong one. What it
// really is, the server tells by its content.

const ROWS = /\.(?:csv|tsv|xlsx?|ods|parquet|arrow|feather|jsonl|ndjson)(?:\.(?:gz|zst))?$/i;
const CODE = /\.(?:ipynb|py|r|rmd)$/i;
const PICTURE = /\.(?:png|jpe?g|gif|webp|pdf|docx?|pptx?|md)$/i;
const CHECKS = /\.(?:csv|tsv|json|jsonl|ndjson)$/i;

/** Why it is no model, as a sentence; undefined where it may be one. */
export function notAModel(name: string): string | undefined {
  if (ROWS.test(name)) return `${name} holds rows, not a model. Choose the file that the notebook saved, such as model.joblib or model.pkl; ${maybeChecks(name) ? "these rows then go beside it as its check file" : "rows to check it with go beside it as CSV or JSON"}.`;
  if (CODE.test(name)) return `${name} is code, not a model. Run it, let it save the fitted model (joblib.dump), and choose that file.`;
  if (PICTURE.test(name)) return `${name} is a document or a picture, not a model. Choose the file that the notebook saved, such as model.joblib or model.pkl.`;
  return undefined;
}

/** Whether a file that was dropped together with a model is its check file. */
export function maybeChecks(name: string): boolean {
  return CHECKS.test(name);
}

export function isPackage(name: string): boolean {
  return /\.slip$/i.test(name);
}
