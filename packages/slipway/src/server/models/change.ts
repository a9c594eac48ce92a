// What routes that change models have in common.

import type { ServerContext } from "../context.ts";
import { serverError } from "../errors.ts";
import type { Call } from "../http/call.ts";
import { keepFiles, readLoadRequest } from "./load-request.ts";

/**
 * A page of another site can post to an address it cannot read, on loopback too; browsers say where such a request comes from.
 * @throws SlipwayError cross-site
 */
export function changeModels(call: Call): void {
  const site = call.header("sec-fetch-site");
  const origin = call.header("origin");
  const foreign = origin !== undefined && origin !== "null" ? hostOf(origin) !== (call.header("host") ?? call.header(":authority")) : origin === "null";
  if (site === "cross-site" || site === "same-site" || foreign) throw serverError("cross-site", "models are not changed from a page of another site");
}

function hostOf(origin: string): string | undefined {
  try {
    return new URL(origin).host;
  } catch {
    return undefined;
  }
}

/** @throws SlipwayError load-invalid, upload-refused, model-unknown, model-load-failed */
export async function loadByRequest(context: ServerContext, name: string, text: string): Promise<void> {
  const request = readLoadRequest(text);
  if (request.files.size === 0) return context.repository.load(name, request.policy);
  if (!context.repository.takesUploads) {
    throw serverError("upload-refused", "this server takes no models in requests", { hint: "Put the file into the folder of models, or start the server with --uploads." });
  }
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/.test(name)) throw serverError("load-invalid", `${JSON.stringify(name.slice(0, 150))} cannot be a model's name`, { hint: "Use letters, digits, '.', '_' and '-'." });
  const origins = keepFiles(request);
  try {
    await context.repository.loadFrom(name, origins);
  } catch (error) {
    for (const origin of origins.values()) origin.discard?.();
    throw error;
  }
}
