// The commands of docs/pictures.md, run as they stand there.

import { execFile, spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const blocks = [...readFileSync(`${root}/docs/pictures.md`, "utf8").matchAll(/```bash\n([^]*?)```/g)].map(([, text]) => text!.trim().split("\n"));
const scratch = mkdtempSync(join(tmpdir(), "slipway-pictures-"));
const bin = `${root}/packages/slipway/bin/slipway.mjs`;
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const bash = (line: string): Promise<{ stdout: string }> => promisify(execFile)("bash", ["-c", line], { cwd: root });
const here = (line: string): string => line.replaceAll(/(?<![\w/])(\w+\.slip|found\.csv|masks$)(?!\w)/g, `${scratch}/$1`).replace(/^slipway/, `${process.execPath} ${bin}`);

describe("the commands of docs/pictures.md", () => {
  it.each(blocks.map((lines) => [lines[0]!, lines] as const))("%s ...", async (_, lines) => {
    let server: ChildProcess | undefined;
    let url = "";
    try {
      for (const line of lines) {
        if (line.startsWith("slipway serve")) {
          server = spawn("bash", ["-c", `exec ${here(line).replace(/--port \d+/, "--port 0 --log-level error")}`], { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
          let text = "";
          for await (const piece of server.stdout!) if ((text += String(piece)).includes("Ctrl-C stops")) break;
          url = /on (http:\S+)/.exec(text)![1]!;
        } else {
          const { stdout } = await bash(here(line).replace(/http:\/\/127\.0\.0\.1:8080/, url).replace("curl -s", "curl -sf"));
          if (line.startsWith("curl")) expect(Object.keys((JSON.parse(stdout) as { predictions: object[] }).predictions[0]!).length).toBeGreaterThan(0);
        }
      }
    } finally {
      server?.kill("SIGTERM");
    }
  });
});
