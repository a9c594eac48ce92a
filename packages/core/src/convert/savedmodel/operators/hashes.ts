// Texts into buckets, as Keras's Hashing and tf.strings.to_hash_bucket write it. The hash is the runtime's, of the model's inputs.

import { define, type Made, type NodeView, type Operator, type TfContext } from "../context.ts";
import { Decimals } from "../values.ts";

const ADVICE = "Hash an input as it comes, and do what comes before the hash outside the model.";

function asString(op: NodeView): Made {
  const x = op.value(0);
  if (x.type === "string") return x;
  if (x.type !== "int64" && x.type !== "int32") throw op.unsupported(`numbers of type ${x.type} as texts are not compiled`);
  if (op.int("width", -1) >= 0 || op.text("fill") !== "") throw op.unsupported("numbers of a fixed width as texts are not compiled");
  return new Decimals(op.tensor(0), () => op.unsupported("numbers as texts are only compiled for a hash"));
}

function bucket(op: NodeView, c: TfContext, strong: boolean): Made {
  const given = op.tensor(0);
  const texts = given instanceof Decimals ? given.numbers : given;
  // Hashes are taken of every element alone: an input in another shape has the same.
  let input = texts;
  for (let of = c.reshaped.get(input); of !== undefined; of = c.reshaped.get(input)) input = of;
  const buckets = op.int("num_buckets");
  const key = op.node.attrs.get("key")?.message(1)?.ints(3) ?? [];
  if (buckets < 1 || (strong && key.length !== 2)) throw op.malformed("it has no buckets, or no key");
  const method = strong ? { method: "siphash24" as const, key: key.map((k) => String(BigInt.asUintN(64, k))) as [string, string] } : { method: "farmhash64" as const };
  const hashed = c.hashed(input.value, { ...method, buckets });
  if (!hashed) throw op.unsupported("a hash of what is computed in the model is not compiled, only one of an input", ADVICE);
  if (input === texts) return hashed;
  const [first, ...rest] = texts.value.shape ?? [];
  if (first === undefined || !rest.every((d) => typeof d === "number")) throw op.unsupported("a hash of open size is not compiled", ADVICE);
  return c.o.reshape(hashed, [-1, ...(rest as number[])]);
}

export const HASHES: readonly Operator[] = [
  define("AsString", (op) => asString(op)),
  define("StringToHashBucketFast", (op, c) => bucket(op, c, false)), define("StringToHashBucketStrong", (op, c) => bucket(op, c, true)),
];
