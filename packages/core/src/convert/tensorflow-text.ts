// TensorFlow's text operators as Keras's TextVectorization uses them: lower-casing of ASCII, ASCII punctuation taken out,
// words between ASCII white space, single characters.

import { Ops, type GraphBuilder, type Value } from "../onnx/index.ts";

interface Nodes {
  readonly graph: GraphBuilder;
  readonly o: Ops;
}
const NOT_PUNCTUATION = "[^\\x21-\\x2f\\x3a-\\x40\\x5b-\\x60\\x7b-\\x7e]+";
export const NOT_SPACE = "[^\\x09-\\x0d\\x20]+";
export const CHARACTER = "(?s:.)";

/** [N] texts -> [N, T], rows filled with "". The sample keeps the result from having no column. */
export function cut(texts: Value, expression: string, c: Nodes): Value {
  const sample = c.o.concat([texts, c.o.strings(["x"])], 0);
  return c.o.slice(c.graph.op("Tokenizer", [sample], { mark: 0, mincharnum: 1, pad_value: "", tokenexp: expression }), 0, -1, 0);
}

/** [N] texts without punctuation: the pieces between are joined again. */
export function withoutPunctuation(texts: Value, c: Nodes): Value {
  const pieces = c.o.transpose(cut(texts, NOT_PUNCTUATION, c), [1, 0]);
  const start = c.graph.op("LabelEncoder", [texts], { keys_strings: [""], values_strings: [""], default_string: "" });
  // ONNX Runtime's StringConcat appends to what an earlier step left in its result; Where, as the last node, does not.
  const body = c.graph.body([{ type: "string", shape: ["N"] }, { type: "string", shape: ["N"] }], (graph, [so, piece]) => {
    const o = new Ops(graph);
    return [graph.op("Where", [o.not(graph.op("Equal", [piece!, o.strings([""], [])])), graph.op("StringConcat", [so!, piece!]), so!])];
  });
  return c.graph.ops("Scan", [start, pieces], { body, num_scan_inputs: 1 }, 1)[0]!;
}

/** As tf.strings.lower: in the locale "C" only ASCII has cases. */
export function lowerAscii(texts: Value, c: Nodes): Value {
  return c.graph.op("StringNormalizer", [texts], { case_change_action: "LOWER", is_case_sensitive: 1, locale: "C" });
}
