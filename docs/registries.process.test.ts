// The commands of registries.md, as they stand there, with a registry of this machine in the place of the public one.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dockerRegistry, startDockerRegistry, type TestRegistry } from "../packages/slipway/src/oci/testing-registry.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = join(root, "packages", "slipway", "bin", "slipway.mjs");
const text = readFileSync(join(root, "docs", "registries.md"), "utf8");
const commands = [...text.matchAll(/^ {4}slipway (.+)$/gm)].map((m) => m[1]!);
const folder = mkdtempSync(join(tmpdir(), "slipway-docs-registries-"));
const env = { PATH: process.env["PATH"], HOME: folder, SLIPWAY_CACHE: join(folder, "cache") };
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(dockerRegistry === undefined)("the commands of registries.md", () => {
  let registry: TestRegistry;
  let digest: string;
  const slipway = (args: readonly string[]): string => {
    const done = spawnSync(process.execPath, [bin, ...args], { cwd: folder, env, encoding: "utf8", timeout: 60_000 });
    // The gate may find that the example lacks something; the command must run all the same.
    expect({ command: args.join(" "), code: done.status === 1 && args[0] === "test" ? 0 : done.status, err: done.status === 0 || args[0] === "test" ? "" : done.stderr }).toEqual({ command: args.join(" "), code: 0, err: "" });
    return done.stdout;
  };
  beforeAll(async () => {
    registry = await startDockerRegistry();
    copyFileSync(join(root, "examples", "churn", "new-customers.csv"), join(folder, "new-customers.csv"));
    mkdirSync(join(folder, "churn"));
    slipway(["pack", join(root, "examples", "churn", "churn.joblib"), "--name", "churn", "-o", "churn.slip"]);
    // What `kit unpack` writes is the package byte for byte, as packages/slipway/src/oci holds.
    copyFileSync(join(folder, "churn.slip"), join(folder, "churn", "model.slip"));
    ({ digest } = JSON.parse(slipway(["push", "churn.slip", `oci://${registry.host}/acme/churn:rc`, "--json"])) as { digest: string });
  }, 60_000);
  afterAll(() => registry.stop());

  it("are there", () => expect(commands.length).toBeGreaterThan(5));
  for (const command of commands) {
    it(command, async () => {
      const words = command.replaceAll("ghcr.io", registry.host).replaceAll("sha256:...", digest).split(" ");
      if (words[0] !== "serve") return void expect(slipway(words).length).toBeGreaterThan(20);
      const child = spawn(process.execPath, [bin, ...words, "--port", "0", "--log-level", "error"], { cwd: folder, env, stdio: ["ignore", "pipe", "inherit"] });
      let out = "";
      for await (const piece of child.stdout) {
        out += String(piece);
        if (out.includes("Ctrl-C stops")) break;
      }
      expect(out).toContain("serving churn");
      child.kill("SIGTERM");
      await once(child, "exit");
    });
  }
});
