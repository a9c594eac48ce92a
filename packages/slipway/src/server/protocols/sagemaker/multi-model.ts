// SageMaker's multi-model endpoints: POST /models {"model_name", "url"} loads what SageMaker put below /opt/ml/models,
// DELETE /models/NAME unloads it. https://docs.aws.amazon.com/sagemaker/latest/dg/mms-container-apis.html
// Only paths inside that folder are taken, links resolved: an address in a request must not choose any file of the machine.

import { realpath } from "node:fs/promises";
import { sep } from "node:path";
import { parseJson } from "../../../runtime/index.ts";
import { bodyText } from "../../body.ts";
import type { ServerContext } from "../../context.ts";
import { serverError } from "../../errors.ts";
import { jsonAnswer, type Answer, type Call } from "../../http/call.ts";
import { changeModels } from "../../models/change.ts";
import { modelInside } from "../../models/model-inside.ts";
import { usable } from "../../models/model-entry.ts";

const ROOT = "/opt/ml/models";
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** @throws SlipwayError load-invalid, model-exists, cross-site, memory-budget, and what loading throws */
export async function loadModel(context: ServerContext, call: Call): Promise<Answer> {
  changeModels(call);
  const body: unknown = parseJson(bodyText(call.body, ""));
  const { model_name: name, url } = (typeof body === "object" && body !== null ? body : {}) as { model_name?: unknown; url?: unknown };
  if (typeof name !== "string" || !NAME.test(name)) throw serverError("load-invalid", 'the body has no "model_name" that can be a model\'s name', { hint: 'Send {"model_name": "...", "url": "/opt/ml/models/..."}; letters, digits, ".", "_" and "-".' });
  if (typeof url !== "string") throw serverError("load-invalid", 'the body has no "url"', { hint: `It is the model's folder below ${ROOT}.` });
  if (context.models.entries.get(name)?.sorted.some(usable) === true) throw serverError("model-exists", `the model ${name} is loaded already`, { hint: "Unload it first." });
  const path = await modelFile(url.replace(/^file:\/\//, ""), context.options.multiModelRoot ?? ROOT);
  await context.repository.loadFrom(name, new Map([["1", { argument: path, options: { name } }]]));
  return jsonAnswer({ modelName: name, modelUrl: url });
}

/** @throws SlipwayError model-unknown, cross-site */
export async function unloadModel(context: ServerContext, call: Call): Promise<Answer> {
  changeModels(call);
  const name = call.params["name"]!;
  if (!context.models.entryOf(name).sorted.some(usable)) throw serverError("model-unknown", `the model ${JSON.stringify(name.slice(0, 150))} is not loaded`);
  await context.repository.unload(name);
  return jsonAnswer({ modelName: name });
}

/** The one model below the folder, links resolved. */
async function modelFile(url: string, root: string): Promise<string> {
  const [base, path] = await Promise.all([realpath(root), realpath(url)]).catch(() => [undefined, undefined] as const);
  if (base === undefined || path === undefined || !path.startsWith(base + sep)) throw serverError("load-invalid", `there is no model at ${JSON.stringify(url.slice(0, 200))} below ${root}`, { hint: "SageMaker puts models there." });
  const found = await realpath(modelInside(path));
  if (!found.startsWith(base + sep)) throw serverError("load-invalid", `the model at ${JSON.stringify(url.slice(0, 200))} is a link out of ${root}`);
  return found;
}
