// One process at a time plans, or makes, what goes into a folder. A lock whose process is gone is nobody's.

import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { batchError } from "../errors.ts";

export const LOCK = "lock";

/** Gives what ends it. @throws SlipwayError batch-run-busy */
export function lockFolder(folder: string): () => void {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, LOCK);
  for (let attempt = 0; ; attempt++) {
    try {
      const file = openSync(path, "wx");
      writeSync(file, `${process.pid} ${hostname()}`);
      closeSync(file);
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || attempt > 3) throw error;
      const [pid, host = hostname()] = readFileSync(path, "utf8").split(" ");
      // Whether a process of another machine is alive cannot be seen from here.
      if (host !== hostname() || (Number(pid) > 0 && Number(pid) !== process.pid && isAlive(Number(pid)))) {
        throw batchError("batch-run-busy", `the process ${pid} of ${host} works on this output`, { where: folder, hint: `If it does not, remove ${path}.` });
      }
      rmSync(path, { force: true });
    }
  }
}

/** Whether the process of this machine that held a folder is gone. */
export function isLeft(folder: string): boolean {
  try {
    const [pid, host] = readFileSync(join(folder, LOCK), "utf8").split(" ");
    return host === hostname() && Number(pid) > 0 && !isAlive(Number(pid));
  } catch {
    // No lock, or one that is another's to read.
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
