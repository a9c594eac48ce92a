import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, expect, it } from "vitest";
import { readSlip, writeSlip } from "@slipway/core/package";
import { generateSigningKey, signPackage, type SigningKey } from "@slipway/core/signing";
import { ModelDirectory } from "./directory.ts";
import { Repository } from "./repository.ts";
import { testPackage } from "./testing-packages.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-trusted-"));
let models: Repository | undefined;
afterEach(async () => {
  await models?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function put(path: string, factor: number, key?: SigningKey): Promise<void> {
  const bytes = await testPackage({ factor });
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), key === undefined ? bytes : writeSlip(await signPackage(await readSlip(bytes), key)));
}

it("takes signed packages only: given by path, found in the folder, loaded by request, before and while it serves", async () => {
  const [{ key }, { key: stranger }] = await Promise.all([generateSigningKey(), generateSigningKey()]);
  await put("unsigned.slip", 1);
  await put("stranger.slip", 1, stranger);
  await put("signed.slip", 1, key);
  models = new Repository(new ModelDirectory([]), { folder: join(folder, "models"), trusted: { keys: [key.publicKey.pem] } });
  mkdirSync(join(folder, "models"));
  await expect(models.add({ argument: join(folder, "unsigned.slip") }, { name: "a" })).rejects.toMatchObject({ code: "signature-missing" });
  await expect(models.add({ argument: join(folder, "stranger.slip") }, { name: "a" })).rejects.toMatchObject({ code: "signature-invalid" });
  // What comes with the origin cannot lift it.
  await expect(models.add({ argument: join(folder, "unsigned.slip"), options: { trusted: undefined } }, { name: "a" })).rejects.toMatchObject({ code: "signature-missing" });
  await models.add({ argument: join(folder, "signed.slip") }, { name: "a" });

  await put("models/m/1/m.slip", 1);
  expect((await models.sync()).failed).toHaveLength(1);
  models.serving();
  await expect(models.load("m")).rejects.toMatchObject({ code: "model-load-failed", data: { reason: { code: "signature-missing" } } });
  await put("models/m/2/m.slip", 2, stranger);
  await expect(models.load("m")).rejects.toMatchObject({ code: "model-load-failed" });
  await put("models/m/3/m.slip", 3, key);
  await models.load("m");
  expect([...models.directory.entries.get("m")!.versions.values()].filter((v) => v.servable !== undefined).map((v) => v.version)).toEqual(["3"]);
});
