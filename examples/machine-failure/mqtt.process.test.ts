// The same plant over MQTT: a real broker, readings by topic, alarms.

import { existsSync } from "node:fs";
import { connectAsync } from "mqtt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copyExample, getJson, startProgram, until, type Running } from "../shared/testing.ts";
import type { Alarm } from "./bridge.ts";

const hasMosquitto = existsSync("/usr/sbin/mosquitto");
if (!hasMosquitto) console.warn("SKIPPED: there is no mosquitto. apt-get install mosquitto");
const { folder, remove } = copyExample("machine-failure");
interface State { readonly over: string; readonly counts: { readonly readings: number; readonly refused: number }; readonly alarms: readonly Alarm[] }
let running: Running;
let page: string;
let broker: string;

beforeAll(async () => {
  if (!hasMosquitto) return;
  running = startProgram(folder, ["start.mjs", "--mqtt", "--port", "0", "--page", "0"]);
  page = await running.printed(/the control room: (\S+)/);
  broker = (await getJson<State>(`${page}state`)).over;
}, 120_000);
afterAll(async () => {
  await running?.stop();
  remove();
});

describe.skipIf(!hasMosquitto)("machine failure over MQTT", () => {
  it("gets its readings from the broker", async () => {
    expect(broker).toMatch(/^mqtt:\/\/127\.0\.0\.1:\d+$/);
    await until(() => getJson<State>(`${page}state`), (s) => s.counts.readings > 12);
  });

  it("takes what others publish, the machine by its topic, and raises its alarm", async () => {
    const client = await connectAsync(broker);
    const odd = JSON.stringify({ temperature: 12, vibration: 0.1, pressure: 9, current: 30, speed: 900 });
    for (let i = 0; i < 3; i++) await client.publishAsync("plant/pumps/pump-8", odd, { qos: 1 });
    const { refused } = (await getJson<State>(`${page}state`)).counts;
    await client.publishAsync("plant/pumps/pump-8", "no reading", { qos: 1 });
    await client.endAsync();
    const state = await until(() => getJson<State>(`${page}state`), (s) => s.alarms.some((a) => a.machine === "pump-8") && s.counts.refused > refused);
    expect(state.alarms.find((a) => a.machine === "pump-8")).toMatchObject({ state: "begins" });
  });
});
