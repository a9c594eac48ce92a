// A device always answers with a good model: whatever is published, whatever arrives of it, and whenever the power goes.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeSlip, type ModelPackage } from "@slipway/core/package";
import { generateSigningKey } from "@slipway/core/signing";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Device, type DeviceOptions } from "./device.ts";
import { nodeDisk } from "./disk.ts";
import { configFor, failingDisk, linearPackage, PowerCut, Publisher, ROW } from "./testing.ts";

let one: ModelPackage;
let two: ModelPackage;
let three: ModelPackage;
beforeAll(async () => {
  one = await linearPackage("1.0.0", [1, 1, 1]);
  two = await linearPackage("2.0.0", [2, 2, 2]);
  three = await linearPackage("3.0.0", [3, 3, 3]);
});
/** The answer to the row, by version. */
const VALUES = { "1.0.0": 6, "2.0.0": 12, "3.0.0": 18 } as const;

let folder: string;
let publisher: Publisher;
let logged: string[];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-device-"));
  writeFileSync(join(folder, "factory.slip"), writeSlip(one));
  publisher = await Publisher.open();
  logged = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function start(more: Partial<DeviceOptions> = {}, config: object = {}): Promise<Device> {
  return Device.start({ disk: nodeDisk, config: await configFor(publisher, one, config), folder, stateFolder: join(folder, "state"), log: (m) => void logged.push(m), fetch: publisher.fetch, ...more });
}
async function value(device: Device): Promise<unknown> {
  return (await device.predict(ROW)).predictions[0]!["value" as never];
}
type Status = { model: { version: string; from: string; release: number }; updates: { highest: number | null; previous: number | null; onTrial: boolean; last: { outcome: string } | null }; queue: { held: number; dropped: number } };
const status = (device: Device): Status => device.status() as Status;

describe("an update", () => {
  it("is taken in the other slot, and is there after a start", async () => {
    await publisher.publish(two, 2);
    const device = await start();
    expect(await value(device)).toBe(6);
    await device.update();
    expect([await value(device), status(device).model.from]).toEqual([12, "a"]);
    await publisher.publish(three, 3);
    await device.update();
    expect([await value(device), status(device).model.from, status(device).updates.previous]).toEqual([18, "b", 2]);
    await device.update();
    expect(status(device).updates.last!.outcome).toBe("release 3 is the newest");
    await device.close();
    const again = await start();
    expect([await value(again), status(again).model]).toMatchObject([18, { version: "3.0.0", from: "b", release: 3 }]);
  });

  const refusals: [string, string, () => Promise<void>][] = [
    ["by a wrong key", "signature-invalid", async () => publisher.publish(three, 3, {}, (await generateSigningKey()).key)],
    ["that is rolled back", "device-release-older", () => publisher.publish(one, 1)],
    ["with a number that was another package's", "device-release-older", () => publisher.publish(three, 2)],
    ["that expired", "device-release-expired", () => publisher.publish(three, 3, { expires: "2026-01-02T00:00:00Z" })],
    ["of another model", "device-release-other", () => publisher.publish(three, 3, { model: "other" })],
    ["that was cut short on the way", "device-update-failed", async () => {
      await publisher.publish(three, 3);
      publisher.cutAt = writeSlip(three).length - 10;
    }],
    ["whose file is another one", "device-update-failed", async () => {
      await publisher.publish(three, 3);
      publisher.files.set("linear-3.slip", writeSlip(three).with(2000, 1));
    }],
    ["whose file is larger than it says", "device-update-failed", async () => {
      await publisher.publish(three, 3);
      publisher.files.set("linear-3.slip", Buffer.concat([writeSlip(three), Buffer.alloc(9)]));
    }],
    ["whose package is not the one that it names", "edge-integrity", () => publisher.publish(three, 3, { digest: two.digest })],
    ["that does not answer its checked rows", "edge-check-differs", async () => publisher.publish(await linearPackage("3.0.0", [3, 3, 3], 99), 3)],
    ["that is no envelope", "envelope-malformed", async () => void publisher.files.set("release.json", Buffer.from("{}"))],
    ["that is not there", "device-update-failed", async () => void publisher.files.delete("release.json")],
  ];
  it.each(refusals)("%s is refused (%s), and the model in use goes on answering", async (_, code, publish) => {
    await publisher.publish(two, 2);
    const device = await start();
    await device.update();
    await publish();
    await device.update();
    expect(status(device).updates.last!.outcome).toContain(`[${code}]`);
    expect(await value(device)).toBe(12);
    await device.close();
    const again = await start();
    expect(await value(again)).toBe(12);
  });

  it("that was not good is not tried again", async () => {
    await publisher.publish(await linearPackage("3.0.0", [3, 3, 3], 99), 3);
    const device = await start();
    await device.update();
    publisher.asked = 0;
    await device.update();
    expect(status(device).updates.last!.outcome).toContain("[device-release-bad]");
    expect(publisher.asked).toBe(1);
  });
  it("is not believed anew where the clock was set back", async () => {
    await publisher.publish(two, 2, { expires: "2026-06-01T00:00:00Z" });
    let now = Date.parse("2026-07-01T00:00:00Z");
    const device = await start({ now: () => now });
    await publisher.publish(three, 3, { expires: "2027-06-01T00:00:00Z" });
    await device.update();
    expect(await value(device)).toBe(18);
    await device.close();
    now = Date.parse("2026-05-01T00:00:00Z");
    await publisher.publish(two, 4, { expires: "2026-06-01T00:00:00Z" });
    const again = await start({ now: () => now });
    await again.update();
    expect(status(again).updates.last!.outcome).toContain("[device-release-expired]");
  });
});

describe("a device whose package is damaged", () => {
  it("answers with the one before it, and with its first one where that is gone too", async () => {
    const device = await start();
    await publisher.publish(two, 2);
    await device.update();
    await publisher.publish(three, 3);
    await device.update();
    await device.close();
    writeFileSync(join(folder, "state", "slot-b.slip"), readFileSync(join(folder, "state", "slot-b.slip")).subarray(100));
    const second = await start();
    expect([await value(second), status(second).model.from]).toEqual([12, "a"]);
    await second.close();
    rmSync(join(folder, "state", "slot-a.slip"));
    const first = await start();
    expect([await value(first), status(first).model.from]).toEqual([6, "factory"]);
    // The disk lost it, the package is good: it is fetched again.
    await first.update();
    expect([await value(first), status(first).model.release]).toEqual([18, 3]);
  });
  it("gives up a package that ends the process again and again before it answers once", async () => {
    await publisher.publish(two, 2);
    await (await start()).update();
    for (let starts = 0; starts < 3; starts++) expect(status(await start()).model.version).toBe("2.0.0");
    expect(status(await start()).model.version).toBe("1.0.0");
  });
  it("remembers what it saw when one file of its state is torn", async () => {
    await publisher.publish(two, 2);
    const device = await start();
    await device.update();
    await device.predict(ROW);
    for (const file of ["state-0.json", "state-1.json"]) {
      const path = join(folder, "state", file);
      const whole = readFileSync(path);
      writeFileSync(path, whole.subarray(0, whole.length - 3));
      expect(status(await start()).updates.highest).toBe(2);
      writeFileSync(path, whole);
    }
  });
});

describe("the power goes", () => {
  it("at any step of an update: the device answers with the old model or the new one, and gets the new one afterwards", async () => {
    let at = 1;
    for (; ; at++) {
      rmSync(join(folder, "state"), { recursive: true, force: true });
      // One update before, so that both slots are in play.
      await publisher.publish(two, 2);
      const before = await start();
      await before.update();
      await before.predict(ROW);
      await before.close();
      await publisher.publish(three, 3);
      let cut = false;
      const disk = failingDisk(nodeDisk, at, () => (cut = true));
      try {
        const dying = await start({ disk });
        await dying.update();
      } catch (error) {
        if (!(error instanceof PowerCut)) throw error;
      }
      const after = await start();
      const version = status(after).model.version as keyof typeof VALUES;
      expect([at, version]).toEqual([at, expect.stringMatching(/^[23]\.0\.0$/)]);
      expect(await value(after)).toBe(VALUES[version]);
      await after.update();
      expect([at, await value(after)]).toEqual([at, 18]);
      await after.close();
      if (!cut) break;
    }
    // Steps of an update: otherwise the loop tested nothing.
    expect(at).toBeGreaterThan(15);
  }, 120_000);
});
