// The commands of container-image.md, as they stand there, with a registry of this machine in the place of the public one
// and this machine's libraries as the base.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dockerRegistry, startDockerRegistry, type TestRegistry } from "../packages/slipway/src/oci/testing-registry.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = join(root, "packages", "slipway", "bin", "slipway.mjs");
const commands = [...readFileSync(join(root, "docs", "container-image.md"), "utf8").matchAll(/^ {4}slipway (.+)$/gm)].map((m) => m[1]!);
const folder = mkdtempSync(join(tmpdir(), "slipway-docs-image-"));
const env = { ...process.env, HOME: folder, SLIPWAY_IMAGE_BASE: "host", SLIPWAY_CACHE: join(tmpdir(), "slipway-test-cache") };
afterAll(() => rmSync(folder, { recursive: true, force: true }), 120_000);

describe.skipIf(dockerRegistry === undefined)("the commands of container-image.md", () => {
  let registry: TestRegistry;
  const slipway = (args: readonly string[]): string => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], { cwd: folder, env, encoding: "utf8", timeout: 60_000 });
    expect({ command: args.join(" "), status, stderr }).toEqual({ command: args.join(" "), status: 0, stderr: "" });
    return stdout;
  };
  beforeAll(async () => {
    registry = await startDockerRegistry();
    slipway(["pack", join(root, "examples", "churn", "churn.joblib"), "--name", "churn", "--check", join(root, "examples", "churn", "check.csv"), "--version", "1.0.0", "-o", "churn.slip"]);
  }, 120_000);
  afterAll(() => registry.stop());

  it("are there", () => expect(commands.length).toBeGreaterThan(4));
  for (const command of commands) it(command, () => expect(slipway(command.replaceAll("ghcr.io", registry.host).split(" "))).toContain("Slipway"));
});
