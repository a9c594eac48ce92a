// The commands of docs/dashboard.md, run as they stand there, and the pictures that it shows.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { resolveConfig, SERVE_SETTINGS } from "../packages/slipway/src/config/index.ts";
import { startUp, workingFolder } from "../scripts/testing-up.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const text = readFileSync(join(root, "docs", "dashboard.md"), "utf8");
const blocks = (language: string): string[] => [...text.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, "g"))].map((m) => m[1]!);
const place = workingFolder();
afterAll(() => place.remove());

it("commands run", async () => {
  const commands = blocks("sh").flatMap((block) => block.trim().split("\n"));
  expect(commands.filter((c) => c === "npx slipway up")).toHaveLength(1);
  const others = commands.filter((c) => c !== "npx slipway up");
  expect(others.length).toBeGreaterThan(3);
  for (const command of others) execFileSync("bash", ["-c", command.replace(/^npx slipway/, `"${process.execPath}" "${join(root, "packages/slipway/bin/slipway.mjs")}"`)], { cwd: place.folder, stdio: "pipe" });
  for (const yaml of blocks("yaml")) writeFileSync(join(place.folder, "slipway.config.yaml"), yaml);
  const { settings } = await resolveConfig(SERVE_SETTINGS, { folder: place.folder, env: {} });
  expect(settings.approvals?.["production"]).toMatchObject({ approvals: 2, groups: { business: 1 }, author: false, gate: 604_800_000 });
  const up = await startUp(place.folder);
  const keys = JSON.parse(readFileSync(join(place.folder, ".slipway", "keys.json"), "utf8")) as { keys: { name: string }[] };
  expect(keys.keys.map((k) => k.name)).toContain("Ben Okafor");
  expect((await fetch(`${up.url}/dashboard`)).status).toBe(200);
  expect(await up.stop()).toBe(0);
});
it("options that are named exist", () => {
  const options = new Set(Object.keys(SERVE_SETTINGS).map((key) => key.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)));
  const elsewhere = ["name", "role", "group", "model", "expires", "check", "tls-cert", "tls-key"];
  for (const [, option] of text.matchAll(/--([a-z][a-z-]+)/g)) if (!elsewhere.includes(option!)) expect(options).toContain(option);
});
it("pictures are there", () => {
  const pictures = [...text.matchAll(/\((images\/[^)]+)\)/g)].map((m) => m[1]!);
  expect(pictures.length).toBeGreaterThan(3);
  for (const file of pictures) expect([file, existsSync(join(root, "docs", file))]).toEqual([file, true]);
});
