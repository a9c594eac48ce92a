import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { leavesOf, resolveConfig, SERVE_SETTINGS } from "./index.ts";

const folders: string[] = [];
function folder(files: Readonly<Record<string, string>>): string {
  const path = mkdtempSync(join(tmpdir(), "slipway-config-"));
  folders.push(path);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return path;
}
afterAll(() => folders.forEach((f) => rmSync(f, { recursive: true })));
const resolve = (sources: Parameters<typeof resolveConfig>[1]) => resolveConfig(SERVE_SETTINGS, sources);
const yaml = (text: string): Promise<Awaited<ReturnType<typeof resolve>>> => resolve({ folder: folder({ "slipway.config.yaml": text }) });

describe("where a setting comes from", () => {
  it("takes options over the environment over the file over defaults", async () => {
    const path = folder({ "slipway.config.yaml": "port: 1\nhost: 10.0.0.1\ndrainMs: 5\nbodyLimit: 2MB\n" });
    const { settings, given } = await resolve({ folder: path, env: { SLIPWAY_PORT: "2", SLIPWAY_HOST: "10.0.0.2" }, flags: ({ flag }) => (flag === "port" ? "3" : undefined) });
    expect([...given].sort()).toEqual(["bodyLimit", "drainMs", "host", "port"]);
    expect(settings).toMatchObject({ port: 3, host: "10.0.0.2", drainMs: 5, bodyLimit: 2 * 2 ** 20, requestTimeout: 60_000, logLevel: "info", insecure: false });
  });
  it.each([
    ["slipway.config.json", '{"port": 9}'],
    ["slipway.config.ts", "const port: number = 9;\nexport default { port };"],
    ["slipway.config.mjs", "export default () => ({ port: 9 });"],
    ["slipway.config.yml", "port: 9 # a comment"],
  ])("reads %s", async (name, text) => {
    expect((await resolve({ folder: folder({ [name]: text }) })).settings.port).toBe(9);
  });
  it("reads texts of the environment by type, and leaves what Kubernetes sets", async () => {
    const { settings } = await resolve({ env: { SLIPWAY_INSECURE: "true", SLIPWAY_ALLOW_HOST: "a.example, b.example", SLIPWAY_REQUEST_TIMEOUT: "5s", SLIPWAY_MODELS: "/models", SLIPWAY_PORT: "tcp://10.0.0.1:80" } });
    expect(settings).toMatchObject({ insecure: true, allowHost: ["a.example", "b.example"], requestTimeout: 5000, repository: "/models", port: 8080 });
  });
  it("tells of a variable that is nearly a known one", async () => {
    expect((await resolve({ env: { SLIPWAY_PROT: "1", SLIPWAY_SERVICE_HOST: "x" } })).notes).toEqual(["the variable SLIPWAY_PROT is not known and was not used; did you mean SLIPWAY_PORT?"]);
  });
  it("refuses two files", async () => {
    await expect(resolve({ folder: folder({ "slipway.config.yaml": "", "slipway.config.json": "{}" }) })).rejects.toMatchObject({ code: "config-file-ambiguous" });
  });
});

describe("what is refused", () => {
  it.each([
    ["prot: 1", "config-key-unknown", "slipway.config.yaml:1, prot", "Did you mean port?"],
    ["port: 1\nmodels:\n  churn:\n    trafic: {}", "config-key-unknown", "slipway.config.yaml:4, models.churn.trafic", "Did you mean traffic?"],
    ["models:\n  churn:\n    traffic:\n      split:\n        - version: '1'\n          weight: -1", "config-value-invalid", "slipway.config.yaml:6, models.churn.traffic.split.0.weight", undefined],
    ["models:\n  churn:\n    traffic:\n      split:\n        - version: '1'", "config-value-missing", "slipway.config.yaml:5, models.churn.traffic.split.0", "its share, as a part of all weights"],
    ["models:\n  churn:\n    cache: {ttl: 3s}", "config-value-missing", "slipway.config.yaml:3, models.churn.cache", "what the kept answers may hold"],
    ["models:\n  churn:\n    aliases: {stable: 1.10}", "config-value-invalid", "slipway.config.yaml:3, models.churn.aliases.stable", undefined],
    ["port: '8080x'", "config-value-invalid", "slipway.config.yaml:1, port", undefined],
    ["logLevel: loud", "config-value-invalid", "slipway.config.yaml:1, logLevel", undefined],
    ["port: [1", "config-file-unreadable", "slipway.config.yaml:1", undefined],
    ["port: 1\nport: 2", "config-file-unreadable", "slipway.config.yaml:2", undefined],
    ["- 1", "config-value-invalid", "slipway.config.yaml", undefined],
    ["__proto__: {port: 1}", "config-key-unknown", "slipway.config.yaml:1, __proto__", undefined],
  ])("%j is %s at %s", async (text, code, where, hint) => {
    await expect(yaml(text)).rejects.toMatchObject({ code, where, ...(hint === undefined ? {} : { hint }) });
  });
  it("names the variable and the option", async () => {
    await expect(resolve({ env: { SLIPWAY_PORT: "x" } })).rejects.toMatchObject({ code: "config-value-invalid", where: "SLIPWAY_PORT", message: 'SLIPWAY_PORT: expected a whole number from 0 to 65535, found "x"' });
    await expect(resolve({ flags: ({ flag }) => (flag === "port" ? "70000" : undefined) })).rejects.toMatchObject({ code: "config-value-invalid", where: "--port" });
  });
  it("bounds aliases in YAML", async () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 8 }, (_, i) => `${"bcdefghi"[i]}: &${"bcdefghi"[i]} [${Array(10).fill(`*${"abcdefgh"[i]}`).join(",")}]`).join("\n")}`;
    await expect(yaml(bomb)).rejects.toMatchObject({ code: "config-file-unreadable" });
  });
  it("says what fails in a module", async () => {
    await expect(resolve({ folder: folder({ "slipway.config.mjs": "throw new Error('no secret')" }) })).rejects.toMatchObject({ code: "config-file-unreadable", message: expect.stringContaining("no secret") });
    await expect(resolve({ file: "/nowhere/x.yaml" })).rejects.toMatchObject({ code: "config-file-unreadable" });
  });
});

it("no two settings share an option, and every one has help", () => {
  const leaves = leavesOf(SERVE_SETTINGS);
  expect(new Set(leaves.map((l) => l.flag)).size).toBe(leaves.length);
  for (const { spec } of leaves) expect(spec.help.length).toBeGreaterThan(5);
});
