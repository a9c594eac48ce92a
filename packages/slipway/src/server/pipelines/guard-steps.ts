// Guards among a pipeline's steps: what one is made of, and what it says of a value. A guard with a classifier is three steps:
// the text's own rules, the model that is asked, and the rule about its label.

import type { StepSettings } from "../../config/index.ts";
import type { Servable } from "../../runtime/index.ts";
import { textRule } from "../guards/text-rule.ts";
import { nameOf } from "./order-steps.ts";

/** What is wrong with a value; undefined where nothing is. It never shows the value. */
export type ValueRule = (value: unknown) => string | undefined;

/** Between a guard's name and that of the model it asks. No name that can be given has it. */
const ASKED = ":classifier";

/** @param find the model of that name @throws what `find` throws, and `invalid` */
export function withClassifiers(steps: readonly StepSettings[], find: (name: string) => Servable, invalid: (message: string, hint?: string) => Error): StepSettings[] {
  return steps.flatMap((step) => {
    const { classifier, guard, allow, deny, maxCharacters, words, pattern, atLeast: _least, atMost: _most, ...rest } = step;
    if (classifier === undefined || guard === undefined) return [step];
    const name = nameOf(step);
    const { layout, columns, outputs } = find(classifier).signature;
    const used = columns.filter((c) => c.used);
    const label = outputs.find((o) => o.kind === "label" && o.rowShape.length === 0);
    if (layout === "tensors" || used.length !== 1 || used[0]!.type !== "string" || label === undefined) throw invalid(`the guard ${name} asks ${classifier}, which is no model that gives a text a label`, "Its classifier takes one column of texts and gives a label.");
    if (allow === undefined && deny === undefined) throw invalid(`the guard ${name} asks ${classifier} and says nothing of its labels`, `Give it \`allow\` or \`deny\`${label.classes === undefined ? "" : `: its labels are ${label.classes.slice(0, 20).join(", ")}`}.`);
    const unknown = [...(allow ?? []), ...(deny ?? [])].find((l) => label.classes !== undefined && !label.classes.map(String).includes(l));
    if (unknown !== undefined) throw invalid(`the guard ${name} names the label ${JSON.stringify(unknown)}, which ${classifier} does not give`, `Its labels: ${label.classes!.slice(0, 20).join(", ")}.`);
    const own = maxCharacters !== undefined || words !== undefined || pattern !== undefined;
    return [
      ...(own ? [{ ...rest, name: `${name}:text`, guard, maxCharacters, words, pattern }] : []),
      { name: `${name}${ASKED}`, model: classifier, inputs: { [used[0]!.name]: guard } },
      { ...rest, name, guard: `${name}${ASKED}.${label.name}`, allow, deny },
    ] as StepSettings[];
  });
}

/** Whether it is one that texts are held against, or numbers. */
export function guardTakes({ atLeast, atMost }: StepSettings): "numbers" | "texts" {
  return atLeast !== undefined || atMost !== undefined ? "numbers" : "texts";
}

/** @throws SlipwayError guard-pattern, and `invalid` */
export function valueRule(step: StepSettings, invalid: (message: string, hint?: string) => Error): ValueRule {
  const { maxCharacters, words, pattern, allow, deny, atLeast, atMost } = step;
  const text = maxCharacters !== undefined || words !== undefined || pattern !== undefined ? textRule(ruleName(step), { maxCharacters, words, pattern }) : undefined;
  const listed = allow !== undefined || deny !== undefined;
  const numeric = guardTakes(step) === "numbers";
  if (text === undefined && !listed && !numeric) throw invalid(`the guard ${nameOf(step)} has no rule`, "Give it maxCharacters, words, pattern, allow, deny, atLeast or atMost.");
  if (numeric && (text !== undefined || listed)) throw invalid(`the guard ${nameOf(step)} has rules of texts and of numbers`, "Make two guards of it.");
  if (numeric) {
    const [least, most] = [atLeast ?? -Infinity, atMost ?? Infinity];
    return (value) => {
      const n = Number(value ?? NaN);
      if (Number.isNaN(n)) return "is no number";
      return n < least ? `is below ${least}` : n > most ? `is above ${most}` : undefined;
    };
  }
  const [allowed, denied] = [allow === undefined ? undefined : new Set(allow), new Set(deny ?? [])];
  return (value) => {
    const given = value === null || value === undefined ? undefined : String(value);
    if (given !== undefined && text !== undefined) {
      const wrong = text(given);
      if (wrong !== undefined) return wrong;
    }
    if (allowed !== undefined && (given === undefined || !allowed.has(given))) return "is none of the values that may come";
    return given !== undefined && denied.has(given) ? "is one of the values that may not come" : undefined;
  };
}

/** What a guard is called in errors and metrics: the name in the configuration, also where it was cut into several steps. */
export function ruleName(step: StepSettings): string {
  return nameOf(step).split(":", 1)[0]!;
}
