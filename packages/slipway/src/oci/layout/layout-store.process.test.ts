// Many processes in one layout, killed at any moment: nothing is lost, nothing is half there, everything opens.

import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, expect, it } from "vitest";
import { parseManifest } from "../parse-manifest.ts";
import { collect } from "../testing-contract.ts";
import { LayoutStore } from "./layout-store.ts";

const root = mkdtempSync(join(tmpdir(), "slipway-many-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const writer = fileURLToPath(new URL("./testing-writer.ts", import.meta.url));

function start(folder: string, name: string, count: number): ChildProcess {
  return spawn(process.execPath, ["--conditions=@slipway/source", writer, folder, name, String(count)], { stdio: ["ignore", "pipe", "inherit"] });
}

/** Every manifest with every blob, hashed. */
async function verify(store: LayoutStore): Promise<string[]> {
  const tags = await collect(store.tags());
  for (const tag of tags) {
    const { bytes, digest } = await store.readManifest(tag);
    for (const blob of parseManifest(bytes, digest).blobs) await store.readBlob(blob.digest, { maxBytes: 1 << 20, size: blob.size });
  }
  return tags;
}

it("keeps what twenty processes write at once", async () => {
  const folder = join(root, "twenty");
  const children = Array.from({ length: 20 }, (_, i) => start(folder, `p${i}`, 3));
  const codes = await Promise.all(children.map(async (c) => ((await once(c, "exit")) as [number])[0]));
  expect(codes).toEqual(codes.map(() => 0));
  const tags = await verify(await LayoutStore.open(folder));
  expect(tags).toHaveLength(1 + 20 * 3);
  expect(tags).toContain("latest");
}, 300_000);

it("opens after kill -9 at any moment, with all that was said to be written", async () => {
  const folder = join(root, "killed");
  const said = new Set<string>();
  for (let round = 0; round < 12; round++) {
    const child = start(folder, `r${round}`, 1000);
    let text = "";
    child.stdout!.on("data", (piece) => (text += String(piece)));
    // Somewhere in the middle of its work, another place each time.
    for (let waited = 0; text.split("\n").length < 3 && waited < 60_000; waited += 5) await pause(5);
    await pause(round * 3);
    child.kill("SIGKILL");
    await once(child, "exit");
    for (const line of text.split("\n").slice(0, -1)) said.add(line);
    const tags = new Set(await verify(await LayoutStore.open(folder)));
    for (const tag of said) expect(tags).toContain(tag);
  }
  const store = await LayoutStore.open(folder);
  await store.collectGarbage({ graceMs: 0 });
  expect(readdirSync(join(folder, ".slipway", "tmp"))).toEqual([]);
  expect((await verify(store)).length).toBeGreaterThanOrEqual(said.size);
}, 300_000);
