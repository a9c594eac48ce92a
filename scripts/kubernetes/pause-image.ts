// The image that holds a pod's namespaces: a program that waits, in a layer of its own. Built with gcc, written as a layout.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { writeTar } from "@slipway/core/formats";
import { toJsonBytes } from "@slipway/core/package";
import { digestOf, MEDIA_TYPE, type BlobStore } from "../../packages/slipway/src/oci/index.ts";

const PROGRAM = `#include <signal.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/wait.h>
static void done(int s) { exit(0); }
static void reap(int s) { while (waitpid(-1, 0, WNOHANG) > 0); }
int main() { signal(SIGINT, done); signal(SIGTERM, done); signal(SIGCHLD, reap); for (;;) pause(); }
`;

export async function writePauseImage(store: BlobStore, tag: string): Promise<void> {
  const work = mkdtempSync(join(tmpdir(), "slipway-pause-"));
  writeFileSync(join(work, "pause.c"), PROGRAM);
  execFileSync("gcc", ["-Os", "-static", "-s", "-o", join(work, "pause"), join(work, "pause.c")]);
  const tar = writeTar([{ path: "pause", bytes: readFileSync(join(work, "pause")), mode: 0o755 }]);
  rmSync(work, { recursive: true });
  const layer = gzipSync(tar);
  const config = toJsonBytes({ architecture: process.arch === "arm64" ? "arm64" : "amd64", os: "linux", config: { Entrypoint: ["/pause"], User: "65535:65535" }, rootfs: { type: "layers", diff_ids: [await digestOf(tar)] } });
  const manifest = { schemaVersion: 2, mediaType: MEDIA_TYPE.manifest, config: { mediaType: MEDIA_TYPE.imageConfig, digest: await store.writeBlob(config), size: config.length }, layers: [{ mediaType: MEDIA_TYPE.layer, digest: await store.writeBlob(layer), size: layer.length }] };
  await store.writeManifest(toJsonBytes(manifest), { tag });
}
