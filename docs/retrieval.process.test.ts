// The commands of docs/retrieval.md.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = join(root, "packages", "slipway", "bin", "slipway.mjs");
const blocks = [...readFileSync(`${root}/docs/retrieval.md`, "utf8").matchAll(/```(?:sh|bash)\n([^]*?)```/g)].map(([, text]) => text!.replaceAll("\\\n", " ").trim());
const folder = mkdtempSync(join(tmpdir(), "slipway-docs-retrieval-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("the commands of docs/retrieval.md index, serve, find and change", async () => {
  const [first, search, change] = blocks as [string, string, string];
  const [index, serve] = first.split("\n").map((line) => line.replace("npx slipway ", "").replace("help.slip", join(folder, "help.slip")).split(" "));
  expect(execFileSync(process.execPath, [bin, ...index!], { cwd: root, encoding: "utf8" })).toContain("indexed 5 documents, 20 passages");
  const child = spawn(process.execPath, [bin, ...serve!.map((word) => (/^80\d\d$/.test(word) ? "0" : word)), "--log-level", "error"], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  try {
    let [out, err] = ["", ""];
    child.stderr.on("data", (piece) => (err += String(piece)));
    for await (const piece of child.stdout) if (/Ctrl-C stops/.test((out += String(piece)))) break;
    const url = /on (http:\S+)/.exec(out)![1]!;
    const [, admin, key] = /administration on (\S+) takes this key while the server runs: (\S+)/.exec(err)!;
    const curl = (command: string): { results: { id: string; text: string }[]; version: number } => JSON.parse(execFileSync("bash", ["-c", command.replace("http://127.0.0.1:8080", url).replace("http://127.0.0.1:8081", admin!).replace("KEY", key!)], { encoding: "utf8" })) as never;
    expect(curl(search).results.map((r) => r.id)).toEqual(["delivery.md#3", expect.any(String)]);
    expect(curl(change).version).toBe(1);
    expect(curl(search.replace("what does delivery cost?", "is there a strike of the post?")).results[0]).toMatchObject({ id: "strike", title: "Delivery" });
  } finally {
    child.kill("SIGTERM");
  }
});
