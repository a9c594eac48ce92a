// The example as its README starts it: readings over NATS (and over HTTP), alarms at a webhook of the test's, drift.

import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BROWSER_HINT, hasBrowser, launchBrowser, openContext, violations } from "../../scripts/testing-browser.ts";
import { copyExample, getJson, postJson, startProgram, until, type Running } from "../shared/testing.ts";
import type { Alarm } from "./bridge.ts";

const hasNats = existsSync("/usr/sbin/nats-server");
const { folder, remove } = copyExample("machine-failure");
const alarms: Alarm[] = [];
let hook: Server;
let running: Running;
let page: string;
let service: string;

beforeAll(async () => {
  hook = createServer((request, response) => {
    let text = "";
    request.on("data", (part) => (text += String(part))).on("end", () => {
      alarms.push(JSON.parse(text) as Alarm);
      response.end();
    });
  });
  await new Promise<void>((resolve) => hook.listen(0, "127.0.0.1", resolve));
  running = startProgram(folder, ["start.mjs", "--port", "0", "--page", "0", "--alarm", `http://127.0.0.1:${(hook.address() as AddressInfo).port}/`], { SLIPWAY_MONITOR_WINDOW: "1s" });
  page = await running.printed(/the control room: (\S+)/);
  ({ service } = await getJson<{ service: string }>(`${page}state`));
}, 120_000);
afterAll(async () => {
  await running?.stop();
  hook?.close();
  remove();
});

const alarm = (machine: string, state: string): Promise<Alarm | undefined> => until(async () => alarms.find((a) => a.machine === machine && a.state === state), (a) => a !== undefined);
const damage = (machine: string, fault: string): Promise<{ status: number }> => postJson(`${page}fault`, { machine, fault });

describe("machine failure", () => {
  it.skipIf(!hasNats)(`gets its readings over NATS${hasNats ? "" : " (no nats-server: apt-get install nats-server)"}`, async () => {
    expect(running.output()).toMatch(/readings over nats:\/\/127\.0\.0\.1:\d+/);
    await until(() => getJson<{ counts: { readings: number } }>(`${page}state`), (s) => s.counts.readings > 12);
  });

  it("takes readings over HTTP too, and refuses what is none", async () => {
    const good = { machine: "pump-9", temperature: 50, vibration: 2, pressure: null, current: 12, speed: 1470 };
    const { body } = await postJson<{ refused: number }>(`${page}readings`, [good, { ...good, current: "much" }, { ...good, machine: "../x" }, 7]);
    expect(body.refused).toBe(3);
  });

  it.each([["pump-2", "bearing"], ["pump-4", "winding"]])("tells that %s has a damaged %s, and when it is over", async (machine, fault) => {
    expect((await damage(machine, fault)).status).toBe(200);
    expect(await alarm(machine, "begins")).toMatchObject({ failure: fault });
    await damage(machine, "none");
    expect(await alarm(machine, "ends")).toMatchObject({ failure: fault });
  });

  it("alarms of what no training has seen, as unknown", async () => {
    const odd = { machine: "pump-8", temperature: 12, vibration: 0.1, pressure: 9, current: 30, speed: 900 };
    await postJson(`${page}readings`, [odd, odd, odd]);
    expect(await alarm("pump-8", "begins")).toMatchObject({ state: "begins" });
    expect((await damage("pump-2", "rust")).status).toBe(400);
  });

  it("sees new thermometers as a drift of the temperature", async () => {
    await postJson(`${page}drift`, { on: true });
    interface Watch { state: string; drifting: string[] }
    const seen = await until(() => getJson<Watch>(`${service}/api/v1/monitor/models/anomaly`), (w) => w.drifting.includes("temperature"));
    expect(seen.drifting).not.toContain("pressure");
  });

  it.skipIf(!hasBrowser)(`shows it in a page${hasBrowser ? "" : ` (${BROWSER_HINT})`}`, async () => {
    const browser = await launchBrowser();
    try {
      const { page: tab, faults } = await openContext(browser, { colorScheme: "dark" });
      await tab.goto(page);
      await tab.getByRole("region", { name: "pump-1" }).getByText("mm/s").waitFor();
      await tab.locator("#watch", { hasText: "temperature" }).waitFor();
      await tab.getByRole("region", { name: "pump-1" }).getByLabel("Damage").selectOption("bearing");
      await tab.getByRole("log").getByText("pump-1: bearing begins").waitFor();
      expect(await violations(tab)).toEqual([]);
      expect(faults).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});
