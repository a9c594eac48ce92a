// The nodes that our compilations write for characters inside of words (convert/sklearn/text/ids.ts, spreadWords): each run
// of white space becomes the space that ends a word, a gap, and the space that begins the next.

import type { Node } from "../../onnx/index.ts";
import type { Made, Numbers } from "./find-terms.ts";

export interface SpreadOptions {
  readonly space: number;
  readonly gap: number;
}

/** For Reshape(Concat(ends, gaps, begins)): the numbers of the characters, before runs have one of their own, and what a run becomes. */
export function findSpread(reshape: Node | undefined, made: Made, numbers: Numbers, nothing: number): { readonly chars: string; readonly run: Node; readonly options: SpreadOptions } | undefined {
  const one = (name: string | undefined): number | undefined => {
    const found = numbers(name);
    return found?.length === 1 ? found[0] : undefined;
  };
  const isAxis = (node: Node | undefined, axis: bigint): boolean => {
    const a = node?.attributes.get("axis");
    return a !== undefined && "int" in a && BigInt(a.int) === axis;
  };
  /** Slice(v, 1, end, 1): the name of v. */
  const rest = (name: string | undefined): string | undefined => {
    const slice = made(name, "Slice");
    const bounds = slice?.inputs.slice(1).map(one);
    return bounds?.[0] === 1 && bounds[1]! >= 2 ** 31 && bounds[2] === 1 && (slice!.inputs.length === 4 || bounds[3] === 1) ? slice!.inputs[0] : undefined;
  };
  const isBlank = (name: string | undefined): boolean => {
    const value = made(name, "ConstantOfShape")?.attributes.get("value");
    return value !== undefined && "tensor" in value && value.tensor.data.length === 1 && Number(value.tensor.data[0]) === nothing;
  };
  const all = made(reshape?.inputs[0], "Concat");
  if (numbers(reshape?.inputs[1])?.join() !== "0,-1" || all?.inputs.length !== 3 || !isAxis(all, 2n)) return undefined;
  const parts = all.inputs.map((name) => {
    const wide = made(name, "Unsqueeze");
    return one(wide?.inputs[1]) === 2 ? wide!.inputs[0] : undefined;
  });
  const [ends, gaps, begins] = [made(parts[0], "Concat"), made(parts[1], "Where"), made(parts[2], "Where")];
  const ended = made(rest(ends?.inputs[1]), "Where");
  const run = made(ended?.inputs[0], "RegexFullMatch");
  const chars = ended?.inputs[2];
  const [space, gap] = [one(ended?.inputs[1]), one(gaps?.inputs[1])];
  if (!run || chars === undefined || space === undefined || gap === undefined || space === gap || gap === nothing || ends!.inputs.length !== 2 || !isAxis(ends, 1n) || !isBlank(ends!.inputs[0])) return undefined;
  const isRun = ended!.inputs[0];
  const and = made(begins?.inputs[0], "And");
  const last = made(made(and?.inputs[1], "Not")?.inputs[0], "Equal");
  const following = made(last?.inputs[0], "Concat");
  if (gaps!.inputs[0] !== isRun || one(gaps!.inputs[2]) !== nothing || and?.inputs[0] !== isRun || one(begins!.inputs[1]) !== space || one(begins!.inputs[2]) !== nothing || one(last?.inputs[1]) !== nothing) return undefined;
  if (following?.inputs.length !== 2 || !isAxis(following, 1n) || rest(following.inputs[0]) !== chars || !isBlank(following.inputs[1])) return undefined;
  return { chars, run, options: { space, gap } };
}
