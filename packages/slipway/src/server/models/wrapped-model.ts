// A model around another one, which it shows as its own; what differs is overridden.

import type { Batch, Encoded, ModelInput, OnInvalid, Prediction, PredictOptions, Servable } from "../../runtime/index.ts";

const NO_LOAD = { requests: 0, rows: 0 };

export abstract class WrappedModel implements Servable {
  protected model: Servable;

  constructor(model: Servable) {
    this.model = model;
  }
  get name(): string {
    return this.model.name;
  }
  get version(): string {
    return this.model.version;
  }
  get digest(): string {
    return this.model.digest;
  }
  get signature(): Servable["signature"] {
    return this.model.signature;
  }
  get profile(): unknown {
    return this.model.profile;
  }
  get engine(): Servable["engine"] {
    return this.model.engine;
  }
  get itemSpace(): Servable["itemSpace"] {
    return this.model.itemSpace;
  }
  get busy(): boolean {
    return this.model.busy;
  }
  get load(): NonNullable<Servable["load"]> {
    return this.model.load ?? NO_LOAD;
  }
  encode(input: ModelInput, onInvalid?: OnInvalid): Encoded {
    return this.model.encode(input, onInvalid);
  }
  selectOutputs(names?: readonly string[]): ReturnType<Servable["selectOutputs"]> {
    return this.model.selectOutputs(names);
  }
  abstract run(batch: Batch, options?: PredictOptions): Promise<Prediction>;
  close(): Promise<void> {
    return this.model.close();
  }
}
