// What a model is like while it is not in memory: for metadata, documentation and checking rows. It computes nothing.

import { Encoder, runtimeError, type Batch, type Encoded, type ModelInput, type OnInvalid, type Prediction, type Servable } from "../../runtime/index.ts";

export class DescribedModel implements Servable {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly signature: Servable["signature"];
  readonly busy = false;
  #encoder: Encoder | undefined;

  constructor(model: Pick<Servable, "name" | "version" | "digest" | "signature">) {
    this.name = model.name;
    this.version = model.version;
    this.digest = model.digest;
    this.signature = model.signature;
  }
  encode(input: ModelInput, onInvalid?: OnInvalid): Encoded {
    return (this.#encoder ??= new Encoder(this.signature)).encode(input, onInvalid);
  }
  selectOutputs(names?: readonly string[]): Servable["signature"]["outputs"] {
    if (names === undefined) return this.signature.outputs;
    return this.signature.outputs.filter((o) => names.includes(o.name));
  }
  run(_batch: Batch): Promise<Prediction> {
    return Promise.reject(runtimeError("model-closed", `the model ${this.name} is not in memory`));
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}
