// What a folder for a browser or a device is made of: a package, the module, and what shows them.

import { KERNEL_VERSION } from "@slipway/core/kernel";
import { writeSlip, type ModelPackage } from "@slipway/core/package";
import { verifyPackage, type VerificationKey } from "@slipway/core/signing";
import { provenKernel } from "../runtime/index.ts";
import { integrityOf } from "./integrity.ts";
import { moduleFiles } from "./module-files.ts";
import { onnxruntimeFiles } from "./onnxruntime-files.ts";

export const TARGETS = ["browser", "pwa", "node", "device", "react-native", "capacitor"] as const;
export type Target = (typeof TARGETS)[number];

export interface EdgePlan {
  readonly package: ModelPackage;
  /** The package's file and its integrity. */
  readonly file: string;
  readonly integrity: string;
  readonly engine: "kernel" | "onnxruntime";
  /** Whether the package itself says that the kernel was proven: where it does not, the page asks for it by name. */
  readonly saysSo: boolean;
  /** Public keys (PEM) of which one must have signed the package; none where anybody's is taken. */
  readonly trust: readonly string[];
  /** By path in the folder. */
  readonly files: Map<string, Uint8Array>;
}

/** @param from where onnxruntime-web is looked for @param options.trust pinned in what is written @param options.web false where ONNX Runtime is not that of browsers @throws signature-*, edge-module-missing, edge-needs-onnxruntime, and what proving the kernel throws */
export async function planEdge(source: ModelPackage, from: string, { trust = [], web = true }: { readonly trust?: readonly VerificationKey[] | undefined; readonly web?: boolean } = {}): Promise<EdgePlan> {
  if (trust.length > 0) await verifyPackage(source, trust);
  const saysSo = source.manifest.kernel === KERNEL_VERSION;
  const engine = saysSo || (source.signature.layout !== "tensors" && (await provenKernel(source)) !== undefined) ? "kernel" : "onnxruntime";
  const file = `${source.manifest.name}.slip`;
  const bytes = writeSlip(source);
  const files = new Map([[file, bytes], ...(await moduleFiles()), ...(engine === "kernel" || !web ? [] : await onnxruntimeFiles(from))]);
  return { package: source, file, integrity: integrityOf(bytes), engine, saysSo, trust: trust.map((key) => key.pem), files };
}
