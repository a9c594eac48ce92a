// Files that are elsewhere, as they are read: as they come where that can be done twice with the same result, as copies beside
// the parts where they are read here and there, or where it cannot.

import { join } from "node:path";
import { SlipwayError } from "@slipway/core/base";
import { nameOf, type InputFile } from "./sources.ts";

/** Beside the parts. */
export const COPIES = "sources";

/** `whole`: their format is not read from the beginning to the end. @throws SlipwayError batch-source-... */
export async function localFiles(files: readonly InputFile[], whole: boolean, work: string, skipBroken = false): Promise<InputFile[]> {
  const local: InputFile[] = [];
  for (const [i, file] of files.entries()) {
    const { remote, ...rest } = file;
    if (remote === undefined || (!whole && (await import("../remote/remote-object.ts")).isStable(remote))) local.push(file);
    else {
      const { copyObject } = await import("../remote/copy-object.ts");
      const path = join(work, COPIES, `${String(i).padStart(6, "0")}-${nameOf(file.path)}`);
      try {
        await copyObject(remote, path);
        local.push({ ...rest, path });
      } catch (error) {
        if (!skipBroken || !(error instanceof SlipwayError) || error.kind === "limit") throw error;
        local.push({ ...file, broken: error.message });
      }
    }
  }
  return local;
}
