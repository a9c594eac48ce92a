// OpenAI's interface: /v1/chat/completions, /v1/completions, /v1/embeddings, /v1/models (API reference of 2025).

import { allowModel, mayAsk, bodyText, jsonAnswer, serverError, type Call, type Protocol, type Route, type ServerContext } from "../../server/index.ts";
import type { LanguageModel } from "../engine/language-model.ts";
import { languageError } from "../errors.ts";
import { Guards } from "../guards.ts";
import { chat } from "./chat.ts";
import { completions } from "./completions.ts";
import { embeddings } from "./embeddings.ts";
import { errorAnswer } from "./events.ts";

/** For `protocols` of the server's options. */
export function openAiProtocol(models: ReadonlyMap<string, LanguageModel>, guards: Guards = new Guards([])): (context: ServerContext) => Protocol {
  const find = (call: Call) => (name: string): LanguageModel => {
    const model = models.get(name);
    if (model === undefined) throw serverError("model-unknown", `there is no language model ${JSON.stringify(name.slice(0, 100))}`, { where: "model", hint: models.size === 0 ? "Language models are GGUF files: slipway serve NAME=model.gguf" : `There is ${[...models.keys()].join(", ")}.` });
    allowModel(call, name);
    return model;
  };
  const post = (path: string, summary: string, answer: (call: Call, body: unknown, find: (name: string) => LanguageModel, context: ServerContext, guards: Guards) => ReturnType<Route["handle"]>, context: ServerContext): Route => ({
    method: "POST", path, action: "predict",
    about: { tag: "language", summary, request: { "application/json": { type: "object" } }, response: { "application/json": { type: "object" } } },
    handle: (call) => answer(call, json(call), find(call), context, guards),
  });
  const about = (summary: string): NonNullable<Route["about"]> => ({ tag: "language", summary, response: { "application/json": { type: "object" } } });
  const describe = (model: LanguageModel): object => ({ id: model.name, object: "model", created: 0, owned_by: "slipway", context_length: model.info.contextSize });
  const list = (call: Call, { models: { all } }: ServerContext): object => {
    const others = all.filter((m) => mayAsk(call, m.name)).map((m) => m.name);
    return { object: "list", data: [...[...models.values()].filter((m) => mayAsk(call, m.name)).map(describe), ...others.map((id) => ({ id, object: "model", created: 0, owned_by: "slipway" }))], models: others };
  };
  return (context) => {
    guards.declare(context, models.keys());
    return {
      name: "openai", prefixes: ["/v1/chat", "/v1/completions", "/v1/embeddings"], error: errorAnswer,
      routes: [
        post("/v1/chat/completions", "The next message of a conversation, whole or as a stream", chat, context),
        post("/v1/completions", "A text, gone on with", completions, context),
        post("/v1/embeddings", "A vector for each text", embeddings, context),
        { method: "GET", path: "/v1/models", action: "read", about: about("The language models"), claims: () => models.size > 0, handle: (call) => jsonAnswer(list(call, context)) },
        { method: "GET", path: "/v1/models/{name}", action: "read", about: about("One language model"), claims: (call) => models.has(decodeURIComponent(call.path.slice("/v1/models/".length))), handle: (call) => jsonAnswer(describe(find(call)(call.params["name"]!))) },
      ],
    };
  };
}

function json(call: Call): unknown {
  try {
    return JSON.parse(bodyText(call.body, call.header("content-type") ?? "")) as unknown;
  } catch (cause) {
    throw languageError("language-request", `the body is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
