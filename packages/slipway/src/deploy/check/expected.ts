// What the image must answer: the same request, put to the package itself in this process. A model that Python runs has its
// Python in the image alone: there the image itself is asked, started as it is and by nobody's rules.

import { mkdirSync, readdirSync } from "node:fs";
import { createServer as createListener, type AddressInfo } from "node:net";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parseSignature, type Signature } from "@slipway/core/package";
import { loadModelPackage, openModel } from "../../runtime/index.ts";
import { createServer, fetchHandler } from "../../server/index.ts";
import { deployError } from "../errors.ts";
import { ask } from "./ask.ts";
import { lastError, runc, startContainer, waitReady } from "./container.ts";
import type { AskedPath } from "./contract.ts";
import type { CheckPlan } from "./plan.ts";

export interface Expected {
  readonly name: string;
  readonly signature: Signature;
  /** The package's file in the image; of a model that Python runs there is none. */
  readonly file: string | undefined;
  /** @param env what the platform says of addresses of its own */
  answer(asked: AskedPath, env: Readonly<Record<string, string>>): Promise<string>;
  close(): Promise<void>;
}

/** @throws deploy-image, deploy-check-here, and what loading a package throws */
export async function expectedOf(plan: CheckPlan, platform: Readonly<Record<string, string>>): Promise<Expected> {
  const { rootfs, facts } = plan;
  const folder = join(rootfs, "models");
  const names = (() => {
    try {
      return readdirSync(folder).filter((name) => name.endsWith(".slip")).sort();
    } catch {
      return [];
    }
  })();
  if (names[0] === undefined && facts.env.includes("SLIPWAY_ENGINE=python")) return referenceOf(plan, platform);
  if (names[0] === undefined) throw deployError("deploy-image", "the image holds no package under /models", { hint: "Make it with slipway image." });
  const file = join(folder, names[0]);
  const model = await loadModelPackage((await openModel(file)).package);
  return {
    name: model.name, signature: model.signature, file,
    answer: async ({ path, body }, env) => {
      const handle = fetchHandler(createServer({ models: [model], options: { vertex: { health: env["AIP_HEALTH_ROUTE"], predict: env["AIP_PREDICT_ROUTE"], deployedModelId: env["AIP_DEPLOYED_MODEL_ID"] } } }));
      return (await handle(new Request(`http://localhost${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) }))).text();
    },
    close: () => model.close(),
  };
}

const START_MS = 120_000;
const ANSWER_MS = 60_000;

/** @param platform its variables, of which those that make addresses are taken */
async function referenceOf({ rootfs, work, facts }: CheckPlan, platform: Readonly<Record<string, string>>): Promise<Expected> {
  if (runc === undefined) throw deployError("deploy-check-here", "an image with Python in it is checked by starting it, which needs runc and root", { hint: "apt-get install runc" });
  for (const path of ["proc", "dev", "tmp"]) mkdirSync(join(rootfs, path), { recursive: true });
  const port = await freePort();
  const routes = Object.entries(platform).flatMap(([name, value]) => (/^AIP_(?:HEALTH_ROUTE|PREDICT_ROUTE|DEPLOYED_MODEL_ID)$/.test(name) ? [`${name}=${value}`] : []));
  const container = startContainer({ rootfs, work: join(work, "reference"), args: [...facts.entrypoint, "serve"], env: [...facts.env, ...routes, `PORT=${port}`, "SLIPWAY_HOST=127.0.0.1", "SLIPWAY_INSECURE=true"], user: facts.user, readOnly: true });
  const close = async (): Promise<void> => {
    container.signal("SIGKILL");
    await container.exited;
  };
  const get = async (path: string): Promise<string> => (await ask({ method: "GET", port, path, timeoutMs: ANSWER_MS })).text;
  try {
    if (!(await waitReady(container, START_MS, () => ask({ method: "GET", port, path: "/health/ready", timeoutMs: ANSWER_MS })))) throw deployError("deploy-image", `the image does not start by itself: ${lastError(container.output())}`);
    const [{ name }] = (JSON.parse(await get("/models")) as { models: [{ name: string }] }).models;
    const { signature } = JSON.parse(await get(`/models/${name}`)) as { signature: unknown };
    return {
      name, signature: parseSignature(signature), file: undefined, close,
      answer: async ({ path, body }) => (await ask({ method: "POST", port, path, body: JSON.stringify(body), timeoutMs: ANSWER_MS })).text,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function freePort(): Promise<number> {
  const server = createListener().listen(0, "127.0.0.1");
  return new Promise((resolve) => server.once("listening", () => {
    const { port } = server.address() as AddressInfo;
    server.close(() => resolve(port));
  }));
}

/** But for what is new with every request. */
export function samePrediction(found: string, expected: string): boolean {
  return isDeepStrictEqual(withoutIds(found), withoutIds(expected));
}
function withoutIds(text: string): unknown {
  try {
    return JSON.parse(text, (key, value: unknown) => (key === "prediction_id" || key === "id" || key === "request_id" ? undefined : value));
  } catch {
    return text;
  }
}
