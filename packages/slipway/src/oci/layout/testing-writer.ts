// For tests: writes artifacts into a layout and says which tags it has written, until it is done or killed.

import { randomBytes } from "node:crypto";
import { writeSync } from "node:fs";
import { digestOf } from "../digest.ts";
import { MEDIA_TYPE } from "../parse-manifest.ts";
import { LayoutStore } from "./layout-store.ts";

const [folder, name, count] = process.argv.slice(2) as [string, string, string];
const store = await LayoutStore.open(folder, { create: true });
for (let i = 0; i < Number(count); i++) {
  const layer = new Uint8Array(randomBytes(50_000));
  const empty = new TextEncoder().encode("{}");
  await store.writeBlob(layer);
  await store.writeBlob(empty);
  const manifest = { schemaVersion: 2, mediaType: MEDIA_TYPE.manifest, config: { mediaType: MEDIA_TYPE.empty, digest: await digestOf(empty), size: 2 }, layers: [{ mediaType: "application/octet-stream", digest: await digestOf(layer), size: layer.length }] };
  const { digest } = await store.writeManifest(new TextEncoder().encode(JSON.stringify(manifest)), { tag: `${name}-${i}` });
  await store.tag("latest", digest);
  writeSync(1, `${name}-${i}\n`);
}
