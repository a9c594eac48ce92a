// A TypeScript client of exactly these models: one file without dependencies, for browsers, Node, Deno and Bun. Types come
// from the signatures; what asks the service is assets/client-base.ts, a TypeScript file of its own.

import { readFile } from "node:fs/promises";
import { VERSION } from "@slipway/core/base";
import type { Signature } from "@slipway/core/package";
import { predictionTypes } from "./prediction-type.ts";
import { rowTypes } from "./row-type.ts";
import { note, quoted, TypeNames } from "./typescript.ts";

export interface ClientModel {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly signature: Signature;
}

/** Beside `src` and `dist`, so that the same path holds from both. */
const BASE = new URL("../../assets/client-base.ts", import.meta.url);
const SUFFIXES = ["Row", "Record", "Values", "Prediction", "Client"];

/** The models' types stand first, where they are looked for; the clients last, as classes must follow what they extend. */
export async function generateClient(models: readonly ClientModel[]): Promise<string> {
  const base = await readFile(BASE, "utf8");
  const names = new TypeNames([...base.matchAll(/^(?:export )?(?:abstract )?(?:class|interface|type|function|const) (\w+)/gm)].map((m) => m[1]!));
  const parts = models.map((model) => modelSource(names.of(model.name, SUFFIXES), model));
  return [
    `// A client of ${models.map((m) => `${note(m.name)} ${note(m.version)}`).join(", ")}, made by slipway ${VERSION}.`,
    "// Make it again when a model's columns change.", "",
    ...parts.map((p) => p.types), base, ...parts.map((p) => p.client),
  ].join("\n");
}

function modelSource(name: string, model: ClientModel): { readonly types: string; readonly client: string } {
  const row = rowTypes(name, model.signature);
  const prediction = predictionTypes(name, model.signature);
  return {
    types: `${row.source}\n${prediction.source}`,
    client: `/** Asks the model ${note(model.name)} ${note(model.version)}. */
export class ${name}Client extends ModelClient<${name}Row, ${row.many}, ${name}Prediction> {
  /** \`options\`: the service's address, or more. */
  constructor(options: string | ClientOptions) {
    super({ name: ${quoted(model.name)}, version: ${quoted(model.version)}, digest: ${quoted(model.digest)}, floats: [${prediction.floats.map(quoted).join(", ")}] }, options);
  }
}
`,
  };
}
