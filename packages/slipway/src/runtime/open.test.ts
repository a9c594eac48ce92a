import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { readModelBytes } from "./index.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-open-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function hint(...files: string[]): Promise<string | undefined> {
  const at = mkdtempSync(join(folder, "f"));
  for (const file of files) {
    mkdirSync(join(at, file, ".."), { recursive: true });
    writeFileSync(join(at, file), "x");
  }
  const error = await readModelBytes(at).then(() => undefined, (e: unknown) => e) as { code: string; hint?: string };
  expect(error.code).toBe("file-not-found");
  return error.hint?.replaceAll(at, "DIR");
}

it("says of a folder that is no model which of its files to pass", async () => {
  expect(await hint("model.pkl", "notes.md", "case.json")).toBe('Pass the model file in it: "DIR/case.json" or "DIR/model.pkl".');
  expect(await hint("notes.md")).toBe("Pass the model file itself.");
  expect(await hint("predict.py", "model.pkl")).toContain("--engine python");
  expect(await hint("model/model.py")).toContain("--engine python");
});
