// The service worker: the folder's files with their hashes, put before the script that keeps them.

import { createHash } from "node:crypto";
import { integrityOf } from "./integrity.ts";
import { pageFile } from "./module-files.ts";
import type { EdgePlan } from "./plan.ts";

/** Adds service-worker.js; comes after every other file. */
export async function addServiceWorker({ files }: EdgePlan): Promise<void> {
  const hashes = JSON.stringify(Object.fromEntries([...files].map(([path, bytes]) => [path, integrityOf(bytes)])));
  const release = createHash("sha256").update(hashes).digest("hex").slice(0, 16);
  const script = await pageFile("edge-page/service-worker.js");
  files.set("service-worker.js", Buffer.concat([Buffer.from(`const RELEASE = "${release}";\nconst FILES = ${hashes};\n`), script]));
}
