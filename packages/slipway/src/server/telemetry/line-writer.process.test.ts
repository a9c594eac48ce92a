import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { LineWriter } from "./line-writer.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-lines-"));
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 150));

describe("lines", () => {
  it("arrive whole and in order", async () => {
    const path = join(folder, "a.log");
    const fd = openSync(path, "w");
    const writer = new LineWriter(fd);
    for (let i = 0; i < 20_000; i++) writer.write(`line ${i}\n`);
    writer.flush();
    for (let i = 0; i < 40 && readFileSync(path, "utf8").split("\n").length <= 20_000; i++) await settled();
    expect(readFileSync(path, "utf8")).toBe(Array.from({ length: 20_000 }, (_, i) => `line ${i}\n`).join(""));
    closeSync(fd);
  });
  it("are lost and counted on a full disk, and nothing else happens", async () => {
    const fd = openSync("/dev/full", "w");
    const writer = new LineWriter(fd);
    for (let i = 0; i < 10; i++) writer.write("x\n");
    writer.flush();
    await settled();
    expect(writer.lost).toBe(10);
    closeSync(fd);
  });
  it("are written when the process ends, also to a pipe", async () => {
    const source = fileURLToPath(new URL("./line-writer.ts", import.meta.url));
    const child = spawn(process.execPath, ["--input-type=module", "-e", `import { LineWriter } from ${JSON.stringify(source)}; const w = new LineWriter(2); for (let i = 0; i < 500; i++) w.write("line " + i + "\\n"); process.exit(0);`], { stdio: ["ignore", "ignore", "pipe"] });
    let text = "";
    child.stderr.on("data", (d: Buffer) => (text += d.toString()));
    await once(child, "close");
    expect(text.split("\n").length).toBe(501);
  });
  it("do not hold up a process whose reader does not read", async () => {
    const source = fileURLToPath(new URL("./line-writer.ts", import.meta.url));
    const child = spawn(process.execPath, ["--input-type=module", "-e", `import { LineWriter } from ${JSON.stringify(source)}; const w = new LineWriter(2); const line = "x".repeat(1000) + "\\n"; for (let i = 0; i < 30000; i++) w.write(line); setTimeout(() => { process.stdout.write("alive " + (w.lost > 0)); process.kill(process.pid, "SIGKILL"); }, 300);`], { stdio: ["ignore", "pipe", "pipe"] });
    child.stderr.pause();
    let out = "";
    child.stdout.on("data", (d: Buffer) => (out += d.toString()));
    await once(child, "exit");
    expect(out).toBe("alive true");
  });
});
