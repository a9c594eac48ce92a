// The steps of a recurrent layer as ONNX's Scan, with masks as Keras handles them: at a step that is masked the states stay
// as they are, and the output is that of the step before, which is zeros at first.

import { Ops, type Value } from "../../../onnx/index.ts";
import { KerasContext, type LayerView, type Sym } from "../layer.ts";

export interface Steps {
  /** What a step is given, steps first: [T, N, ...]. */
  readonly input: Value;
  readonly mask: Value | undefined;
  /** The mask that goes on with the outputs of all steps. */
  readonly passed?: Value | undefined;
  /** [N, ...] each. */
  readonly initial: readonly Value[];
  /** Zeros of the output's form. */
  readonly blank: Value;
  readonly step: (input: Value, states: readonly Value[], c: KerasContext) => { readonly output: Value; readonly states: readonly Value[] };
}

/** The layer's results: the outputs of all steps [T, N, ...] or the last, and the states. `turn` puts the steps second. */
export function runSteps(layer: LayerView, { input, mask, passed = mask, initial, blank, step }: Steps, turn: (sequence: Value) => Value, c: KerasContext): Sym[] {
  if (layer.bool("stateful", false)) throw layer.refuse("stateful=True", "its result depends on the calls before");
  if (layer.bool("time_major", false)) throw layer.refuse("time_major=True", "only steps in the second dimension can be");
  const sequences = layer.bool("return_sequences", false);
  // An unrolled layer blanks its outputs at the end, by the mask as it was given, even where it went backwards.
  const late = layer.bool("zero_output_for_mask", false) && layer.bool("unroll", false);
  const zeroed = layer.bool("zero_output_for_mask", false) && !late;
  const backwards = layer.bool("go_backwards", false);
  const count = initial.length;
  // The output is carried along where it is not one of the states.
  const scanned = [input, ...(mask ? [c.o.transpose(mask, [1, 0])] : [])];
  const carried = [...initial, blank];
  const body = c.graph.body([
    ...carried.map((v) => ({ type: v.type, shape: v.shape })), { type: input.type, shape: input.shape?.slice(1) ?? null },
    ...(mask ? [{ type: "bool" as const, shape: ["N"] }] : []),
  ], (graph, values) => {
    const k = new KerasContext(graph, c.version, c.build, c.depth);
    const before = values.slice(0, count);
    const made = step(values[count + 1]!, before, k);
    let { output, states } = made;
    if (mask) {
      const along = (v: Value): Value => k.graph.op("Unsqueeze", [values[count + 2]!, k.o.int64s(Array.from({ length: k.shape(v).length - 1 }, (_, i) => i + 1))]);
      states = states.map((v, i) => graph.op("Where", [along(v), v, before[i]!]));
      output = k.o.where(along(output), output, zeroed ? 0 : values[count]!);
    }
    return [...states, output, ...(sequences ? [new Ops(graph).graph.op("Identity", [output])] : [])];
  });
  const results = c.graph.ops("Scan", [...carried, ...scanned], {
    body, num_scan_inputs: scanned.length, ...(backwards ? { scan_input_directions: scanned.map(() => 1) } : {}),
  }, carried.length + Number(sequences));
  let main = sequences ? results.at(-1)! : results[count]!;
  if (mask && late) {
    const kept = sequences ? c.o.transpose(mask, [1, 0]) : c.o.gather(mask, { type: "int64", shape: [], data: BigInt64Array.of(backwards ? 0n : -1n) }, 1);
    const [from, to] = [c.shape(kept).length, c.shape(main).length];
    main = c.o.where(c.graph.op("Unsqueeze", [kept, c.o.int64s(Array.from({ length: to - from }, (_, i) => from + i))]), main, 0);
  }
  const result: Sym = { value: sequences ? turn(main) : main, ...(sequences && passed ? { mask: passed } : {}) };
  return layer.bool("return_state", false) ? [result, ...results.slice(0, count).map((value) => ({ value }))] : [result];
}
