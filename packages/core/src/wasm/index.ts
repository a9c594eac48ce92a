export { FunctionWriter, writeModule, type MemoryAccess, type Plain, type ValueType } from "./assembler.ts";
export { hasVectors } from "./vectors.ts";
