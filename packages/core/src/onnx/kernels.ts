// Which operators and types the engine runs: onnxruntime-node's CPU provider lacks many kernels that the standard allows.

import type { ElementType } from "../tensor/index.ts";
import type { Known } from "./infer/context.ts";
import { KERNELS } from "./kernels.generated.ts";
import type { Formal, OpSchema } from "./schema.ts";

/** The type of every type variable of a node, in the schema's order; "-" where no value has it. */
function typeKey(schema: OpSchema, inputs: readonly (Known | null)[], outputs: readonly { readonly type: ElementType }[]): string[] {
  const variables = [...schema.types.keys()];
  const found = new Map<string, ElementType>();
  const look = (formals: readonly Formal[], values: readonly ({ readonly type: ElementType } | null)[]): void => {
    values.forEach((v, i) => {
      const formal = formals[Math.min(i, formals.length - 1)];
      if (v && formal && !found.has(formal.type)) found.set(formal.type, v.type);
    });
  };
  look(schema.outputs, outputs);
  look(schema.inputs, inputs);
  return variables.map((v) => found.get(v) ?? "-");
}

/** Why the engine cannot run a node, or undefined when it can. */
export function missingKernel(schema: OpSchema, inputs: readonly (Known | null)[], outputs: readonly { readonly type: ElementType }[]): string | undefined {
  const rows = KERNELS[schema.name];
  if (!rows) return "the engine is not known to run this operator";
  const key = typeKey(schema, inputs, outputs);
  if (combinations(schema.name, rows).some((row) => key.every((type, i) => type === "-" || row[i]!.includes(type)))) return undefined;
  return `the engine has no kernel for ${[...schema.types.keys()].map((v, i) => `${v}=${key[i]}`).join(", ")}; it has ${rows.join(" | ")}`;
}

/** An operator's rows, cut into types when it is first used. */
function combinations(name: string, rows: readonly string[]): readonly (readonly (readonly string[])[])[] {
  let cut = parsed.get(name);
  if (cut === undefined) parsed.set(name, (cut = rows.map((row) => row.split(" ").map((types) => types.split(",")))));
  return cut;
}
const parsed = new Map<string, readonly (readonly (readonly string[])[])[]>();
