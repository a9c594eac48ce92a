// What is needed to start a process for a model that Python runs. Plain data: it goes from the thread that loads to the one
// that serves.

import type { PythonTarget } from "./target.ts";

export interface PythonColumn {
  readonly name: string;
  readonly type: "double" | "boolean" | "string";
  /** Among the numbers, or among the texts. */
  readonly place: number;
  /** Every value known is a whole number: pandas makes it int64 then, as long as none is missing. */
  readonly whole?: boolean;
}
export interface PythonSource extends Pick<PythonTarget, "style" | "path" | "entry" | "folder"> {
  readonly interpreter: string;
  readonly columns: readonly PythonColumn[];
  /** What the matrix is called in the signature, where the model takes one. */
  readonly matrix?: string;
  /** As found out when it was first asked; absent while that is done. */
  readonly outputs?: readonly { readonly name: string; readonly type: string }[];
  readonly timeoutMs: number;
  /** Bytes that a process may take. */
  readonly memory: number | undefined;
  /** Whether it may use the network. */
  readonly network: boolean;
  /** Of the numeric libraries, in one process. */
  readonly threads: number;
}
