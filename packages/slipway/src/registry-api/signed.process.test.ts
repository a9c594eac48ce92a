// Signatures that come along in a package, where a policy asks for one.

import { afterAll, beforeAll, expect, it } from "vitest";
import { readSlip, writeSlip } from "@slipway/core/package";
import { generateSigningKey, signPackage, verifyPackage } from "@slipway/core/signing";
import { backends } from "../../../../scripts/testing-backends.ts";
import type { Actor } from "../audit/index.ts";
import { testPackage } from "../server/models/testing-packages.ts";
import { openRegistryService, type RegistryService } from "./index.ts";

const backend = backends.find((b) => b.database === "sqlite")!;
const actor: Actor = { name: "dana", roles: ["admin"], groups: [], how: "key" };
const approvals = { production: { approvals: 0, author: true, signed: true, expires: 86_400_000, rollback: false } };
const open: RegistryService[] = [];
beforeAll(() => backend.start(), 60_000);
afterAll(async () => {
  for (const service of open) {
    await service.close();
    await service.registry.close();
  }
  await backend.stop();
});

it("a package is promoted once it carries a signature by a trusted key, and is pulled with it", async () => {
  const { key } = await generateSigningKey();
  const { key: stranger } = await generateSigningKey();
  const store = await backend.place().open();
  const service = await openRegistryService({ ...store, folder: "/nonexistent", background: false, settings: { approvals }, trusted: { keys: [key.publicKey.pem] } });
  open.push(service);
  const { registry } = service;
  const bytes = await testPackage();
  const promote = (): Promise<string> => registry.setAlias("linear", "production", 1, { actor }).then(() => "promoted", (e: { code: string; data: { missing: { what: string }[] } }) => `${e.code} ${e.data.missing.map((m) => m.what).join()}`);
  await registry.offer(bytes, { actor });
  expect(await promote()).toBe("policy-unmet signature");
  const pkg = await readSlip(bytes);
  const foreign = await signPackage(pkg, stranger);
  await registry.offer(foreign, { actor });
  expect([(await registry.version("linear:1")).signed, await promote()]).toEqual([true, "policy-unmet signature"]);
  const signed = await signPackage(foreign, key);
  expect((await registry.offer(writeSlip(signed), { actor })).version).toBe(1);
  // Offered again, nothing is attached twice.
  await registry.offer(signed, { actor });
  expect((await registry.attachments("linear", 1)).map((a) => a.kind)).toEqual(["signature", "signature"]);
  expect(await promote()).toBe("promoted");
  const pulled = await readSlip(await registry.pull("linear@production"));
  expect([pulled.digest, (await verifyPackage(pulled, { keys: [key.publicKey], roots: [] })).key.id]).toEqual([pkg.digest, key.publicKey.id]);
});

it("a policy that asks for signatures where no key is trusted is refused at the start", async () => {
  const { database, blobs } = await backend.place().open();
  await expect(openRegistryService({ database, blobs, folder: "/nonexistent", background: false, settings: { approvals } })).rejects.toMatchObject({ code: "policy-invalid" });
  await blobs.close();
  await database.close();
});
