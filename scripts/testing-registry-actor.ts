// One process of many that offer, promote, pull and remove at once: `node testing-registry-actor.ts DATABASE STORE SEED
// STEPS`. Prints one JSON line for each act that was answered as done, before it begins the next; what it cannot do
// because another was quicker (a coded conflict) is part of the game, anything else ends it with status 1.

import { writeSync } from "node:fs";
import { verifyAudit } from "../packages/slipway/src/audit/index.ts";
import { Registry } from "../packages/slipway/src/registry/index.ts";
import { openPlace } from "./testing-backends.ts";
import { examplePackage, person } from "./testing-packages.ts";

const [databaseUrl, store, seedText, stepsText] = process.argv.slice(2) as [string, string, string, string];
const seed = Number(seedText);
let state = seed * 2_654_435_761;
/** A whole number below n; the same for the same seed. */
const draw = (n: number): number => {
  state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 0x9e3779b9) | 0;
  return (state >>> 0) % n;
};
const told = (act: string, detail: object = {}): void => void writeSync(1, `${JSON.stringify({ act, ...detail })}\n`);
/** Another was quicker. */
const GAME = new Set(["registry-alias-moved", "registry-version-removed", "registry-in-use", "registry-not-found"]);

const registry = await Registry.open(await openPlace({ databaseUrl, store }));
const actor = person(`p${seed}`);
told("opened");
for (let step = 0; step < Number(stepsText); step++) {
  try {
    await act(step);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === undefined || !GAME.has(code)) throw error;
    told("lost", { code });
  }
}
await verifyAudit(registry.database);
await registry.close();
told("closed");

async function act(step: number): Promise<void> {
  const kind = draw(10);
  if (kind < 3) {
    // Few packages, so that some are offered by several at once.
    const { version, digest } = await registry.offer(await examplePackage("shared", draw(12)), { actor });
    told("offered", { version, digest });
  } else if (kind < 7) {
    const current = (await registry.aliases("shared")).find((a) => a.alias === "production");
    const versions = (await registry.versions("shared")).filter((v) => v.state === "available");
    const target = versions[draw(versions.length)];
    if (target === undefined) return;
    const moved = await registry.setAlias("shared", "production", target.version, { actor, expected: current?.version ?? null });
    told("moved", { from: current?.version ?? null, to: moved.version, revision: moved.revision });
  } else if (kind < 9) {
    const pkg = await registry.package("shared@production");
    told("pulled", { digest: pkg.digest });
  } else if (step % 2 === 0) {
    const { version } = await registry.attach("shared", draw(12) + 1, { kind: "gate-report", mediaType: "application/json", bytes: new TextEncoder().encode(`{"by":${seed},"step":${step}}`), summary: { passed: true }, actor });
    told("attached", { version });
  } else {
    const version = draw(12) + 1;
    await registry.removeVersion("shared", version, { actor });
    told("removed", { version });
  }
}
