// One valid row of a model, as the protocols of platforms have it: {"instances": [ROW]}.

import type { Signature } from "@slipway/core/package";
import { exampleRecord, exampleRequest } from "../../runtime/index.ts";

/** As `POST /predict` takes it. */
export function requestOf(signature: Signature): unknown {
  return exampleRequest(signature);
}

export function instancesOf(signature: Signature): readonly unknown[] {
  if (signature.layout === "columns") return [exampleRecord(signature)];
  const request = exampleRequest(signature);
  if (signature.layout !== "tensors") return request as unknown[];
  const inputs = Object.entries((request as { readonly inputs: Readonly<Record<string, unknown>> }).inputs);
  const [only] = inputs;
  // A batch of one: of each tensor its first row.
  if (inputs.length === 1 && Array.isArray(only![1])) return only![1] as unknown[];
  return [Object.fromEntries(inputs.map(([name, value]) => [name, Array.isArray(value) ? (value as unknown[])[0] : value]))];
}
