// The repository extension of the Open Inference Protocol, as Triton has it: index with states, load, unload.
// https://github.com/kserve/open-inference-protocol (model repository extension)

import { parseJson } from "../../../runtime/index.ts";
import { bodyText } from "../../body.ts";
import type { ServerContext } from "../../context.ts";
import { jsonAnswer, type Answer, type Call } from "../../http/call.ts";
import { changeModels, loadByRequest } from "../../models/change.ts";
import type { ListedVersion } from "../../models/directory.ts";

export function repositoryIndex(context: ServerContext, call: Call): Answer {
  const text = bodyText(call.body, "").trim();
  const wanted = text === "" ? {} : parseJson(text);
  const onlyReady = typeof wanted === "object" && wanted !== null && (wanted as { ready?: unknown }).ready === true;
  return jsonAnswer(listModels(context, onlyReady));
}
export function listModels(context: ServerContext, onlyReady: boolean): readonly { readonly name: string; readonly version: string; readonly state: string; readonly reason: string }[] {
  const all = context.models.list.map((v) => ({ name: v.name, version: v.version, ...stateOf(v, context.ready) }));
  return onlyReady ? all.filter((v) => v.state === "READY") : all;
}

/** Triton answers an empty body, and its client reads none. */
export async function repositoryLoad(context: ServerContext, call: Call): Promise<Answer> {
  changeModels(call);
  await loadByRequest(context, call.params["name"]!, bodyText(call.body, ""));
  return { status: 200, body: null };
}
export async function repositoryUnload(context: ServerContext, call: Call): Promise<Answer> {
  changeModels(call);
  await context.repository.unload(call.params["name"]!);
  return { status: 200, body: null };
}

function stateOf(v: ListedVersion, serving: boolean): { state: "READY" | "LOADING" | "UNAVAILABLE"; reason: string } {
  if (!serving) return { state: "UNAVAILABLE", reason: "the server is stopping" };
  if (v.state === "ready") return { state: "READY", reason: v.reason?.message ?? "" };
  if (v.onDemand && v.state !== "unavailable") return { state: "READY", reason: "loaded when it is asked" };
  if (v.state === "loading") return { state: "LOADING", reason: "" };
  return { state: "UNAVAILABLE", reason: v.reason === undefined ? "unloaded" : v.state === "unloaded" ? v.reason.message : `[${v.reason.code}] ${v.reason.message}` };
}
