// A model for one request whose version is only known from its rows (a sticky column), or whose rows are shown to a
// shadow afterwards. Until rows are checked it is the version that would answer by default.

import type { Batch, Encoded, ModelInput, OnInvalid, Prediction, PredictOptions, Servable } from "../../runtime/index.ts";
import { WrappedModel } from "../models/wrapped-model.ts";

export interface Routing {
  /** The version that answers these rows. */
  readonly choose?: ((input: ModelInput) => Servable) | undefined;
  readonly answered?: ((input: ModelInput, onInvalid: OnInvalid | undefined, outputs: readonly string[] | undefined, given: Prediction) => void) | undefined;
}

export class RoutedModel extends WrappedModel {
  #asked: { readonly input: ModelInput; readonly onInvalid: OnInvalid | undefined } | undefined;
  readonly #routing: Routing;

  constructor(model: Servable, routing: Routing) {
    super(model);
    this.#routing = routing;
  }
  override encode(input: ModelInput, onInvalid?: OnInvalid): Encoded {
    if (this.#routing.choose !== undefined) {
      const chosen = this.#routing.choose(input);
      // Rows were read by the layout of the first: another one cannot take them.
      if (chosen.signature.layout === this.model.signature.layout) this.model = chosen;
    }
    this.#asked = { input, onInvalid };
    return this.model.encode(input, onInvalid);
  }
  override async run(batch: Batch, options: PredictOptions = {}): Promise<Prediction> {
    const given = await this.model.run(batch, options);
    if (this.#asked !== undefined) this.#routing.answered?.(this.#asked.input, this.#asked.onInvalid, options.outputs, given);
    return given;
  }
  /** The versions behind it are not its own. */
  override close(): Promise<void> {
    return Promise.resolve();
  }
}
