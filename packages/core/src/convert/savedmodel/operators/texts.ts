// Texts as Keras's TextVectorization takes them apart (StringLower, StaticRegexReplace of punctuation, StringSplitV2), the
// ragged tensor of words that follows, and the dense ones it becomes. Words stay in a matrix, a row for each text; the
// tensors that TensorFlow keeps to tell where rows begin are only followed to see that they are those of these words.

import type { Value } from "../../../onnx/index.ts";
import { cut, lowerAscii, NOT_SPACE, withoutPunctuation } from "../../tensorflow-text.ts";
import { define, NodeView, type Made, type Operator, type TfContext } from "../context.ts";
import { Partition, TfTensor, Tokens, type PartitionRole, type TfValue } from "../values.ts";

/** Keras's own, of every version that has the layer. */
const PUNCTUATION = "[!\"#$%&()\\*\\+,-\\./:;<=>?@\\[\\\\\\]^_`{|}~\\']";
const MAX_SIZE = 2 ** 20;
const MOST_GRAM = 32;
const MAX_WIDTH = 65_536;

/** What is done with every text alone, whatever the shape: those operators take lists. */
function each(op: NodeView, c: TfContext, convert: (texts: Value) => Value): Value {
  const x = op.value(0);
  const shape = op.shape(0);
  if (x.type !== "string" || shape.length > 2 || shape.slice(1).some((d) => d !== 1)) throw op.unsupported("texts of more than one column are not compiled here");
  if (shape.length === 1) return convert(x);
  if (shape.length === 0) return c.o.squeeze(convert(c.o.unsqueeze(x, 0)), 0);
  return c.o.unsqueeze(convert(c.o.squeeze(x, 1)), 1);
}
function lower(op: NodeView, c: TfContext): Made {
  if (op.text("encoding") !== "") throw op.unsupported("the cases of letters beyond ASCII are not compiled");
  return each(op, c, (texts) => lowerAscii(texts, c));
}
function replace(op: NodeView, c: TfContext): Made {
  if (op.text("pattern") !== PUNCTUATION || op.text("rewrite") !== "" || !op.flag("replace_global", true)) {
    throw op.unsupported("of regular expressions only Keras's own, which takes punctuation out, is compiled", "Do the replacement before the model.");
  }
  return each(op, c, (texts) => withoutPunctuation(texts, c));
}

function split(op: NodeView, c: TfContext): readonly TfValue[] {
  const x = op.value(0);
  const separator = op.constant(1, "separators");
  if (separator.type !== "string" || separator.data.length !== 1 || separator.data[0] !== "" || op.int("maxsplit", -1) >= 0) throw op.unsupported("texts are only split at white space");
  if (op.rank(0) !== 1) throw op.malformed("its texts are no list");
  const words = cut(x, NOT_SPACE, c);
  const present = c.o.not(c.o.equal(words, c.o.strings([""], [])));
  const [rows] = c.dims(x, op);
  const width = { value: c.o.unsqueeze(longest(present, c), 0), dim: undefined };
  return [new Partition("indices", present, rows!, refusal(op)), new Tokens(c.tensor(words), present, refusal(op)), c.sizes([rows!, width], "int64")];
}
const refusal = (op: NodeView) => (): Error => op.unsupported("its words are used in a way that is not compiled", "Use the layer TextVectorization with one of its own output modes.");
const longest = (present: Value, c: TfContext): Value => c.graph.op("ReduceMax", [c.o.concat([c.o.sum(c.o.cast(present, "int64"), 1), c.o.int64s([0])], 0)], { keepdims: 0 });

/** Words and their partition as an operator's inputs. */
function ragged(op: NodeView, words: number, partition: number, role: PartitionRole): Tokens {
  const [values, by] = [op.any(words), op.any(partition)];
  if (!(values instanceof Tokens) || !(by instanceof Partition) || by.role !== role || by.present !== values.present) throw op.unsupported("only ragged tensors of the words of texts are compiled");
  return values;
}

/** All widths after each other, and the words of a row moved to its left again. */
function grams(op: NodeView, c: TfContext): readonly TfValue[] {
  const words = ragged(op, 0, 1, "splits");
  const widths = op.list("ngram_widths");
  if (op.int("pad_width") !== 0 || op.flag("preserve_short_sequences") || widths.length === 0 || widths.some((n) => n < 1 || n > MOST_GRAM)) throw op.unsupported(`n-grams of [${widths.slice(0, 5).join(", ")}] with these options are not compiled`);
  const separator = c.o.strings([op.text("separator")], []);
  const text = words.dense.value;
  const parts = widths.map((n) => {
    const at = (x: Value, j: number): Value => c.o.slice(x, j, j === n - 1 ? Number.MAX_SAFE_INTEGER : j - (n - 1), 1);
    const gram = Array.from({ length: n - 1 }, (_, j) => j + 1).reduce((so, j) => c.graph.op("StringConcat", [c.graph.op("StringConcat", [so, separator]), at(text, j)]), at(text, 0));
    // A row's words stand on the left: where the last of the n is one, all are.
    return { gram, present: at(words.present, n - 1) };
  });
  const all = c.o.concat(parts.map((p) => p.present), 1);
  const joined = c.o.where(all, c.o.concat(parts.map((p) => p.gram), 1), c.o.strings([""], []));
  // In the order of the row, those that there are first.
  const width = c.graph.op("Shape", [all], { start: 1, end: 2 });
  const places = c.graph.op("Range", [c.o.scalar(0, "int64"), c.o.squeeze(width, 0), c.o.scalar(1, "int64")]);
  const keys = c.o.add(c.o.unsqueeze(places, 0), c.o.where(all, c.o.scalar(0, "int64"), c.o.unsqueeze(width, 0)));
  const order = c.graph.ops("TopK", [keys, width], { axis: 1, largest: 0, sorted: 1 }, 2)[1]!;
  const moved = (x: Value): Value => c.graph.op("GatherElements", [x, order], { axis: 1 });
  const present = c.o.cast(moved(c.o.cast(all, "int32")), "bool");
  return [new Tokens(c.tensor(moved(joined)), present, refusal(op)), new Partition("splits", present, undefined, refusal(op))];
}

function toDense(op: NodeView, c: TfContext): Made {
  const kinds = op.texts("row_partition_types");
  const last = op.count - 1;
  const values = ragged(op, 1, last, kinds.at(-1) === "VALUE_ROWIDS" ? "rowIds" : "splits");
  if (!(kinds.length === 2 && kinds[0] === "FIRST_DIM_SIZE" && kinds[1] === "VALUE_ROWIDS") && !(kinds.length === 1 && kinds[0] === "ROW_SPLITS")) throw op.unsupported("ragged tensors of more than two dimensions are not compiled");
  const shape = op.ints(0, "shapes");
  const [rows, width] = shape;
  if (shape.length !== 2 || rows !== -1 || width === undefined || width < -1 || width > MAX_WIDTH) throw op.unsupported(`the shape [${shape.slice(0, 5).join(", ")}] is not compiled here`);
  const fallback = op.value(2);
  const filled = c.o.where(values.present, values.dense.value, fallback);
  if (width === -1) return c.graph.op("Slice", [filled, c.o.int64s([0]), c.o.unsqueeze(longest(values.present, c), 0), c.o.int64s([1])]);
  const count = c.graph.op("Shape", [filled], { start: 0, end: 1 });
  const blank = c.graph.op("Expand", [c.o.reshape(fallback, [1, 1]), c.o.concat([count, c.o.int64s([width])], 0)]);
  return c.o.reshape(c.o.slice(c.o.concat([filled, blank], 1), 0, width, 1), [-1, width]);
}

/** Counts of whole numbers below `size` in each row. */
function bincount(op: NodeView, c: TfContext): Made {
  const values = ragged(op, 1, 0, "splits");
  const size = op.one(2, "size");
  if (!(size >= 0 && size <= MAX_SIZE)) throw op.unsupported(`counts of ${size} values are not compiled`);
  if (op.constant(3, "weights").data.length > 0) throw op.unsupported("weighted counts are not compiled");
  const type = op.elementType("T");
  const ids = c.o.where(values.present, c.o.cast(values.dense.value, "int64"), -1);
  const hit = c.o.cast(c.o.equal(c.o.unsqueeze(ids, 2), c.o.int64s(Array.from({ length: size }, (_, i) => i))), "float");
  const counts = c.o.sum(hit, 1);
  return c.o.cast(op.flag("binary_output") ? c.o.minimum(counts, 1) : counts, type);
}

/** Operators that do the same with every element. */
const EACH: ReadonlySet<string> = new Set(["LookupTableFindV2", "LookupTableFind", "Equal", "NotEqual", "Select", "SelectV2", "Cast", "AddV2", "Add", "Sub", "Mul", "Maximum", "Minimum"]);
/** Operators that know of words and partitions, or only pass them on. */
const ENDS: ReadonlySet<string> = new Set(["StringNGrams", "RaggedTensorToTensor", "RaggedBincount", "Identity", "IdentityN", "PartitionedCall", "StatefulPartitionedCall", "StopGradient", "If", "StatelessIf"]);

/** Where each row's words begin, step by step as TensorFlow computes it from their indices. */
function next(op: NodeView, of: Partition): PartitionRole {
  const first = op.any(0) === of;
  const zeros = (i: number, values: readonly number[]): boolean => op.tensor(i).sizes?.join() === values.join();
  switch (op.type) {
    case "StridedSlice":
      return of.role === "indices" && zeros(1, [0, 0]) && zeros(2, [0, 1]) && zeros(3, [1, 1]) && op.int("begin_mask") === 1 && op.int("end_mask") === 1 && op.int("shrink_axis_mask") === 2 && op.int("new_axis_mask") === 0 && op.int("ellipsis_mask") === 0 ? "rowIds" : "other";
    case "Cast": return of.role;
    case "Reshape": return of.role === "rowIds" && first && zeros(1, [-1]) ? "rowIds" : "other";
    case "DenseBincount": {
      const size = op.any(1);
      const rows = size instanceof TfTensor ? size.sizes : undefined;
      const plain = op.any(2) instanceof TfTensor && op.tensor(2).constant?.data.length === 0 && !op.flag("binary_output");
      return of.role === "rowIds" && first && plain && rows?.length === 1 && rows[0] === of.rows ? "counts" : "other";
    }
    case "Cumsum": return of.role === "counts" && zeros(1, [0]) && !op.flag("exclusive") && !op.flag("reverse") ? "ends" : "other";
    case "ConcatV2": return of.role === "ends" && op.count === 3 && op.any(1) === of && zeros(0, [0]) && zeros(2, [0]) ? "splits" : "other";
    default: return "other";
  }
}
/** min(a, max(a, anything)) is a: so TensorFlow bounds the number of rows and of categories. */
function bounded(op: NodeView): TfTensor | undefined {
  const [a, b] = [op.tensor(0), op.tensor(1)];
  const same = (x: TfTensor, y: TfTensor): boolean => x.sizes !== undefined && y.sizes !== undefined && x.sizes.length === 1 && y.sizes.length === 1 && x.sizes[0] === y.sizes[0];
  if (b instanceof Partition && b.least && same(a, b.least)) return a;
  return a instanceof Partition && a.least && same(b, a.least) ? b : undefined;
}

/** What an operator makes of words or of their partition where it knows nothing of either; undefined: it is given neither. */
export function followed(op: NodeView, c: TfContext, convert: (view: NodeView) => TfValue): TfValue | undefined {
  if (ENDS.has(op.type)) return undefined;
  const words = op.inputs.find((v) => v instanceof Tokens);
  if (words && EACH.has(op.type)) {
    const alike = op.inputs.every((v) => (v instanceof Tokens ? v.present === words.present : !(v instanceof TfTensor) || (!(v instanceof Partition) && v.value.shape?.length === 0)));
    if (!alike) throw op.unsupported("words are only combined with single values");
    const made = convert(new NodeView(op.node, op.inputs.map((v) => (v instanceof Tokens ? v.dense : v))));
    if (!(made instanceof TfTensor)) throw op.unsupported("it is not compiled for words");
    return new Tokens(made, words.present, refusal(op));
  }
  const of = op.inputs.find((v) => v instanceof Partition);
  if (!of && !words) return undefined;
  if (op.type === "Minimum") {
    const known = bounded(op);
    if (known) return known;
  }
  const least = op.type === "Maximum" ? op.inputs.find((v): v is TfTensor => v instanceof TfTensor && !(v instanceof Partition) && !(v instanceof Tokens)) : undefined;
  return new Partition(of ? next(op, of) : "other", of?.present ?? words!.present, of?.rows, refusal(op), least);
}

export const TEXTS: readonly Operator[] = [
  define("StringLower", lower), define("StaticRegexReplace", replace), define("StringSplitV2", split), define("StringNGrams", grams),
  define("RaggedTensorToTensor", toDense), define("RaggedBincount", bincount),
];
