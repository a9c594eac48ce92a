// Whether there is WebAssembly with vectors here, and whether a page's policy allows it.

import { FunctionWriter, writeModule } from "./assembler.ts";

let able: boolean | undefined;

export function hasVectors(): boolean {
  if (able !== undefined) return able;
  try {
    able = WebAssembly.validate(writeModule([new FunctionWriter("", []).i32(0).op("i8x16.splat", "drop")])) && new WebAssembly.Module(writeModule([])) instanceof WebAssembly.Module;
  } catch {
    able = false;
  }
  return able;
}
