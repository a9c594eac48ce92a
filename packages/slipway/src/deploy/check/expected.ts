// What the image must answer: the same request, put to the package itself in this process.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { Signature } from "@slipway/core/package";
import { loadModelPackage, openModel } from "../../runtime/index.ts";
import { createServer, fetchHandler } from "../../server/index.ts";
import { deployError } from "../errors.ts";
import type { AskedPath } from "./contract.ts";

export interface Expected {
  readonly name: string;
  readonly signature: Signature;
  /** The package's file in the image. */
  readonly file: string;
  /** @param env what the platform says of addresses of its own */
  answer(asked: AskedPath, env: Readonly<Record<string, string>>): Promise<string>;
  close(): Promise<void>;
}

/** @throws deploy-image, and what loading a package throws */
export async function expectedOf(rootfs: string): Promise<Expected> {
  const folder = join(rootfs, "models");
  const names = (() => {
    try {
      return readdirSync(folder).filter((name) => name.endsWith(".slip")).sort();
    } catch {
      return [];
    }
  })();
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
