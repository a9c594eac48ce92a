// While loops, with the lists of tensors that recurrent layers gather their steps in: unrolled, so the number of rounds has
// to be known.

import { define, type Made, type NodeView, type Operator, type TfContext } from "../context.ts";
import { TfList, type TfTensor, type TfValue } from "../values.ts";

const MAX_ROUNDS = 4096;
const MAX_ITEMS = 4096;
const OPEN = "Give the model's Input its number of steps, or save the model as .keras (model.save('model.keras')), which Slipway compiles from its layers.";

function loop(op: NodeView, c: TfContext): readonly Made[] {
  let state: readonly TfValue[] = op.inputs;
  for (let round = 0; ; round++) {
    const go = c.call(op.functionName("cond"), state, op)[0];
    const known = go && "constant" in go ? go.constant : undefined;
    if (!known || known.type !== "bool" || known.data.length !== 1) throw op.unsupported("a loop whose number of rounds depends on the data is not compiled", OPEN);
    if (!known.data[0]) return state;
    if (round >= MAX_ROUNDS) throw op.unsupported(`a loop of more than ${MAX_ROUNDS} rounds is not compiled`, OPEN);
    const next = c.call(op.functionName("body"), state, op);
    if (next.length !== state.length) throw op.malformed(`its body gives ${next.length} values for ${state.length}`);
    state = next;
  }
}

function reserve(op: NodeView): TfList {
  const count = op.one(1, "number of elements");
  if (!(count >= 0 && count <= MAX_ITEMS)) throw op.unsupported(`a list of ${count} elements is not compiled`, OPEN);
  return new TfList(new Array<undefined>(count).fill(undefined));
}
function fromTensor(op: NodeView, c: TfContext): TfList {
  const x = op.value(0);
  const count = op.shape(0)[0];
  if (typeof count !== "number" || count > MAX_ITEMS) throw op.unsupported("a sequence of open or very large length is not unrolled", OPEN);
  return new TfList(Array.from({ length: count }, (_, i) => c.tensor(c.o.gather(x, { type: "int64", shape: [], data: BigInt64Array.of(BigInt(i)) }, 0))));
}
function getItem(op: NodeView): TfTensor {
  const { items } = op.tensorList(0);
  const item = items[op.one(1, "index")];
  if (!item) throw op.unsupported("it reads an element that was never written");
  return item;
}
function setItem(op: NodeView): TfList {
  const { items } = op.tensorList(0);
  const at = op.one(1, "index");
  if (!(at >= 0 && at < items.length)) throw op.malformed(`it writes element ${at} of ${items.length}`);
  return new TfList(items.with(at, op.tensor(2)));
}
function stack(op: NodeView, c: TfContext): Made {
  const { items } = op.tensorList(0);
  if (items.length === 0 || items.includes(undefined)) throw op.unsupported("it stacks elements that were never written");
  return c.o.concat(items.map((t) => c.o.unsqueeze(t!.value, 0)), 0);
}

export const LOOPS: readonly Operator[] = [
  define("While StatelessWhile", loop),
  define("TensorListReserve", reserve), define("TensorListFromTensor", fromTensor), define("TensorListGetItem", getItem),
  define("TensorListSetItem", setItem), define("TensorListStack", stack),
];
