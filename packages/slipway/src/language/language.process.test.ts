/* oxlint-disable typescript/no-explicit-any -- answers and clients of others, as JavaScript has them */
// A tiny language model in the real engine, behind the real server; asked by clients that other people wrote.

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ModelDirectory, Repository, startServer, type RunningServer } from "../server/index.ts";
import { Guards, LanguageModel, languageFamilies, lookThrough, openAiProtocol } from "./index.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const folder = join(root, ".tools", "language");
const there = existsSync(join(folder, "node_modules", "node-llama-cpp"));
if (!there) console.warn("SKIPPED: there is no engine of language models. scripts/testing-language.sh");
const require = createRequire(join(folder, "package.json"));
const client = async (name: string): Promise<Record<string, never>> => (await import(pathToFileURL(require.resolve(name)).href)) as Record<string, never>;

const file = join(root, "corpus/language/tiny.gguf");
let model: LanguageModel;
let server: RunningServer;
const lines: string[] = [];
beforeAll(async () => {
  if (!there) return;
  model = await LanguageModel.open("tiny", file, { threads: 1, slots: 2, context: 1024, library: folder });
  server = await startServer(new Repository(new ModelDirectory([])), { port: 0, protocols: [openAiProtocol(new Map([["tiny", model]]))], families: [languageFamilies([model])], log: { level: "info", write: (line) => lines.push(line) } });
}, 60_000);
afterAll(async () => {
  await server?.close();
  await model?.close();
});

const ask = async (path: string, body: object): Promise<{ readonly status: number; readonly json: any }> => {
  const answer = await fetch(`${server.url}${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ model: "tiny", ...body }) });
  return { status: answer.status, json: await answer.json() };
};
const hi = [{ role: "user", content: "hi" }];
const chat = (body: object): ReturnType<typeof ask> => ask("/v1/chat/completions", { messages: hi, max_tokens: 20, temperature: 0, ...body });
/** Written for as long as it may be. */
const long = { type: "json_schema", json_schema: { name: "long", schema: { type: "array", items: { type: "boolean" }, minItems: 400 } } };
const weather = { type: "function", function: { name: "weather", description: "of a city", parameters: { type: "object", properties: { city: { enum: ["Paris", "Rome"] } }, required: ["city"] } } };

describe.skipIf(!there)("a chat", () => {
  it("gives the same words for the same question, whole and as a stream", async () => {
    const { json } = await chat({});
    expect(json).toMatchObject({ object: "chat.completion", model: "tiny", choices: [{ index: 0, finish_reason: "length", message: { role: "assistant" } }], usage: { prompt_tokens: 25, completion_tokens: 20, total_tokens: 45 } });
    const text = json.choices[0].message.content as string;
    expect(text.length).toBe(20);
    expect((await chat({})).json.choices[0].message.content).toBe(text);
    const answer = await fetch(`${server.url}/v1/chat/completions`, { method: "POST", body: JSON.stringify({ model: "tiny", messages: hi, max_tokens: 20, temperature: 0, stream: true, stream_options: { include_usage: true } }) });
    expect(answer.headers.get("content-type")).toContain("text/event-stream");
    const events = (await answer.text()).trim().split("\n\n").map((e) => e.slice("data: ".length));
    expect(events.pop()).toBe("[DONE]");
    const parsed = events.map((e) => JSON.parse(e) as any);
    expect(parsed.map((e) => e.choices[0]?.delta.content ?? "").join("")).toBe(text);
    expect(parsed.at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: 20 } });
  });
  it("draws by its seed, and ends where a text to stop at comes, which is not in the answer", async () => {
    const [a, b, c] = await Promise.all([3, 3, 4].map(async (seed) => (await chat({ temperature: 1, seed })).json.choices[0].message.content as string));
    expect(a).toBe(b);
    expect(a).not.toBe(c);
    const whole = (await chat({})).json.choices[0].message.content as string;
    const stopped = (await chat({ stop: whole.slice(5, 8) })).json;
    expect(stopped.choices[0]).toMatchObject({ finish_reason: "stop", message: { content: whole.slice(0, whole.indexOf(whole.slice(5, 8))) } });
  });
  it("tells how likely each token was", async () => {
    const { json } = await chat({ max_tokens: 3, logprobs: true, top_logprobs: 4 });
    const { content } = json.choices[0].logprobs;
    expect(content.length).toBe(3);
    for (const t of content) {
      expect(t.top_logprobs.length).toBe(4);
      expect(t.logprob).toBe(t.top_logprobs[0].logprob);
    }
  });
  it("writes JSON of a schema, and the call that it must make", async () => {
    const schema = { type: "object", properties: { city: { enum: ["Paris", "Rome"] }, warm: { type: "boolean" } }, required: ["city", "warm"], additionalProperties: false };
    const { json } = await chat({ max_tokens: 200, response_format: { type: "json_schema", json_schema: { name: "w", schema } } });
    expect(Object.keys(JSON.parse(json.choices[0].message.content as string) as object)).toEqual(["city", "warm"]);
    const called = (await chat({ max_tokens: 200, tools: [weather], tool_choice: { type: "function", function: { name: "weather" } } })).json.choices[0];
    expect(called).toMatchObject({ finish_reason: "tool_calls", message: { content: null, tool_calls: [{ type: "function", function: { name: "weather" } }] } });
    expect(["Paris", "Rome"]).toContain((JSON.parse(called.message.tool_calls[0].function.arguments as string) as { city: string }).city);
    // The conversation goes on with what the tool said.
    const answered = await chat({ tools: [weather], messages: [...hi, called.message, { role: "tool", tool_call_id: called.message.tool_calls[0].id, content: "12 degrees" }] });
    expect(answered.status).toBe(200);
  });
  it("with a prompt longer than its context is refused by what clients know it by", async () => {
    expect(await chat({ messages: [{ role: "user", content: "x".repeat(2000) }] })).toMatchObject({ status: 400, json: { error: { code: "context_length_exceeded", type: "invalid_request_error" } } });
    expect(await chat({ max_tokens: 1020 })).toMatchObject({ status: 400, json: { error: { code: "context_length_exceeded" } } });
  });
  it("names the field that is wrong, and what is not done", async () => {
    for (const [body, param] of [[{ messages: [] }, "messages"], [{ messages: [{ role: "king", content: "x" }] }, "messages[0].role"], [{ temperature: 3 }, "temperature"], [{ n: 0 }, "n"], [{ messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "x" } }] }] }, "messages[0].content[0].type"], [{ tool_choice: "required" }, "tool_choice"], [{ logit_bias: { a: 1 } }, "logit_bias.a"]] as const) {
      expect(await chat(body), param).toMatchObject({ status: 400, json: { error: { param, type: "invalid_request_error" } } });
    }
    expect(await ask("/v1/chat/completions", { model: "gpt", messages: hi })).toMatchObject({ status: 404, json: { error: { code: "model_not_found" } } });
  });
  it("that its caller leaves is written no further, and its slot is free again", async () => {
    for (let i = 0; i < 4; i++) {
      const stop = new AbortController();
      const answer = await fetch(`${server.url}/v1/chat/completions`, { method: "POST", body: JSON.stringify({ model: "tiny", messages: hi, max_tokens: 900, seed: i, response_format: long, stream: true }), signal: stop.signal });
      await answer.body!.getReader().read();
      stop.abort();
    }
    expect((await chat({})).status).toBe(200);
    await expect.poll(() => model.busy).toBe(0);
  });
  it("is not in the log", async () => {
    await chat({ messages: [{ role: "user", content: "a secret that nobody logs" }] });
    expect(lines.join("\n")).not.toContain("secret");
  });
});

describe.skipIf(!there)("a language model", () => {
  it("goes on with texts, and says how they are alike", async () => {
    const { json } = await ask("/v1/completions", { prompt: ["a", "b"], n: 2, max_tokens: 4, seed: 5, echo: true });
    expect(json.choices.map((c: { text: string }) => c.text[0])).toEqual(["a", "a", "b", "b"]);
    expect(json.usage.completion_tokens).toBeGreaterThan(8);
    expect(json.usage.completion_tokens).toBeLessThanOrEqual(16);
    const plain = (await ask("/v1/embeddings", { input: ["a cat", "a cat", "rain"] })).json;
    const bytes = (await ask("/v1/embeddings", { input: "a cat", encoding_format: "base64" })).json;
    expect(plain.data.map((d: { embedding: number[] }) => d.embedding.length)).toEqual([64, 64, 64]);
    expect(plain.data[0].embedding).toEqual(plain.data[1].embedding);
    expect([...new Float32Array(Uint8Array.from(Buffer.from(bytes.data[0].embedding as string, "base64")).buffer)]).toEqual(Array.from(Float32Array.from(plain.data[0].embedding as number[])));
  });
  it("keeps the rules of its guards, and each client's tokens of the day", async () => {
    const whole = (await chat({})).json.choices[0].message.content as string;
    const guards = new Guards([{ name: "secrets", on: "both", words: ["Passwort"], message: "no secrets" }, { name: "sign", on: "answer", pattern: `\\u{${whole.codePointAt(4)!.toString(16)}}` }]);
    const guarded = await startServer(new Repository(new ModelDirectory([])), { port: 0, protocols: [openAiProtocol(new Map([["tiny", model]]), guards)], limits: { tokensPerDay: 100 } });
    const say = async (content: string): Promise<{ status: number; json: any }> => {
      const answer = await fetch(`${guarded.url}/v1/chat/completions`, { method: "POST", body: JSON.stringify({ model: "tiny", messages: [{ role: "user", content }], max_tokens: 20, temperature: 0 }) });
      return { status: answer.status, json: await answer.json() };
    };
    try {
      expect(await say("Mein PASSWORT?")).toMatchObject({ status: 400, json: { error: { code: "content_filter", message: "no secrets" } } });
      expect(await (await fetch(`${guarded.url}/metrics`)).text()).toMatch(/slipway_guard_refused_total\{model="tiny",rule="secrets"\} 1\n[^]*rule="sign"\} 0/);
      const { json } = await say("hi");
      expect(json.choices[0]).toMatchObject({ finish_reason: "content_filter", message: { content: whole.slice(0, whole.indexOf(whole[4]!)) } });
      const statuses = [];
      for (let i = 0; i < 6; i++) statuses.push((await say("hi")).status);
      expect(statuses.slice(0, 1)).toEqual([200]);
      expect(statuses.at(-1)).toBe(429);
    } finally {
      await guarded.close();
    }
  });
  it("is listed, and counted", async () => {
    expect(await (await fetch(`${server.url}/v1/models`)).json()).toMatchObject({ object: "list", data: [{ id: "tiny", object: "model", context_length: 1024 }] });
    expect(await (await fetch(`${server.url}/v1/models/tiny`)).json()).toMatchObject({ id: "tiny" });
    expect(await (await fetch(`${server.url}/metrics`)).text()).toMatch(/slipway_language_completion_tokens_total\{model="tiny"\} \d\d/);
  });
  it("whose process is killed loses what it wrote, and is back", async () => {
    const asked = chat({ max_tokens: 900, response_format: long });
    await expect.poll(() => model.busy).toBe(1);
    process.kill(model.pid!, "SIGKILL");
    expect(await asked).toMatchObject({ status: 503, json: { error: { code: "language-lost" } } });
    await expect.poll(async () => (await chat({})).status, { timeout: 20_000 }).toBe(200);
  });
  it("is not read where its head cannot be", async () => {
    await expect(lookThrough(join(root, "README.md"))).rejects.toMatchObject({ code: "gguf-malformed" });
    expect((await lookThrough(file)).metadata.get("general.name")).toBe("tiny");
    await expect(LanguageModel.open("no", join(root, "corpus/language/../makers/tiny_gguf.py"), { library: folder })).rejects.toMatchObject({ code: "language-load-failed" });
  });
});

describe.skipIf(!there)("clients of others", () => {
  it("openai's, streams and tools included", async () => {
    const { default: OpenAI } = (await client("openai")) as any;
    const openai = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none" });
    const answer = await openai.chat.completions.create({ model: "tiny", messages: hi, max_tokens: 10, temperature: 0 });
    let text = "";
    for await (const part of await openai.chat.completions.create({ model: "tiny", messages: hi, max_tokens: 10, temperature: 0, stream: true })) text += part.choices[0]?.delta.content ?? "";
    expect(text).toBe(answer.choices[0].message.content);
    const called = await openai.chat.completions.create({ model: "tiny", messages: hi, max_tokens: 200, tools: [weather], tool_choice: "required" });
    expect(called.choices[0].message.tool_calls[0].function.name).toBe("weather");
    expect((await openai.embeddings.create({ model: "tiny", input: "a cat" })).data[0].embedding.length).toBe(64);
    expect((await openai.models.list()).data[0].id).toBe("tiny");
    await expect(openai.chat.completions.create({ model: "tiny", messages: hi, max_tokens: 5000 })).rejects.toMatchObject({ status: 400, code: "context_length_exceeded" });
  });
  it("the Vercel AI SDK and LangChain", async () => {
    const { createOpenAICompatible } = (await client("@ai-sdk/openai-compatible")) as any;
    const { generateText, streamText } = (await client("ai")) as any;
    const tiny = createOpenAICompatible({ name: "slipway", baseURL: `${server.url}/v1` })("tiny");
    const { text, usage } = await generateText({ model: tiny, prompt: "hi", maxOutputTokens: 10, temperature: 0 });
    expect(usage.outputTokens).toBe(10);
    let streamed = "";
    for await (const piece of streamText({ model: tiny, prompt: "hi", maxOutputTokens: 10, temperature: 0 }).textStream) streamed += piece;
    expect(streamed).toBe(text);
    const { ChatOpenAI } = (await client("@langchain/openai")) as any;
    const chain = new ChatOpenAI({ model: "tiny", apiKey: "none", maxTokens: 10, temperature: 0, configuration: { baseURL: `${server.url}/v1` } });
    expect((await chain.invoke("hi")).content).toBe(text);
    const bound = await new ChatOpenAI({ model: "tiny", apiKey: "none", maxTokens: 200, configuration: { baseURL: `${server.url}/v1` } }).bindTools([weather], { tool_choice: "weather" }).invoke("hi");
    expect(bound.tool_calls[0].name).toBe("weather");
  });
});
