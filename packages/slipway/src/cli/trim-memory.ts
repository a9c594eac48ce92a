// glibc keeps what was freed for itself: a model that is put away would leave the process as large as it was. These two
// settings make it give pages back (bench/swap.ts has the figures); it reads them only when a program starts, so the
// program is started again in its own place, with the same process id.

import { printNote } from "./output.ts";

const SETTINGS: Readonly<Record<string, string>> = { MALLOC_TRIM_THRESHOLD_: "131072", MALLOC_MMAP_THRESHOLD_: "131072" };

/** Only where it makes a difference, and where the environment does not say otherwise. */
export function trimMemory(): void {
  const { execve } = process as { execve?: (file: string, args: readonly string[], env: NodeJS.ProcessEnv) => never };
  if (process.platform !== "linux" || Object.keys(SETTINGS).some((name) => process.env[name] !== undefined)) return;
  if (execve === undefined) {
    printNote("note: to give back the memory of models that are put away, start with MALLOC_TRIM_THRESHOLD_=131072 MALLOC_MMAP_THRESHOLD_=131072");
    return;
  }
  // Node warns that the call is experimental; users have no part in that.
  process.removeAllListeners("warning");
  execve(process.execPath, [process.execPath, ...process.execArgv, ...process.argv.slice(1)], { ...process.env, ...SETTINGS });
}
