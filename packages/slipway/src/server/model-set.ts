// The models that one server offers, by name.

import { nearest } from "@slipway/core/base";
import type { Model } from "../runtime/index.ts";
import { serverError } from "./errors.ts";

export class ModelSet {
  readonly #models: Map<string, Model>;
  constructor(models: readonly Model[]) {
    this.#models = new Map(models.map((m) => [m.name, m]));
  }
  get all(): readonly Model[] {
    return [...this.#models.values()];
  }
  /** What `POST /predict` asks. */
  get first(): Model {
    const [model] = this.#models.values();
    if (model === undefined) throw serverError("model-unknown", "this server has no model");
    return model;
  }
  /** @throws SlipwayError model-unknown */
  find(name: string, version?: string): Model {
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
}
