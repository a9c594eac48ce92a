// Numbers of onnx.TensorProto.DataType.

import type { ElementType } from "../../tensor/index.ts";

const NAMES: readonly (ElementType | undefined)[] = [
  undefined, "float", "uint8", "int8", "uint16", "int16", "int32", "int64", "string", "bool", "float16", "double", "uint32", "uint64",
];
export function typeOf(dataType: number): ElementType | undefined {
  return NAMES[dataType];
}
