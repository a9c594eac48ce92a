// A conversation as OpenAI's interface has it -> as the model's own template writes it.

import type { History } from "./llama.ts";
import type { GenerateRequest, Message, ToolSpec } from "./messages.ts";

/** A model answers after the last message. Calls of tools carry their results, which come as messages of their own. */
export function historyOf(messages: readonly Message[]): History {
  const results = new Map(messages.flatMap((m) => (m.role === "tool" ? [[m.callId, m.content] as const] : [])));
  const history: History[number][] = [];
  const answer = (): (string | object)[] => {
    const last = history.at(-1);
    if (last?.type === "model") return last.response;
    const fresh = { type: "model" as const, response: [] };
    history.push(fresh);
    return fresh.response;
  };
  for (const message of messages) {
    if (message.role === "tool") continue;
    if (message.role !== "assistant") {
      history.push({ type: message.role, text: message.content });
      continue;
    }
    const response = answer();
    if (message.content !== "") response.push(message.content);
    for (const call of message.toolCalls) response.push({ type: "functionCall", name: call.name, params: parsed(call.arguments), result: parsed(results.get(call.id) ?? "null") });
  }
  answer();
  return history;
}

/** JSON where it is JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** For a call that has to be made: what the tools are, in words. Its form is held by a grammar. */
export function withToolsInWords({ tools, toolChoice }: GenerateRequest, messages: readonly Message[]): Message[] {
  const named = typeof toolChoice === "object" ? tools.filter((t) => t.name === toolChoice.name) : tools;
  const words = `Answer with a call of ${named.length === 1 ? "this function" : "one of these functions"}, as JSON {"name": ..., "arguments": {...}}:\n${named.map((t) => JSON.stringify({ name: t.name, description: t.description, parameters: t.parameters })).join("\n")}`;
  const [first, ...rest] = messages;
  return first?.role === "system" ? [{ role: "system", content: `${first.content}\n\n${words}` }, ...rest] : [{ role: "system", content: words }, ...messages];
}

/** The form of one call of one of them. */
export function callSchema(tools: readonly ToolSpec[]): Readonly<Record<string, unknown>> {
  const one = (tool: ToolSpec): Readonly<Record<string, unknown>> => ({ type: "object", properties: { name: { const: tool.name }, arguments: tool.parameters ?? { type: "object", properties: {} } }, required: ["name", "arguments"], additionalProperties: false });
  return tools.length === 1 ? one(tools[0]!) : { oneOf: tools.map(one) };
}
