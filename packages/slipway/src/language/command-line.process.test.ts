// The same words for the same seed as llama.cpp's own command-line tool writes (scripts/testing-llama-cli.sh builds it).

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ModelDirectory, Repository, startServer, type RunningServer } from "../server/index.ts";
import { LanguageModel, openAiProtocol } from "./index.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const tool = join(root, ".tools/llama-cli/llama-completion");
const there = existsSync(tool);
if (!there) console.warn("SKIPPED: there is no command-line tool of llama.cpp's. scripts/testing-llama-cli.sh");
const file = join(root, "corpus/language/tiny.gguf");
const LENGTH = 24;

let model: LanguageModel;
let server: RunningServer;
beforeAll(async () => {
  if (!there) return;
  model = await LanguageModel.open("tiny", file, { threads: 1, slots: 1, context: 1024, library: join(root, ".tools/language") });
  server = await startServer(new Repository(new ModelDirectory([])), { port: 0, protocols: [openAiProtocol(new Map([["tiny", model]]))] });
}, 60_000);
afterAll(async () => {
  await server?.close();
  await model?.close();
});

interface Sampling { readonly temperature: number; readonly seed: number; readonly top_p: number; readonly top_k: number; readonly min_p: number }

async function byServer(prompt: string, sampling: Sampling): Promise<string> {
  const answer = await fetch(`${server.url}/v1/completions`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ model: "tiny", prompt, max_tokens: LENGTH, ...sampling }) });
  return ((await answer.json()) as { choices: [{ text: string }] }).choices[0].text;
}

async function byTool(prompt: string, { temperature, seed, top_p, top_k, min_p }: Sampling): Promise<string> {
  const { stdout } = await promisify(execFile)(tool, [
    "-m", file, "-p", prompt, "-n", String(LENGTH), "-c", "1024", "-t", "1", "-no-cnv", "--no-display-prompt", "--no-warmup",
    "--samplers", "top_k;min_p;top_p;temperature", "--temp", String(temperature), "-s", String(seed), "--top-p", String(top_p), "--top-k", String(top_k), "--min-p", String(min_p),
  ]);
  // What it says where the model ends the text is none of the model's.
  return stdout.replace(/ \[end of text\]\n*$/, "").replace(/\n+$/, "");
}

describe.skipIf(!there)("llama.cpp's command-line tool writes what the server answers", () => {
  it("without chance", async () => {
    for (const prompt of ["hi there", "once upon a time", "{\"a\": 1,", "x"]) {
      const sampling = { temperature: 0, seed: 1, top_p: 1, top_k: 40, min_p: 0 };
      expect(await byServer(prompt, sampling), prompt).toBe(await byTool(prompt, sampling));
    }
  });
  it("by chance, with the same seed", async () => {
    const texts = new Set<string>();
    for (let seed = 1; seed <= 12; seed++) {
      const sampling = { temperature: [1, 0.7, 1.6][seed % 3]!, seed, top_p: [1, 0.9][seed % 2]!, top_k: [40, 10][seed % 2]!, min_p: seed % 4 === 0 ? 0.05 : 0 };
      const text = await byServer("hi there", sampling);
      expect(text, JSON.stringify(sampling)).toBe(await byTool("hi there", sampling));
      texts.add(text);
    }
    expect(texts.size).toBeGreaterThan(8);
  });
});
