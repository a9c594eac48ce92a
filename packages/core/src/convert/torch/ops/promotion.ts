// PyTorch's type promotion: tensors over scalars, and of equal standing the wider type.

import type { Value } from "../../../onnx/index.ts";
import type { ElementType } from "../../../tensor/index.ts";
import type { Args } from "../args.ts";
import type { TorchContext } from "../context.ts";
import { SymbolicInt, TensorValue, type TorchValue } from "../values.ts";

const RANKS: Readonly<Record<string, number>> = { bool: 0, uint8: 1, int8: 1, int16: 2, int32: 3, int64: 4, float: 5, double: 6 };
const category = (rank: number): number => (rank === 0 ? 0 : rank <= 4 ? 1 : 2);

interface Operand {
  readonly type: ElementType;
  /** Numbers and tensors without dimensions only count by their kind: bool, integer or float. */
  readonly weak: number;
}
function operand(value: TorchValue | undefined, args: Args, name: string): Operand {
  if (value instanceof TensorValue) return { type: value.value.type, weak: value.value.shape?.length === 0 ? 1 : 0 };
  if (value instanceof SymbolicInt || typeof value === "bigint") return { type: "int64", weak: 2 };
  if (typeof value === "number") return { type: "float", weak: 2 };
  if (typeof value === "boolean") return { type: "bool", weak: 2 };
  throw args.bad(name, "a tensor or a number");
}
function promoted(a: Operand, b: Operand): ElementType {
  const [ra, rb] = [RANKS[a.type] ?? 5, RANKS[b.type] ?? 5];
  if (a.weak !== b.weak) {
    const [strong, weak] = a.weak < b.weak ? [a, b] : [b, a];
    return category(RANKS[weak.type] ?? 5) > category(RANKS[strong.type] ?? 5) ? weak.type : strong.type;
  }
  // Signed and unsigned bytes are held by the next wider signed type.
  if (ra === 1 && rb === 1 && a.type !== b.type) return "int16";
  return ra >= rb ? a.type : b.type;
}

export function both(args: Args, c: TorchContext, least: ElementType = "bool", names: readonly [string, string] = ["self", "other"]): [Value, Value] {
  const [a, b] = names.map((n) => operand(args.get(n), args, n)) as [Operand, Operand];
  let type = promoted(a, b);
  if ((RANKS[type] ?? 5) < RANKS[least]!) type = least;
  return names.map((n) => {
    const value = args.get(n);
    if (typeof value === "bigint" || typeof value === "number") return type === "bool" ? args.tensor(n) : scalarOf(Number(value), type, c);
    return c.o.cast(args.tensor(n), type);
  }) as [Value, Value];
}
/** Tensors of one type, as torch.cat makes them. */
export function common(parts: readonly Value[], c: TorchContext): Value[] {
  const type = parts.map((v): Operand => ({ type: v.type, weak: v.shape?.length === 0 ? 1 : 0 })).reduce((a, b) => ({ type: promoted(a, b), weak: Math.min(a.weak, b.weak) })).type;
  return parts.map((p) => c.o.cast(p, type));
}
function scalarOf(value: number, type: ElementType, c: TorchContext): Value {
  return type === "double" || type === "float" || type === "int64" || type === "int32" ? c.o.scalar(value, type) : c.o.cast(c.o.scalar(value, "int64"), type);
}
