// The models that one server offers, by name.

import { nearest } from "@slipway/core/base";
import type { Servable } from "../../runtime/index.ts";
import { serverError } from "../errors.ts";
import type { Call } from "../http/call.ts";

/** Which model a request wants; without a name the first one. */
export interface Selection {
  readonly name?: string | undefined;
  readonly version?: string | undefined;
}

export class ModelDirectory {
  readonly #models: Map<string, Servable>;
  constructor(models: readonly Servable[]) {
    this.#models = new Map(models.map((m) => [m.name, m]));
  }
  get all(): readonly Servable[] {
    return [...this.#models.values()];
  }
  /** What `POST /predict` asks. */
  get first(): Servable {
    const [model] = this.#models.values();
    if (model === undefined) throw serverError("model-unknown", "this server has no model");
    return model;
  }
  /** The model that answers this request. @throws SlipwayError model-unknown */
  select(call: Call, wanted: Selection): Servable | Promise<Servable> {
    return (call.target = wanted.name === undefined ? this.first : this.find(wanted.name, wanted.version));
  }
  /** A model to look at. @throws SlipwayError model-unknown */
  find(name: string, version?: string): Servable {
    const model = this.#models.get(name);
    if (model === undefined) {
      const names = [...this.#models.keys()];
      const near = nearest(name, names);
      throw serverError("model-unknown", `Request for unknown model: ${JSON.stringify(name.slice(0, 150))} is not found`, {
        hint: `${near === undefined ? "" : `Did you mean ${JSON.stringify(near)}? `}Served here: ${names.slice(0, 20).join(", ")}${names.length > 20 ? ", ..." : ""}.` });
    }
    if (version !== undefined && version !== model.version && version !== model.digest) {
      throw serverError("model-unknown", `Request for unknown model: ${JSON.stringify(name)} version ${JSON.stringify(version.slice(0, 100))} is not found`, { hint: `Served here: version ${model.version}.` });
    }
    return model;
  }
  async close(): Promise<void> {
    await Promise.all(this.all.map((m) => m.close()));
  }
}
