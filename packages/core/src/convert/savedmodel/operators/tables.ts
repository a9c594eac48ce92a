// Lookup tables, whose content is told by the nodes that would fill them when TensorFlow loads the model; and texts where
// ONNX has the same operator.

import { define, type Made, type NodeView, type Operator, type TfContext } from "../context.ts";
import { Handle } from "../values.ts";

const NAMES: Readonly<Record<string, string>> = { string: "strings", int64: "int64s", float: "floats" };

function find(op: NodeView, c: TfContext): Made {
  const { keys, values } = c.table(op.handle(0), op);
  const fallback = op.constant(2, "defaults");
  const x = op.value(1);
  if (keys.shape.length !== 1 || values.data.length !== keys.data.length || fallback.data.length !== 1) throw op.malformed("its table has keys and values of different numbers");
  const key = keys.type === "int32" ? "int64" : keys.type;
  const value = values.type === "int32" || values.type === "bool" ? "int64" : values.type;
  if (!(key === "string" || key === "int64") || !(value === "string" || value === "int64" || value === "float")) throw op.unsupported(`a table from ${keys.type} to ${values.type} is not compiled`);
  const list = (data: ArrayLike<unknown>, type: string): string[] | number[] | BigInt64Array =>
    type === "string" ? Array.from(data as ArrayLike<string>) : type === "int64" ? BigInt64Array.from(Array.from(data as ArrayLike<number | bigint>, BigInt)) : Array.from(data as ArrayLike<number>, Number);
  const given = list(fallback.data, value)[0]!;
  const found = c.graph.op("LabelEncoder", [c.o.cast(x, key)], {
    [`keys_${NAMES[key]!}`]: list(keys.data, key), [`values_${NAMES[value]!}`]: list(values.data, value),
    [`default_${value}`]: value === "float" ? { float: Number(given) } : given,
  });
  return c.o.cast(found, values.type);
}

/** Texts joined by a separator, element by element. */
function join(op: NodeView, c: TfContext): Made {
  const separator = op.text("separator");
  const [first, ...rest] = op.values();
  if (!first) throw op.malformed("it joins nothing");
  return rest.reduce((a, b) => c.graph.op("StringConcat", [separator === "" ? a : c.graph.op("StringConcat", [a, c.o.strings([separator], [])]), b]), first);
}

export const TABLES: readonly Operator[] = [
  define("HashTableV2 HashTable MutableHashTableV2", (op) => new Handle(op.node)),
  define("LookupTableFindV2 LookupTableFind", find),
  define("StringJoin", join),
];
