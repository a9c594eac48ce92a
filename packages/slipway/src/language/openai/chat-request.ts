// The body of POST /v1/chat/completions, after OpenAI's API reference.

import type { GenerateRequest, Message, ToolCall, ToolChoice, ToolSpec } from "../engine/messages.ts";
import { Fields, unsupported, wrong } from "./fields.ts";
import { readChoices, readCount, readSampling } from "./sampling.ts";

export interface ChatRequest {
  readonly model: string;
  readonly generate: GenerateRequest;
  readonly stream: boolean;
  /** Whether the last event of a stream tells the usage. */
  readonly usage: boolean;
  readonly choices: number;
}

const MAX_MESSAGES = 4096;
const MAX_TOOLS = 128;
const NAME = /^[A-Za-z0-9_-]{1,64}$/;

/** @throws SlipwayError language-request, language-unsupported */
export function readChat(body: unknown): ChatRequest {
  const fields = new Fields(body);
  const modalities = fields.raw("modalities");
  if (Array.isArray(modalities) && modalities.some((m) => m !== "text")) throw unsupported("modalities", "only text is written");
  const messages = fields.list("messages", MAX_MESSAGES).map((m, i) => readMessage(m, `messages[${i}].`));
  if (messages.length === 0) throw wrong("messages", "at least one message", []);
  const tools = fields.raw("tools") === undefined ? [] : fields.list("tools", MAX_TOOLS).map((t, i) => readTool(t, `tools[${i}].`));
  const stream = fields.flag("stream", false);
  const streamOptions = fields.raw("stream_options");
  const logprobs = fields.flag("logprobs", false) ? (fields.count("top_logprobs", 0, 20) ?? 0) : undefined;
  if (logprobs === undefined && fields.raw("top_logprobs") !== undefined && fields.raw("top_logprobs") !== 0) throw wrong("top_logprobs", "logprobs: true beside it", fields.raw("top_logprobs"));
  const toolChoice = readToolChoice(fields, tools);
  const schema = readFormat(fields);
  if (tools.length > 0 && toolChoice === "auto" && (schema !== undefined || logprobs !== undefined)) throw unsupported("tools", `with ${schema === undefined ? "logprobs" : "response_format"} the model cannot be left to decide whether it calls a tool`, 'Set tool_choice to "none" or "required".');
  return {
    model: fields.text("model"), stream, usage: stream && streamOptions !== undefined && new Fields(streamOptions, "stream_options.").flag("include_usage", false), choices: readChoices(fields),
    generate: {
      prompt: { kind: "chat", messages }, tools, toolChoice, parallelTools: fields.flag("parallel_tool_calls", true), schema,
      sampling: readSampling(fields, readCount(fields, "max_completion_tokens", "max_tokens"), logprobs),
    },
  };
}

function readMessage(json: unknown, at: string): Message {
  const fields = new Fields(json, at);
  const role = fields.text("role");
  switch (role) {
    case "system": case "developer": return { role: "system", content: readContent(fields) };
    case "user": return { role: "user", content: readContent(fields) };
    case "tool": return { role: "tool", content: readContent(fields), callId: fields.text("tool_call_id") };
    case "assistant": {
      const calls = fields.raw("tool_calls") === undefined ? [] : fields.list("tool_calls", MAX_TOOLS).map((c, i) => readCall(c, fields.at(`tool_calls[${i}].`)));
      return { role, content: fields.raw("content") === undefined ? "" : readContent(fields), toolCalls: calls };
    }
    default: throw wrong(fields.at("role"), "system, developer, user, assistant or tool", role);
  }
}

/** A text, or parts that are texts. */
function readContent(fields: Fields): string {
  const content = fields.raw("content");
  if (typeof content === "string") return content;
  return fields.list("content", MAX_MESSAGES).map((part, i) => {
    const at = `${fields.at("content")}[${i}].`;
    const one = new Fields(part, at);
    const type = one.text("type");
    if (type === "text") return one.text("text");
    if (type === "refusal") return one.text("refusal");
    throw unsupported(`${at}type`, `${type.slice(0, 40)} is not read: the model takes text`);
  }).join("");
}

function readCall(json: unknown, at: string): ToolCall {
  const fields = new Fields(json, at);
  const called = new Fields(fields.raw("function"), fields.at("function."));
  return { id: fields.text("id"), name: called.text("name"), arguments: called.text("arguments") };
}

function readTool(json: unknown, at: string): ToolSpec {
  const fields = new Fields(json, at);
  if (fields.text("type") !== "function") throw unsupported(fields.at("type"), "only functions are called");
  const tool = new Fields(fields.raw("function"), fields.at("function."));
  const name = tool.text("name");
  if (!NAME.test(name)) throw wrong(tool.at("name"), "up to 64 letters, digits, _ and -", name);
  return { name, description: tool.optionalText("description"), parameters: tool.raw("parameters") === undefined ? undefined : tool.object("parameters") };
}

function readToolChoice(fields: Fields, tools: readonly ToolSpec[]): ToolChoice {
  const choice = fields.raw("tool_choice");
  if (choice === undefined) return tools.length === 0 ? "none" : "auto";
  if (choice === "none") return "none";
  if (tools.length === 0) throw wrong("tool_choice", "tools beside it", choice);
  if (choice === "auto" || choice === "required") return choice;
  const named = new Fields(choice, "tool_choice.");
  const name = new Fields(named.raw("function"), "tool_choice.function.").text("name");
  if (!tools.some((t) => t.name === name)) throw wrong("tool_choice.function.name", `one of ${tools.map((t) => t.name).join(", ")}`, name);
  return { name };
}

function readFormat(fields: Fields): GenerateRequest["schema"] {
  const format = fields.raw("response_format");
  if (format === undefined) return undefined;
  const inner = new Fields(format, "response_format.");
  const type = inner.text("type");
  if (type === "text") return undefined;
  if (type === "json_object") return {};
  if (type !== "json_schema") throw wrong("response_format.type", "text, json_object or json_schema", type);
  return new Fields(inner.raw("json_schema"), "response_format.json_schema.").object("schema");
}
