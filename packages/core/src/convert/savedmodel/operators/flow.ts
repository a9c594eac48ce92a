// Constants, variables, calls, and nodes that pass on what they are given.

import { define, type Made, type NodeView, type Operator, type TfContext } from "../context.ts";
import { Handle } from "../values.ts";

function ifNode(op: NodeView, c: TfContext): readonly Made[] {
  const condition = op.tensor(0).constant;
  if (!condition || condition.type !== "bool" || condition.data.length !== 1) throw op.unsupported("a branch that depends on the data is not compiled");
  return c.call(op.functionName(condition.data[0] ? "then_branch" : "else_branch"), op.inputs.slice(1), op);
}

export const FLOW: readonly Operator[] = [
  define("Const", (op, c) => c.constant(op.tensorAttr("value"))),
  define("Placeholder", (op) => {
    throw op.unsupported("it has to be fed, and the signature does not name it");
  }),
  define("PlaceholderWithDefault", (op) => op.tensor(0)),
  define("VarHandleOp VariableV2 Variable", (op, c) => (op.type === "VarHandleOp" ? new Handle(op.node) : c.read(new Handle(op.node), op))),
  define("ReadVariableOp", (op, c) => c.read(op.handle(0), op)),
  define("Identity StopGradient PreventGradient CheckNumerics Snapshot EnsureShape", (op) => op.any(0)),
  define("IdentityN", (op) => op.inputs),
  define("PartitionedCall StatefulPartitionedCall", (op, c) => c.call(op.functionName("f"), op.inputs, op)),
  define("If StatelessIf", ifNode),
];
