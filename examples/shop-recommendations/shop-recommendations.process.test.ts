// The example as its README starts it: shown and excluded items, cold start, and the loop from summer's clicks to a new version.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BROWSER_HINT, hasBrowser, launchBrowser, openContext, violations } from "../../scripts/testing-browser.ts";
import { copyExample, getJson, postJson, startProgram, until, type Running } from "../shared/testing.ts";
import type { Item, Shown } from "./recommend.ts";

const { folder, remove } = copyExample("shop-recommendations");
let running: Running;
let page: string;

beforeAll(async () => {
  // Training is the prepared file: what a Python of this machine has is not this test's matter.
  running = startProgram(folder, ["start.mjs", "--port", "0", "--page", "0", "--every", "50"], { SLIPWAY_MONITOR_WINDOW: "1s", SHOP_PREPARED: "1" });
  page = await running.printed(/the shop: (\S+)/);
}, 120_000);
afterAll(async () => {
  await running?.stop();
  remove();
});

const recommend = async (...items: string[]): Promise<Shown> => (await postJson<Shown>(`${page}recommend`, { items })).body;
const ids = (items: readonly Item[]): string[] => items.map((item) => item.id);

describe("shop recommendations", () => {
  it("shows what goes with what was looked at, and never that itself", async () => {
    const { items, version } = await recommend("duvet", "pillow");
    expect(version).toBe("1");
    expect(items).toHaveLength(8);
    expect(ids(items)).toContain("bed-linen");
    expect(ids(items)).not.toContain("duvet");
    expect((await postJson(`${page}recommend`, { items: ["unicorn"] })).status).toBe(400);
  });

  it("shows what most people look at to who has looked at nothing", async () => {
    const { items, prediction } = await recommend();
    expect(prediction).toBeNull();
    expect(items.map((i) => i.views)).toEqual(items.map((i) => i.views).toSorted((a, b) => b - a));
  });

  it("takes an item out of the catalogue without a new model", async () => {
    await postJson(`${page}sold-out`, { items: ["bed-linen"] });
    expect(ids((await recommend("duvet", "pillow")).items)).not.toContain("bed-linen");
  });

  it("learns from summer's clicks: drift, training, rollout, another version with other items", async () => {
    const picnic = (): Promise<Shown> => recommend("salad-bowl", "wool-blanket");
    expect(ids((await picnic()).items)).not.toContain("cutting-board");
    await postJson(`${page}summer`, { on: true });
    interface State { figures: { watch?: { state: string; drifting: string[] } | null } }
    await until(() => getJson<State>(`${page}state`), ({ figures: { watch } }) => watch?.state === "drift" && watch.drifting.includes("text"));
    // Drift begins it too, within a minute: too long for a test.
    expect((await postJson(`${page}train`, {})).status, running.output()).toBe(200);
    // While it is trained, it is not begun again.
    expect((await postJson(`${page}train`, {})).status, running.output()).toBe(200);
    const { items } = await until(picnic, (shown) => shown.version === "2");
    expect(ids(items)).toContain("cutting-board");
  }, 240_000);

  it.skipIf(!hasBrowser)(`follows what a visitor looks at${hasBrowser ? "" : ` (${BROWSER_HINT})`}`, async () => {
    const browser = await launchBrowser();
    try {
      const { page: tab, faults } = await openContext(browser, { colorScheme: "dark" });
      await tab.goto(page);
      await tab.locator("#shown button").first().click();
      await tab.getByRole("heading", { name: "For you" }).waitFor();
      await tab.locator("#version", { hasText: "version 2" }).waitFor();
      expect(await violations(tab)).toEqual([]);
      expect(faults).toEqual([]);
      expect((await getJson<{ summer: boolean }>(`${page}state`)).summer).toBe(true);
    } finally {
      await browser.close();
    }
  });
});
