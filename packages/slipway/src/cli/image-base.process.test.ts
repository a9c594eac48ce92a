import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const image = (env: Record<string, string>, ...args: string[]): string =>
  spawnSync(process.execPath, [`${root}packages/slipway/bin/slipway.mjs`, "image", `${root}examples/churn/churn.joblib`, "-o", "never-written.tar", ...args], { encoding: "utf8", env: { ...process.env, ...env } }).stderr;

// RFC 2606: no host is called so.
it("names other bases where the default one cannot be reached, and only there", () => {
  expect(image({ SLIPWAY_IMAGE_BASE: "oci://slipway.invalid/base:1" })).toMatch(/slipway\.invalid cannot be reached.*\[oci-unavailable\]\n {2}what to do: --base host/);
  expect(image({}, "--base", "oci://slipway.invalid/base:1")).toMatch(/\[oci-unavailable\]\n {2}what to do: Check the host/);
}, 60_000);
