import type { Output, Signature } from "../package/index.ts";
import { predictError } from "./errors.ts";

/** The outputs of the signature with these names, in the order asked for; all of them by default. @throws SlipwayError output-unknown */
export function selectOutputs(signature: Signature, names?: readonly string[]): readonly Output[] {
  if (names === undefined) return signature.outputs;
  return names.map((name) => {
    const output = signature.outputs.find((o) => o.name === name);
    if (output === undefined) {
      const known = signature.outputs.map((o) => o.name);
      throw predictError("output-unknown", `the model has no output ${JSON.stringify(name.slice(0, 100))}`, { hint: `Its outputs: ${known.join(", ")}.`, data: { outputs: known } });
    }
    return output;
  });
}
