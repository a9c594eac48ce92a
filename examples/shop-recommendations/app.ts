// The shop, and visitors beside the one at the page: they look at a few things, and it is counted how often what they look
// at last was among those shown. What is looked at is written to clicks.csv, from which the next model learns.
//
//     node app.ts [--port 8090] [--every 250] [--drift]      with the service at SLIPWAY_URL

import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { readTable } from "../shared/csv.ts";
import { ask, ServiceError, serviceUrl } from "../shared/service.ts";
import { Refusal, servePage } from "../shared/web.ts";
import { markSoldOut, placeOf, recommend } from "./recommend.ts";

const { values } = parseArgs({ options: { port: { type: "string", default: "8090" }, every: { type: "string", default: "250" }, drift: { type: "boolean", default: false } } });
const clicks = join(import.meta.dirname, "clicks.csv");
const visitsOf = (name: string): string[][] => readTable(join(import.meta.dirname, name)).map((row) => String(row["items"]).split(" "));
const seasons = { year: visitsOf("visits.csv"), summer: visitsOf("summer.csv") };
const AT_ONCE = 5;
const LOOK_BACK = 200;
const LONGEST = 50;

let summer = values.drift;
let version = "";
let hits: boolean[] = [];
let figures: object = {};

const page = await servePage(import.meta.dirname, Number(values.port), {
  "GET /state": () => ({ service: serviceUrl, summer, figures }),
  "POST /summer": (body) => {
    summer = (body as { on?: unknown } | null)?.on === true;
    hits = [];
    return { summer };
  },
  // Without waiting for the trigger, which is looked at once a minute.
  "POST /train": train,
  "POST /recommend": async (body) => (await recommend([itemsOf(body)]))[0],
  // The catalogue changes without a new model.
  "POST /sold-out": (body) => markSoldOut(itemsOf(body)),
  "POST /click": async (body) => {
    const { prediction, id } = (body ?? {}) as { prediction?: unknown; id?: unknown };
    if (typeof id !== "string" || placeOf(id) === undefined) throw new Refusal(400, "send the id of an item");
    if (typeof prediction === "string") await ask("/feedback", { prediction_id: prediction, label: placeOf(id) });
  },
});

function itemsOf(body: unknown): string[] {
  const { items } = (body ?? {}) as { items?: unknown };
  if (!Array.isArray(items) || items.length > LONGEST || !items.every((i): i is string => typeof i === "string" && placeOf(i) !== undefined)) throw new Refusal(400, `send items: at most ${LONGEST} ids of the catalogue`);
  return items;
}

async function train(): Promise<unknown> {
  try {
    return await ask("/api/v1/models/shop/retrains", {});
  } catch (error) {
    // The trigger, or another click, was first: it is being trained already.
    if (error instanceof ServiceError && error.status === 409) return { training: "already" };
    throw error;
  }
}

if (!existsSync(clicks)) writeFileSync(clicks, "items\n");

async function visit(): Promise<void> {
  const season = summer ? seasons.summer : seasons.year;
  const visits = Array.from({ length: AT_ONCE }, () => season[Math.floor(Math.random() * season.length)]!).filter((v) => v.length > 1);
  if (visits.length === 0) return;
  const shown = await recommend(visits.map((v) => v.slice(0, -1)));
  version = shown[0]!.version;
  hits.push(...shown.map(({ items }, i) => items.some((item) => item.id === visits[i]!.at(-1))));
  hits = hits.slice(-LOOK_BACK);
  if (summer) appendFileSync(clicks, visits.map((v) => `${v.join(" ")}\n`).join(""));
  await ask("/feedback", shown.map(({ prediction }, i) => ({ prediction_id: prediction, label: placeOf(visits[i]!.at(-1)!) })));
}

async function tell(): Promise<void> {
  const { models } = await ask<{ models: { version: string; state: string; drifting: string[] }[] }>("/api/v1/monitor");
  const { retrains } = await ask<{ retrains: { state: string }[] }>("/api/v1/retrains?model=shop&limit=1");
  figures = { version, hits: hits.length < 40 ? null : hits.filter(Boolean).length / hits.length, watch: models.find((m) => m.version === version) ?? null, training: retrains[0]?.state ?? null };
  page.push({ figures });
}

function every(ms: number, act: () => Promise<void>): void {
  const next = (): void => void setTimeout(() => void act().catch((e: unknown) => console.error(String(e))).finally(next), ms);
  next();
}
every(Number(values.every), visit);
every(1500, tell);
console.log(`\nthe shop: ${page.url}\n\nCtrl-C stops.`);
