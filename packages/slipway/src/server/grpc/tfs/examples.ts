// tensorflow.Example -> a record: every feature is a list of bytes, floats or integers; one value is a value, none is
// missing.

import type { Signature } from "@slipway/core/package";
import type { ModelInput } from "../../../runtime/index.ts";
import { bad, readInstances } from "../../protocols/tfs/read-predict.ts";
import type { Example, Feature, Input } from "./messages.ts";

type Record = Readonly<{ [name: string]: unknown }>;

/** @throws SlipwayError request-shape, body-damaged */
export function readExamples(input: Input | undefined, signature: Signature, decode: (bytes: Uint8Array) => string): ModelInput {
  const list = input?.example_list_with_context ?? input?.example_list;
  if (list === undefined || list.examples.length === 0) throw bad("the request has no examples", "Send input.example_list with one Example a row.");
  const context = input?.example_list_with_context?.context;
  const shared = context === undefined ? undefined : toRecord(context, decode);
  const rows = list.examples.map((example, i) => {
    const record = toRecord(example, decode);
    if (shared === undefined) return record;
    const twice = Object.keys(shared).find((name) => Object.hasOwn(record, name));
    if (twice !== undefined) throw bad(`the feature ${JSON.stringify(twice.slice(0, 100))} is in the context and in example ${i}`);
    return Object.assign(Object.create(null), shared, record) as Record;
  });
  return readInstances(rows, signature);
}

function toRecord(example: Example, decode: (bytes: Uint8Array) => string): Record {
  const record = Object.create(null) as { [name: string]: unknown };
  for (const [name, feature] of example.features?.feature ?? []) {
    const values = valuesOf(feature, decode);
    record[name] = values.length === 1 ? values[0] : values.length === 0 ? null : values;
  }
  return record;
}
function valuesOf({ bytes_list: bytes, float_list: floats, int64_list: integers }: Feature, decode: (bytes: Uint8Array) => string): readonly unknown[] {
  if (bytes !== undefined) return bytes.value.map(decode);
  return Array.from(floats?.value ?? integers?.value ?? []);
}
