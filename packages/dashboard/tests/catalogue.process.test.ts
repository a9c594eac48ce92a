// A recommender's catalogue in the dashboard of a real `slipway up`: what it shows, who may change it, and what changed then.
// `SLIPWAY_PICTURES=docs/images` keeps the picture that the docs show.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BROWSER_HINT, hasBrowser, launchBrowser, openContext, violations, type Watched } from "../../../scripts/testing-browser.ts";
import { startUp, workingFolder, type Place, type Running } from "../../../scripts/testing-up.ts";
import { writeSlip } from "../../core/src/package/index.ts";
import { packModel } from "../../slipway/src/runtime/pack.ts";

if (!hasBrowser) console.warn(`SKIPPED: ${BROWSER_HINT}`);

const example = (name: string): string => fileURLToPath(new URL(`../../../examples/shop-recommendations/${name}`, import.meta.url));
const pictures = process.env["SLIPWAY_PICTURES"];
let place: Place;
let up: Running;
let browser: Browser;
let operator: Watched;

async function call<T>(person: string, method: string, path: string, body?: Uint8Array<ArrayBuffer> | object): Promise<{ status: number; json: T }> {
  const bytes = body instanceof Uint8Array;
  const answer = await fetch(`${up.url}${path}`, { method, headers: { authorization: `Bearer ${place.keys[person]!}`, ...(bytes || body === undefined ? {} : { "content-type": "application/json" }) }, ...(body === undefined ? {} : { body: bytes ? new Blob([body]) : JSON.stringify(body) }) });
  return { status: answer.status, json: JSON.parse(await answer.text()) as T };
}
const recommended = async (items: readonly string[]): Promise<string[]> => (await call<{ items: { id: string }[] }>("Vera", "POST", "/models/shop/recommend", { items, k: 8 })).json.items.map((i) => i.id);
async function signedIn(person: string): Promise<Watched> {
  const watched = await openContext(browser);
  await watched.page.goto(`${up.url}/`);
  await watched.page.getByLabel("API key").fill(place.keys[person]!);
  await watched.page.getByRole("button", { name: "Sign in with a key" }).click();
  await watched.page.getByRole("heading", { level: 1, name: "Models" }).waitFor();
  return watched;
}

beforeAll(async () => {
  if (!hasBrowser) return;
  place = workingFolder({ root: { roles: ["admin"] }, "Olga Petrov": { roles: ["operator"] }, Vera: { roles: ["viewer", "predictor"] } }, { recommend: { maxItems: 3 } });
  const { package: shop } = await packModel(example("recommend.joblib"), readFileSync(example("recommend.joblib")), { name: "shop", version: "1.0.0", recommend: { items: { file: "items.json", text: readFileSync(example("items.json"), "utf8") }, popularity: "views", k: 8, cold: "popular" } });
  up = await startUp(place.folder);
  await call("root", "POST", "/api/v1/models/shop/versions", new Uint8Array(writeSlip(shop)));
  await call("root", "PUT", "/api/v1/models/shop/aliases/production", { version: 1, expected: null });
  while ((await call("Vera", "GET", "/models/shop/catalogue")).status !== 200) await new Promise((resolve) => setTimeout(resolve, 200));
  browser = await launchBrowser();
  operator = await signedIn("Olga Petrov");
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await up?.stop();
  place?.remove();
}, 60_000);

async function open(page: Page, query = ""): Promise<void> {
  await page.goto(`${up.url}/dashboard/models/shop/catalogue${query}`);
  await page.getByRole("region", { name: "Items" }).waitFor();
}

describe.skipIf(!hasBrowser)("a catalogue in the dashboard", { timeout: 120_000 }, () => {
  it("is found from the model's page, tells its size and last change, and is searched", async () => {
    const { page } = operator;
    await page.goto(`${up.url}/dashboard/models/shop`);
    await page.getByRole("link", { name: "Catalogue" }).click();
    await page.getByText("none since the model was packed").waitFor();
    const { counts } = (await call<{ counts: { items: number } }>("Vera", "GET", "/models/shop/catalogue")).json;
    await page.getByText(`${counts.items} items`, { exact: true }).waitFor();
    await page.getByLabel("Search items").fill("hammock");
    await page.getByText("1 item shown").waitFor();
    expect(await page.locator("tbody th").allTextContents()).toEqual(["hammock"]);
    await page.getByLabel("Search items").fill("no such thing");
    await page.getByText("No item matches").waitFor();
  });
  it("takes an item off the shelf, in and out, and what is recommended follows at once", async () => {
    const { page } = operator;
    const before = await recommended(["duvet", "pillow"]);
    const first = before[0]!;
    await open(page, `?text=${first}`);
    await page.getByRole("button", { name: `Change ${first}` }).click();
    await page.getByLabel("It is shown").uncheck();
    await page.getByRole("button", { name: "Change it" }).click();
    await page.getByText(`${first} is changed.`).waitFor();
    await page.getByText("not shown", { exact: true }).waitFor();
    await page.getByText(/by Olga Petrov \(version 1\)/).waitFor();
    expect(await recommended(["duvet", "pillow"])).not.toContain(first);
    const second = before[1]!;
    await open(page, `?text=${second}`);
    await page.getByRole("button", { name: `Take out ${second}` }).click();
    await page.getByRole("button", { name: "Take it out" }).click();
    await page.getByText("No item matches").waitFor();
    expect(await recommended(["duvet", "pillow"])).not.toContain(second);
    await open(page);
    await page.getByRole("button", { name: "Add an item" }).click();
    await page.getByRole("button", { name: "Add it" }).click();
    await page.getByText("An item has an id.").waitFor();
    await page.getByLabel("Id", { exact: true }).fill(second);
    await page.getByLabel("What is told of it").fill("price: 12.5\nshelf: attic");
    await page.getByRole("button", { name: "Add it" }).click();
    await page.getByText(`${second} is in the catalogue.`).waitFor();
    expect(await recommended(["duvet", "pillow"])).toContain(second);
    expect((await call<{ items: { metadata: object }[] }>("Vera", "GET", `/models/shop/catalogue?text=${second}`)).json.items[0]!.metadata).toMatchObject({ price: 12.5, shelf: "attic" });
  });
  it("refuses a change of what somebody else changed, and one too many, with what to do", async () => {
    const { page } = operator;
    await open(page);
    await page.getByRole("button", { name: "Add an item" }).click();
    await page.getByLabel("Id", { exact: true }).fill("swing");
    await call("Olga Petrov", "PATCH", "/models/shop/catalogue", { items: [{ id: "kite" }] });
    await page.getByRole("button", { name: "Add it" }).click();
    await page.getByText("catalogue-version").waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    // Also once the page behind the dialog has loaded what the other one did.
    await open(page, "?text=kite");
    await page.getByRole("button", { name: "Change kite" }).click();
    const { version } = (await call<{ version: number }>("Olga Petrov", "PATCH", "/models/shop/catalogue", { items: [{ id: "kite", popularity: 7 }] })).json;
    await page.getByText(`(version ${version})`).waitFor();
    await page.getByRole("button", { name: "Change it" }).click();
    await page.getByText("catalogue-version").waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    expect((await call<{ items: { popularity: number }[] }>("Vera", "GET", "/models/shop/catalogue?text=kite")).json.items[0]!.popularity).toBe(7);
    await open(page);
    await page.getByRole("button", { name: "Add an item" }).click();
    await page.getByLabel("Id", { exact: true }).fill("swing");
    await page.getByRole("button", { name: "Add it" }).click();
    await page.getByText("catalogue-full").waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
  });
  it("has no violation in either theme", async () => {
    const { page } = operator;
    for (const theme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme: theme });
      await open(page);
      expect([theme, await violations(page)]).toEqual([theme, []]);
      if (pictures !== undefined && theme === "light") await page.screenshot({ path: join(pictures, "dashboard-catalogue.png") });
      await page.getByRole("button", { name: "Add an item" }).click();
      expect([theme, await violations(page)]).toEqual([theme, []]);
      await page.getByRole("button", { name: "Cancel" }).click();
    }
    expect(operator.faults.filter((f) => !/40[0-9]|409|413/.test(f))).toEqual([]);
  });
  it("is only looked at by who may not release", async () => {
    const { page, context } = await signedIn("Vera");
    await open(page);
    for (const name of ["Add an item", /^Change /, /^Take out/]) expect(await page.getByRole("button", { name }).count()).toBe(0);
    expect((await call("Vera", "PATCH", "/models/shop/catalogue", { remove: ["duvet"] })).status).toBe(403);
    await context.close();
  });
});
