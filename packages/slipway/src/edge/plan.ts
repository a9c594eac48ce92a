// What a folder for a browser or a device is made of: a package, the module, and what shows them.

import { KERNEL_VERSION } from "@slipway/core/kernel";
import { writeSlip, type ModelPackage } from "@slipway/core/package";
import { provenKernel } from "../runtime/index.ts";
import { integrityOf } from "./integrity.ts";
import { moduleFiles } from "./module-files.ts";
import { onnxruntimeFiles } from "./onnxruntime-files.ts";

export const TARGETS = ["browser", "pwa", "node", "device"] as const;
export type Target = (typeof TARGETS)[number];

export interface EdgePlan {
  readonly package: ModelPackage;
  /** The package's file and its integrity. */
  readonly file: string;
  readonly integrity: string;
  readonly engine: "kernel" | "onnxruntime";
  /** Whether the package itself says that the kernel was proven: where it does not, the page asks for it by name. */
  readonly saysSo: boolean;
  /** By path in the folder. */
  readonly files: Map<string, Uint8Array>;
}

/** @param from where onnxruntime-web is looked for. @throws edge-module-missing, edge-needs-onnxruntime, and what proving the kernel throws */
export async function planEdge(source: ModelPackage, from: string): Promise<EdgePlan> {
  const saysSo = source.manifest.kernel === KERNEL_VERSION;
  const engine = saysSo || (source.signature.layout !== "tensors" && (await provenKernel(source)) !== undefined) ? "kernel" : "onnxruntime";
  const file = `${source.manifest.name}.slip`;
  const bytes = writeSlip(source);
  const files = new Map([[file, bytes], ...(await moduleFiles()), ...(engine === "kernel" ? [] : await onnxruntimeFiles(from))]);
  return { package: source, file, integrity: integrityOf(bytes), engine, saysSo, files };
}
