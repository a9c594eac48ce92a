export type { EntrySource } from "./built.ts";
export { checkModel } from "./check.ts";
export { onnxError } from "./errors.ts";
export type { FinishOptions } from "./finish.ts";
export { GraphBuilder, type BuilderOptions } from "./graph.ts";
export type { Graph, Initializer, Model, Node, Opset, ValueInfo } from "./model.ts";
export { ONNX_TYPE, Ops, type Operand } from "./ops.ts";
export type { Attribute, AttributeInput, Dim, Value } from "./value.ts";
export { serializeModel } from "./write.ts";
