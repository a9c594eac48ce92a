// What is deployed, by name and digest: a package, or a file or folder that Python runs and whose digest is trusted. The image
// holds it; here it is only told.

import { rmSync } from "node:fs";
import { openModel, openTrusted } from "../runtime/index.ts";
import type { Invocation, OptionSpec } from "./command.ts";
import { nameOfPython, pythonImageOptions } from "./image-python.ts";

const { engine, trust, "model-version": version } = pythonImageOptions;
export const deployedFlags: Readonly<Record<string, OptionSpec>> = { engine: engine!, trust: trust!, "model-version": version! };

/** @throws what opening a package throws, python-untrusted, python-target */
export async function deployedModel(call: Invocation): Promise<{ readonly name: string; readonly version: string; readonly digest: string }> {
  const argument = call.args[0]!;
  if (call.text("engine") !== "python") {
    const { digest, manifest } = (await openModel(argument)).package;
    return { name: manifest.name, version: manifest.version, digest };
  }
  const { digest, folder } = await openTrusted(argument, { trust: call.texts("trust") });
  rmSync(folder, { recursive: true, force: true });
  return { name: nameOfPython(argument), version: call.text("model-version") ?? "0.0.0", digest };
}
