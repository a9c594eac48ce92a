// The example as its README starts it: questions understood, refused, judged; a new kind of question seen.

import { execFileSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BROWSER_HINT, hasBrowser, launchBrowser, openContext, violations } from "../../scripts/testing-browser.ts";
import { copyExample, getJson, postJson, startProgram, until, type Running } from "../shared/testing.ts";
import type { Answer } from "./answer.ts";

const { folder, remove } = copyExample("support-chatbot");
let running: Running;
let page: string;
let service: string;

beforeAll(async () => {
  running = startProgram(folder, ["start.mjs", "--port", "0", "--page", "0"], { SLIPWAY_MONITOR_WINDOW: "1s" });
  page = await running.printed(/the chat: (\S+)/);
  ({ service } = await getJson<{ service: string }>(`${page}state`));
}, 120_000);
afterAll(async () => {
  await running?.stop();
  remove();
});

const ask = async (text: string): Promise<Answer> => (await postJson<Answer>(`${page}ask`, { text })).body;
interface Watch { state: string; drifting: string[]; accuracy: { points: { labelled: number }[] } }
const watch = (): Promise<Watch> => getJson<Watch>(`${service}/api/v1/monitor/models/intents?hours=1`);

describe("support chatbot", () => {
  it.each([
    ["when will I get the money for my return", "within five working days"],
    ["I forgot my pasword", "Forgot password"],
    ["how much for delivry abroad?", "four to eight working days"],
    ["let me talk to a real person please", "0800 123 456"],
  ])("answers %s", async (question, words) => {
    const answer = await ask(question);
    expect(answer).toMatchObject({ understood: true });
    expect(answer.text).toContain(words);
  });

  it.each(["quantum physics", "what is the weather tomorrow", "do you sell bicycles", "who won the football match", "🦄"])("does not pretend to understand %s", async (question) => {
    expect(await ask(question)).toMatchObject({ understood: false, source: null });
  });

  it("takes the verdict of who asked, and refuses what is none", async () => {
    const { prediction } = await ask("my lamp does nothing");
    expect((await postJson(`${page}judge`, { prediction, intent: "broken" })).status).toBe(200);
    expect((await postJson(`${page}judge`, { prediction, intent: "weather" })).status).toBe(400);
    expect((await postJson(`${page}ask`, { text: "a".repeat(501) })).status).toBe(400);
    await until(watch, (w) => w.accuracy.points.some((p) => p.labelled === 1));
  });

  it("sees a new kind of question", async () => {
    const seen = await until(async () => {
      execFileSync(process.execPath, ["traffic.ts", "--rows", "500", "--drift"], { cwd: folder, env: { ...process.env, SLIPWAY_URL: service } });
      return watch();
    }, (w) => w.state === "drift" || w.state === "warning");
    expect(seen.drifting).toContain("text");
  });

  it.skipIf(!hasBrowser)(`talks in a page${hasBrowser ? "" : ` (${BROWSER_HINT})`}`, async () => {
    const browser = await launchBrowser();
    try {
      const { page: tab, faults } = await openContext(browser, { colorScheme: "dark" });
      await tab.goto(page);
      await tab.getByLabel("Your question").fill("where is my refund");
      await tab.keyboard.press("Enter");
      await tab.getByRole("log").getByText("within five working days").waitFor();
      await tab.getByRole("button", { name: "Not what I meant" }).click();
      await tab.getByRole("button", { name: "order status" }).click();
      await tab.getByText("Noted, thank you.").waitFor();
      expect(await violations(tab)).toEqual([]);
      expect(faults).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});
