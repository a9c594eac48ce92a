import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const bin = fileURLToPath(new URL("../../bin/slipway.mjs", import.meta.url));
const example = fileURLToPath(new URL("../../../../examples/churn/churn.joblib", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "slipway-keys-"));

async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(process.execPath, [bin, ...args], { cwd: folder });
  let [out, err] = ["", ""];
  child.stdout.on("data", (d: Buffer) => (out += d.toString()));
  child.stderr.on("data", (d: Buffer) => (err += d.toString()));
  const [code] = await once(child, "close") as [number];
  return { code, out: out.trim(), err };
}

it("shows a line that works where callers need a key", async () => {
  const { out: key } = await run("keys", "create", "--keys", "line.json");
  const server = spawn(process.execPath, [bin, "serve", example, "--port", "0", "--keys", "line.json", "--log-level", "error"], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  try {
    let text = "";
    for await (const piece of server.stdout) {
      text += String(piece);
      if (text.includes("Ctrl-C")) break;
    }
    const line = /ask it +(curl .*)/.exec(text)![1]!;
    const body = JSON.parse(/-d '(.*)'$/.exec(line)![1]!) as unknown;
    const [, name, value] = /-H "([^:]+): ([^"]+)"/.exec(line)!;
    const ask = async (shown: string): Promise<number> => (await fetch(/http:\S+/.exec(line)![0], { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json", [name!]: shown } })).status;
    expect(await ask(value!.replace("$SLIPWAY_API_KEY", key))).toBe(200);
    expect(await ask(value!)).toBe(401);
  } finally {
    server.kill("SIGINT");
    await once(server, "exit");
  }
});

it("makes, lists and revokes keys, which a running server minds", async () => {
  const made = await run("keys", "create", "--role", "predictor", "--expires", "90d", "--name", "webshop");
  expect(made.code).toBe(0);
  expect(made.out).toMatch(/^slip_[a-z0-9]{12}_[\w-]{43}$/);
  const [, id] = made.out.split("_");
  expect((await run("keys", "list")).out).toMatch(new RegExp(`^${id}  valid .*predictor .*every model .*webshop$`));
  expect((await run("keys", "list", "--json")).out).not.toContain("sha256");

  const server = spawn(process.execPath, [bin, "serve", example, "--port", "0", "--json", "--keys", ".slipway/keys.json", "--host", "0.0.0.0", "--log-level", "error"], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  for await (const piece of server.stdout) {
    text += String(piece);
    if (/"url":\s*"[^"]+"/.test(text)) break;
  }
  const url = /"url":\s*"([^"]+)"/.exec(text)![1]!;
  const ask = async (key?: string): Promise<number> => (await fetch(`${url}/models`, { headers: key === undefined ? {} : { "x-api-key": key } })).status;
  try {
    expect([await ask(), await ask("slip_wrong"), await ask(made.out)]).toEqual([401, 401, 200]);
    expect((await run("keys", "revoke", id!)).code).toBe(0);
    for (let i = 0; i < 40 && (await ask(made.out)) === 200; i++) await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await ask(made.out)).toBe(401);
  } finally {
    server.kill("SIGINT");
    await once(server, "exit");
  }
  expect((await run("keys", "revoke", "abcdefabcdef"))).toMatchObject({ code: 2 });
  expect((await run("keys", "create", "--role", "king")).err).toContain("there is no role");
  expect((await run("keys", "create", "--expires", "soon")).err).toContain("--expires");
});
