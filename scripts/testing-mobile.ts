// For tests: what apps on phones are built with, where scripts/testing-mobile.sh installed it.

import { existsSync } from "node:fs";
import { join } from "node:path";

const folder = process.env["SLIPWAY_TEST_MOBILE"] ?? join(import.meta.dirname, "..", ".tools", "mobile");

/** Its node_modules. */
export const mobileModules: string | undefined = existsSync(join(folder, "node_modules", "onnxruntime-react-native")) ? join(folder, "node_modules") : undefined;
export const MOBILE_HINT = "nothing of mobile apps is here: scripts/testing-mobile.sh installs it";
/** Hermes is there for Linux on amd64. */
export const hermes: string | undefined = mobileModules !== undefined && process.platform === "linux" && process.arch === "x64" ? join(mobileModules, "hermes-engine-cli", "linux64-bin", "hermes") : undefined;

if (mobileModules === undefined) console.warn(`SKIPPED: ${MOBILE_HINT}`);
