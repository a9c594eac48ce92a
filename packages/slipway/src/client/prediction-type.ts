// The TypeScript type of a model's predictions, as POST /predict answers them (runtime/decode.ts).

import { ANY_RANK, type Output, type Signature } from "@slipway/core/package";
import { keysOf } from "../runtime/index.ts";
import { literal, propertyKey } from "./typescript.ts";
import { union } from "./row-type.ts";

const MAX_LITERALS = 1000;

export interface PredictionTypes {
  readonly source: string;
  /** Names of outputs whose numbers may be NaN. */
  readonly floats: readonly string[];
}

export function predictionTypes(name: string, signature: Signature): PredictionTypes {
  const fields = signature.outputs.map((o) => `  readonly ${propertyKey(o.name)}: ${outputType(o, signature)};`);
  return {
    source: `/** What ${name} predicts for one row. */\nexport interface ${name}Prediction {\n${fields.join("\n")}\n}\n`,
    floats: signature.outputs.filter((o) => isFloat(o) && !namedClasses(o)).map((o) => o.name),
  };
}

function isFloat(output: Output): boolean {
  return /^(?:double|float)/.test(output.type);
}

function namedClasses({ classes }: Output): boolean {
  return classes !== undefined && classes.length > 0 && classes.length <= MAX_LITERALS && classes.every((c) => literal(c) !== undefined);
}

function scalarType(output: Output): string {
  if (isFloat(output)) return "number";
  if (output.type === "string") return "string | null";
  if (output.type === "bool") return "boolean";
  // Whole numbers that doubles cannot hold come as text.
  return output.type.endsWith("int64") ? "number | string" : "number";
}

function outputType(output: Output, signature: Signature): string {
  const scalar = output.kind === "label" && namedClasses(output) ? union(output.classes!) : scalarType(output);
  const { rowShape } = output;
  if (output.json === true) return jsonType(signature);
  if (output.anyRank === true) return Array.from({ length: ANY_RANK + (signature.tensorRows === "none" ? 1 : 0) }, (_, rank) => listOf(scalar, rank)).join(" | ");
  if (rowShape.length === 0) return scalar;
  const [width] = rowShape as [number];
  const whole = signature.tensorRows === "none";
  const names = rowShape.length === 1 && !whole ? keysOf(output, width) : undefined;
  if (names !== undefined) return `{ ${names.map((n) => `readonly ${propertyKey(n)}: ${scalar}`).join("; ")} }`;
  return listOf(scalar, rowShape.length);
}
/** Of texts that are answered as the JSON they hold. */
function jsonType({ task }: Signature): string {
  if (task?.kind === "segmentation") return "{ readonly size: readonly [height: number, width: number]; readonly segments: readonly { readonly label: string; readonly class: number; readonly pixels: number; readonly counts: string }[] }";
  return task?.kind === "detection" ? "readonly { readonly box: readonly [left: number, top: number, right: number, bottom: number]; readonly label: string; readonly score: number }[]" : "unknown";
}
function listOf(scalar: string, rank: number): string {
  let type = scalar;
  for (let d = 0; d < rank; d++) type = `readonly ${/^[a-z]+$/.test(type) ? type : `(${type})`}[]`;
  return type;
}
