// The MLmodel file of MLflow 1.x to 3.x: YAML with the flavours a model was saved in, its signature (lists of columns as JSON
// in texts), and where it came from. https://mlflow.org/docs/latest/ml/model/

import { mlflowError } from "./errors.ts";
import { yaml } from "./yaml.ts";

export interface MlflowColumn {
  /** Absent in signatures of one column or of plain arrays. */
  readonly name?: string;
  /** boolean, integer, long, float, double, string, datetime, binary, tensor, array, object, map ... */
  readonly type: string;
  readonly required: boolean;
}
export interface Mlmodel {
  readonly flavors: ReadonlyMap<string, ReadonlyMap<string, unknown>>;
  readonly inputs?: readonly MlflowColumn[];
  /** The file with an example of the input, as the folder names it. */
  readonly example?: string;
  /** What the file says of its origin, in MLflow's words without their underscores: {"run id": "..."}. */
  readonly facts: Readonly<Record<string, string>>;
}

const MAX_COLUMNS = 100_000;
const FACTS = ["run_id", "model_uuid", "model_id", "mlflow_version", "utc_time_created", "artifact_path"] as const;

/** @throws mlflow-folder */
export function readMlmodel(text: string, where: string): Mlmodel {
  const fail = (message: string): Error => mlflowError("mlflow-folder", message, { where });
  let document: unknown;
  try {
    document = yaml().parse(text, { mapAsMap: true, maxAliasCount: 0, logLevel: "silent" });
  } catch (error) {
    throw fail(`it is not YAML: ${error instanceof Error ? error.message.slice(0, 200) : "unreadable"}`);
  }
  const top = asMap(document);
  const flavors = asMap(top?.get("flavors"));
  if (top === undefined || flavors === undefined) throw fail("it lists no flavors");
  const signature = asMap(top.get("signature"));
  const inputs = signature?.get("inputs");
  const example = asMap(top.get("saved_input_example_info"))?.get("artifact_path");
  return {
    flavors: new Map([...flavors].map(([name, value]) => [String(name), asMap(value) ?? new Map<string, unknown>()])),
    ...(typeof inputs === "string" ? { inputs: readColumns(inputs, fail) } : {}),
    ...(typeof example === "string" ? { example } : {}),
    facts: Object.fromEntries(FACTS.flatMap((key) => {
      const value = top.get(key);
      return typeof value === "string" || typeof value === "number" ? [[key.replace(/^mlflow_/, "").replaceAll("_", " "), String(value).slice(0, 500)]] : [];
    })),
  };
}

function readColumns(json: string, fail: (message: string) => Error): MlflowColumn[] {
  let list: unknown;
  try {
    list = JSON.parse(json);
  } catch {
    throw fail("the inputs of its signature are not JSON");
  }
  if (!Array.isArray(list) || list.length > MAX_COLUMNS) throw fail("the inputs of its signature are no list of columns");
  return list.map((item: unknown) => {
    const { name, type, required } = (typeof item === "object" && item !== null ? item : {}) as Record<string, unknown>;
    if (typeof type !== "string") throw fail("an input of its signature has no type");
    return { ...(typeof name === "string" ? { name } : typeof name === "number" ? { name: String(name) } : {}), type, required: required !== false };
  });
}

function asMap(value: unknown): ReadonlyMap<string, unknown> | undefined {
  return value instanceof Map ? value as ReadonlyMap<string, unknown> : undefined;
}
