export { openPython, openPythonSession, type OpenedPython, type PythonOptions } from "./open-python.ts";
export { columnsByInput } from "./describe.ts";
export { pythonError } from "./errors.ts";
export type { PythonSource } from "./source.ts";
