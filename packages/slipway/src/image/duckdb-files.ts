// DuckDB for an image that makes bulk runs over Parquet, databases and SQL: its library for the one platform and the packages
// around it, of one version, as a layer of its own. From the npm registry, each checked against the digest below.

import type { LayerFile } from "./layer.ts";
import { npmFiles, type NpmPackage } from "./npm-archive.ts";
import { NODE_ARCHITECTURE, type Platform } from "./platform.ts";
import { SERVER_FOLDER, type BundledPackage } from "./runtime-files.ts";

export const DUCKDB_VERSION = "1.5.6-r.1";
const LIBRARY: Readonly<Record<Platform["architecture"], string>> = {
  amd64: "IXcrZJE6kEqM0Z4wwdVnGBHX/frOS33VPNAwDXQ/Q+Fs84b058Qe94chrCCIcNJlG8Y3UHIUU4eBeCQxW5mN1Q==",
  arm64: "3jnUaDil1BrF/6vAZwVaInJ1xoBaWGHB4PDiUnzJWKCo8a8TLx9j7/gPyPl/UGRBftrYIuTihRZSfF4mWMgtWA==",
};
const AROUND: readonly (NpmPackage & { readonly license: string })[] = [
  { name: "@duckdb/node-api", version: DUCKDB_VERSION, license: "MIT", integrity: "yIPol6P4EQmsAUsb27donJf7iADrM31Ei/WkvhkZpSscjhEErYsuF19lsJ/qz5mUWxsKFQpLdjvrlhPQnMTBqw==" },
  { name: "@duckdb/node-bindings", version: DUCKDB_VERSION, license: "MIT", integrity: "/pWlTyvKC1d16iSMJCBAPwlmzoeXRs5Y9cqG+TpKd/YAW6Ke05FJg099v/Im2bkS9BgznNyNcAK1NxA1eQhSUw==" },
  { name: "detect-libc", version: "2.1.2", license: "Apache-2.0", integrity: "Btj2BOOO83o3WyH59e8MgXsxEQVcarkUOpEYrubB0urwnN10yQ364rsiByU11nZlqWYZm05i/of7io4mzihBtQ==" },
];
/** What runs, and what says whose it is. */
const WANTED = /(?:^package\.json|^LICENSE|\.js|\.node|\.so)$/;

/** @throws image-node */
export async function duckdbFiles(platform: Platform, cacheFolder: string): Promise<{ readonly files: LayerFile[]; readonly packages: readonly BundledPackage[] }> {
  const library = { name: `@duckdb/node-bindings-linux-${NODE_ARCHITECTURE[platform.architecture]}`, version: DUCKDB_VERSION, license: "MIT", integrity: LIBRARY[platform.architecture] };
  const packages = [...AROUND, library];
  const parts = await Promise.all(packages.map(async (one) => [...(await npmFiles(one, cacheFolder, ""))].filter(([path]) => WANTED.test(path)).map(([path, bytes]): LayerFile => ({ path: `${SERVER_FOLDER}/node_modules/${one.name}/${path}`, bytes }))));
  return { files: parts.flat(), packages: packages.map(({ name, version, license }) => ({ name, version, license })) };
}
