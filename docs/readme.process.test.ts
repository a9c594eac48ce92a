// The README, run as a newcomer would: every command of its code blocks, the curl line, and the program.

import { execFile, spawn, type ChildProcess } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const run = promisify(execFile);
const root = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(join(root, "README.md"), "utf8");
const blocks = [...readme.matchAll(/```(\w+)\n([^]*?)```/g)].map(([, language, text]) => ({ language: language!, text: text! }));
const bin = join(root, "packages", "slipway", "bin", "slipway.mjs");

// Inside the checkout, so that `import "slipway"` finds the workspace.
mkdirSync(join(root, ".slipway"), { recursive: true });
const folder = mkdtempSync(join(root, ".slipway", "readme-"));
const children: ChildProcess[] = [];

beforeAll(() => cpSync(join(root, "examples"), join(folder, "examples"), { recursive: true }));
afterAll(() => {
  for (const child of children) child.kill("SIGTERM");
  rmSync(folder, { recursive: true, force: true });
});

/** Starts a process and waits for a line that matches. */
async function startUntil(args: readonly string[], pattern: RegExp, cwd: string): Promise<string> {
  const child = spawn(process.execPath, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  let text = "";
  let errors = "";
  child.stderr.on("data", (piece) => (errors += String(piece)));
  for await (const piece of child.stdout) {
    text += String(piece);
    if (pattern.test(text)) return text;
  }
  throw new Error(`ended without ${String(pattern)}:\n${text}\n${errors}`);
}

const commands = blocks.filter((b) => b.language === "sh").flatMap((b) => b.text.replaceAll("\\\n", "").split("\n")).filter((line) => line.trim() !== "");

describe("the commands of the README", () => {
  for (const command of commands.filter((c) => c.startsWith("npx slipway"))) {
    it(command, async () => {
      const words = command.replace(/^npx slipway /, "").split(" ");
      if (words[0] === "serve") {
        const out = await startUntil([bin, ...words.slice(0, words.indexOf("--port")), "--port", "0", "--log-level", "error"], /Ctrl-C stops/, folder);
        const url = /on (http:\S+)/.exec(out)![1]!;
        await asksWithCurl(out);
        await asksWithCurl(commands.find((c) => c.startsWith("curl"))!.replaceAll("http://127.0.0.1:8080", url));
        return;
      }
      const { stdout } = await run(process.execPath, [bin, ...words], { cwd: folder, maxBuffer: 2 ** 26 });
      expect(stdout.length).toBeGreaterThan(20);
      if (words.includes("--json")) expect(JSON.parse(stdout)).toBeTruthy();
    });
  }
  it("are all of a kind that this test runs", () => {
    expect(commands.filter((c) => !/^(npx slipway|curl|npm start$|npm test$)/.test(c))).toEqual([]);
  });
});

async function asksWithCurl(text: string): Promise<void> {
  const line = /curl -s .*/.exec(text)![0];
  const { stdout } = await run("sh", ["-c", line]);
  expect((JSON.parse(stdout) as { predictions: { label: string }[] }).predictions[0]?.label).toMatch(/^(stays|leaves)$/);
}

it("npm start packs, serves, and prints a curl line that works", async () => {
  const out = await startUntil([join(root, "scripts", "start.mjs"), "--port", "0"], /Ctrl-C stops/, root);
  expect(out).toContain("every label equal");
  await asksWithCurl(out);
}, 120_000);

it("the program of the README runs", async () => {
  const program = blocks.find((b) => b.language === "ts")!.text;
  writeFileSync(join(folder, "program.ts"), program);
  const { stdout } = await run(process.execPath, [bin, "pack", "examples/churn/churn.joblib", "-o", "churn.slip"], { cwd: folder });
  expect(stdout).toContain("packed");
  const done = await run(process.execPath, ["--conditions=@slipway/source", "--disable-warning=ExperimentalWarning", "program.ts"], { cwd: folder });
  expect(done.stdout).toMatch(/stays|leaves/);
});

it("the answer shown is what the model answers", async () => {
  const shown = JSON.parse(blocks.find((b) => b.language === "json")!.text) as { predictions: { label: string; probabilities: Record<string, number> }[] };
  const body = /-d '(\{.*?\})'/.exec(readme)![1]!;
  writeFileSync(join(folder, "row.json"), `[${body}]`);
  const { stdout } = await run(process.execPath, [bin, "predict", "examples/churn/churn.joblib", "row.json", "--json"], { cwd: folder });
  const [row] = JSON.parse(stdout) as [{ label: string; probabilities: Record<string, number> }];
  expect(shown.predictions[0]!.label).toBe(row.label);
  expect(shown.predictions[0]!.probabilities["leaves"]).toBeCloseTo(row.probabilities["leaves"]!, 6);
});
