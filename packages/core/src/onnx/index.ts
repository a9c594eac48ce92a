export { GraphBuilder } from "./graph.ts";
export { ONNX_TYPE, Ops, type Operand } from "./ops.ts";
export type { Attribute, AttributeInput, Dim, Value } from "./value.ts";
