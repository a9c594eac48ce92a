import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { VERSION } from "./version.ts";

it.each(["core", "slipway"])("is the version of packages/%s", (name) => {
  const manifest = JSON.parse(readFileSync(new URL(`../../../${name}/package.json`, import.meta.url), "utf8")) as { version: string };
  expect(manifest.version).toBe(VERSION);
});
