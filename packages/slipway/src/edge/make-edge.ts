// (package, target) -> the files of a folder.

import type { ModelPackage } from "@slipway/core/package";
import { signModel, type SigningKey, type VerificationKey } from "@slipway/core/signing";
import { createHash } from "node:crypto";
import { addDevice, type DeviceSettings } from "./device.ts";
import { MANIFEST, manifestBytes } from "./manifest.ts";
import { addCapacitor } from "./capacitor.ts";
import { addNodeExample } from "./node-example.ts";
import { addPage } from "./page.ts";
import { planEdge, type EdgePlan, type Target } from "./plan.ts";
import { addReactNative } from "./react-native.ts";
import { addServiceWorker } from "./service-worker.ts";

const SIGNATURE = "model.sig";

export interface MadeEdge extends Pick<EdgePlan, "file" | "integrity" | "engine" | "files"> {}

export interface EdgeOptions {
  readonly from: string;
  readonly key?: SigningKey | undefined;
  /** What is written takes only a package that the owner of one of these keys signed; for devices, releases too (`device`). */
  readonly trust?: readonly VerificationKey[] | undefined;
  /** For `device`. */
  readonly device?: DeviceSettings | undefined;
}

/** @param options.from where onnxruntime-web is looked for; options.key: signs every file of the folder (OMS) */
export async function makeEdge(source: ModelPackage, target: Target, options: EdgeOptions): Promise<MadeEdge> {
  const plan = await planEdge(source, options.from, { trust: target === "device" ? [] : options.trust, web: target !== "react-native" });
  if (target === "node") addNodeExample(plan);
  else if (target === "device") await addDevice(plan, options.device ?? { keys: [], updates: undefined, home: undefined, record: "none", everySeconds: 3600, release: 1 });
  else if (target === "react-native") await addReactNative(plan);
  else await addPage(plan, target === "pwa");
  if (target === "pwa") await addServiceWorker(plan);
  if (target === "capacitor") addCapacitor(plan);
  const { files } = plan;
  files.set(MANIFEST, manifestBytes(plan, target));
  if (options.key !== undefined) {
    const sizes = new Map([...files].map(([path, bytes]) => [path, bytes.length]));
    const sha256 = async (path: string, start: number, end: number): Promise<string> => createHash("sha256").update(files.get(path)!.subarray(start, end)).digest("hex");
    files.set(SIGNATURE, await signModel({ name: source.manifest.name, sizes, sha256 }, options.key, { ignored: [SIGNATURE] }));
  }
  return plan;
}
