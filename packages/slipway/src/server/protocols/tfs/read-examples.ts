// A TensorFlow Serving classify or regress request -> records: `examples`, each an object of features, and a `context`
// of features that all of them share. https://www.tensorflow.org/tfx/serving/api_rest#classify_and_regress_api

import type { Signature } from "@slipway/core/package";
import type { ModelInput } from "../../../runtime/index.ts";
import { decodeB64 } from "./decode-b64.ts";
import { bad, isObject, readInstances, readSignatureName } from "./read-predict.ts";

export interface ExamplesRequest {
  readonly input: ModelInput;
  readonly signatureName: string | undefined;
}

/** @throws SlipwayError request-shape, request-limit */
export function readExamplesRequest(given: Readonly<Record<string, unknown>>, signature: Signature): ExamplesRequest {
  const body = decodeB64(given) as Readonly<Record<string, unknown>>;
  const { examples, context } = body;
  if (!Array.isArray(examples)) throw bad('the request has no list of "examples"', 'Send {"examples": [{...}, ...]}, one object a row.');
  if (examples.length === 0) throw bad('"examples" is empty', "It has one object a row.");
  const strange = examples.findIndex((e) => !isObject(e));
  if (strange >= 0) throw bad(`example ${strange} is no object`, "An example has one value a feature.");
  if (context !== undefined && !isObject(context)) throw bad('"context" is no object');
  const rows = context === undefined ? examples : examples.map((example: Readonly<Record<string, unknown>>, i) => {
    const twice = Object.keys(context).find((name) => Object.hasOwn(example, name));
    if (twice !== undefined) throw bad(`the feature ${JSON.stringify(twice.slice(0, 100))} is in the context and in example ${i}`);
    return Object.assign(Object.create(null), context, example) as object;
  });
  return { input: readInstances(rows, signature), signatureName: readSignatureName(body) };
}
