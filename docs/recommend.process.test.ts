// The commands of docs/recommend.md, from the package to a change of the catalogue.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = join(root, "packages", "slipway", "bin", "slipway.mjs");
const blocks = [...readFileSync(`${root}/docs/recommend.md`, "utf8").matchAll(/```(sh|bash)\n([^]*?)```/g)].map(([, , text]) => text!.replaceAll("\\\n", " ").trim());
const folder = mkdtempSync(join(tmpdir(), "slipway-docs-recommend-"));
const fixtures = join(root, "packages", "slipway", "src", "runtime", "recommend", "fixtures");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const slipway = (...args: string[]): string => execFileSync(process.execPath, [bin, ...args], { cwd: root, encoding: "utf8" });

it("the commands of docs/recommend.md pack, serve, ask, change the catalogue and score in batch", async () => {
  const [first, ask, batch, change] = [blocks[0]!, blocks[1]!, blocks[2]!, blocks[3]!];
  const [pack, serve] = first.split("\n").map((line) => line.replace("npx slipway ", "").split(" "));
  const slip = join(folder, "shop.slip");
  expect(slipway(...pack!.map((word) => (word === "shop.slip" ? slip : word)))).toContain("items      8 texts");
  const words = serve!.map((word) => ({ "shop.slip": slip, "8080": "0", "8081": "0", "catalogues.db": join(folder, "catalogues.db") })[word] ?? word);
  const child = spawn(process.execPath, [bin, ...words, "--log-level", "error"], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  try {
    let [out, err] = ["", ""];
    child.stderr.on("data", (piece) => (err += String(piece)));
    for await (const piece of child.stdout) if (/Ctrl-C stops/.test((out += String(piece)))) break;
    const url = /on (http:\S+)/.exec(out)![1]!;
    const [, admin, key] = /administration on (\S+) takes this key while the server runs: (\S+)/.exec(err)!;
    const curl = (command: string): { items: { id: string }[]; catalogue: { version: number }; version: number; kept: boolean; cold: boolean } => JSON.parse(execFileSync("bash", ["-c", command.replace("http://127.0.0.1:8080", url).replace("http://127.0.0.1:8081", admin!).replace("KEY", key!)], { encoding: "utf8" })) as never;
    expect(curl(ask)).toMatchObject({ items: [{}, {}, {}], cold: false, catalogue: { version: 0 } });
    expect(curl(ask).items.map((i) => i.id)).toContain("bed-linen");
    expect(curl(change)).toMatchObject({ version: 1, kept: true });
    expect(curl(ask).items.map((i) => i.id)).not.toContain("bed-linen");
    expect(curl(ask.replace(/'\{"items.*/, "'{}'")).items.map((i) => i.id)).toEqual(["duvet", "mirror"]);
  } finally {
    child.kill("SIGTERM");
  }
  writeFileSync(join(folder, "seen.csv"), "text\n\"duvet pillow\"\nhammock\n");
  const tonight = join(folder, "tonight.csv");
  slipway(...blocks[4]!.replace(/^slipway /, "").split(" ").map((word) => ({ "shop.slip": slip, "seen.csv": join(folder, "seen.csv"), "tonight.csv": tonight, "catalogues.db": join(folder, "catalogues.db") })[word] ?? word));
  const nights = readFileSync(tonight, "utf8");
  expect(nights.split("\n").length).toBe(4);
  expect(nights).not.toMatch(/bed-linen|milk-jug/);
  const als = join(folder, "als.slip");
  const scored = join(folder, "recommended.jsonl");
  slipway("pack", join(fixtures, "als.pkl"), "--recommend", "--cold-start", "refused", "-o", als);
  execFileSync("bash", ["-c", `for u in $(seq 0 29); do echo "{\\"user\\": $u, \\"exclude\\": \\"1 2\\"}"; done > ${folder}/users.jsonl`]);
  slipway(...batch.replace(/^slipway /, "").split(" ").map((word) => ({ "als.slip": als, "users.csv": join(folder, "users.jsonl"), "recommended.parquet": scored })[word] ?? word));
  const rows = readFileSync(scored, "utf8").trim().split("\n").map((line) => Object.entries(JSON.parse(line) as object).filter(([name]) => name.startsWith("items.")).map(([, id]) => id as string));
  expect(rows).toHaveLength(30);
  for (const items of rows) expect([items.length, items.includes("1")]).toEqual([10, false]);
});
