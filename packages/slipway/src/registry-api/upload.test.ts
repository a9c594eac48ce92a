import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { sweepUploads } from "./upload.ts";

it("what a killed server left behind is taken away after a day, and nothing else", async () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-uploads-"));
  const old = new Date(Date.now() - 90_000_000);
  for (const name of ["upload-old", "gate-old", "upload-new", "mine"]) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, "model"), "x");
    if (name !== "upload-new") utimesSync(join(folder, name), old, old);
  }
  await sweepUploads(folder);
  await sweepUploads(join(folder, "nowhere"));
  expect(readdirSync(folder).sort()).toEqual(["mine", "upload-new"]);
  rmSync(folder, { recursive: true });
});
