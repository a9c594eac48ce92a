// docs/devices.md, run as it stands: every command of its code blocks, in order.

import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = join(root, "packages", "slipway", "bin", "slipway.mjs");
const commands = [...readFileSync(join(root, "docs", "devices.md"), "utf8").matchAll(/```sh\n([^]*?)```/g)].flatMap(([, text]) => text!.trim().split("\n"));
const folder = mkdtempSync(join(tmpdir(), "slipway-docs-devices-"));
const run = (line: string): string => execFileSync("bash", ["-c", line.replace(/^npx slipway /, `"${process.execPath}" ${bin} `).replace(/^node /, `"${process.execPath}" `)], { cwd: folder, encoding: "utf8", stdio: ["pipe", "pipe", "pipe"] });

beforeAll(() => {
  cpSync(join(root, "examples"), join(folder, "examples"), { recursive: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("the commands of docs/devices.md", () => {
  it.each(commands)("%s", (line) => {
    run(line);
    const target = / -o (\S+)/.exec(line)?.[1];
    if (target === "device") expect(readdirSync(join(folder, target)).sort()).toEqual(["churn.slip", "device.json", "device.mjs", "edge.json", "slipway-churn.service"]);
    if (target === "updates") expect(existsSync(join(folder, target, "release.json"))).toBe(true);
  });
  it("publish releases whose numbers grow", () => {
    const { release } = JSON.parse(run("npx slipway edge churn-2.slip -o updates --target release --sign .slipway/signing.key --json")) as { release: number };
    expect(release).toBe(4);
    expect(() => run("npx slipway edge churn-2.slip -o updates --target release --sign .slipway/signing.key --release 3")).toThrow("[edge-release]");
  });
});
