import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

it("shows escape sequences from a file instead of sending them to the terminal", () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-output-"));
  try {
    const file = join(folder, "model.pkl");
    // An object of the class "__main__.A<ESC>[2J<CR>", without state.
    writeFileSync(file, Buffer.from("c__main__\nA\x1b[2J\r\n)\x81}b.", "latin1"));
    const bin = fileURLToPath(new URL("../../bin/slipway.mjs", import.meta.url));
    for (const command of [["inspect", file, "--names"], ["predict", file, "-"]]) {
      const done = spawnSync(process.execPath, [bin, ...command], { input: "[]", encoding: "utf8" });
      expect(done.stdout + done.stderr).toContain("A\\u001b[2J");
      expect(done.stdout + done.stderr).not.toMatch(/[\x1b\r]/);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
