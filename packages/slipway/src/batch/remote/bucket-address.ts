// Which addresses name objects in buckets, and who keeps them.

import { batchError } from "../errors.ts";
import type { ObjectStore, Place } from "./object-store.ts";

/** Of Azure's clouds: the public one, China's, the government's; and zones of DNS of its own. */
const AZURE_HOST = /^https:\/\/[a-z0-9-]+(?:\.z\d+)?\.(?:blob|dfs)\.(?:core\.(?:windows\.net|chinacloudapi\.cn|usgovcloudapi\.net)|storage\.azure\.net)\//i;

export function isBucketAddress(address: string): boolean {
  return /^(?:s3|gs|az|azure|abfss?):\/\//i.test(address) || AZURE_HOST.test(address);
}

/** @throws SlipwayError batch-source-address, batch-source-denied */
export async function openBucket(address: string): Promise<{ readonly store: ObjectStore; readonly place: Place }> {
  if (/^s3:/i.test(address)) return (await import("./s3/s3-store.ts")).openS3(address);
  if (/^gs:/i.test(address)) return (await import("./google/google-store.ts")).openGoogle(address);
  if (isBucketAddress(address)) return (await import("./azure/azure-store.ts")).openAzure(address);
  // The address is not shown: there may be a key in it.
  throw batchError("batch-source-address", "an address of objects is s3://BUCKET/KEY, gs://BUCKET/KEY or az://CONTAINER/NAME");
}
