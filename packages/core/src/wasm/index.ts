export { FunctionWriter, writeModule, type Label, type MemoryAccess, type Plain, type ValueType } from "./assembler.ts";
export { hasVectors } from "./vectors.ts";
