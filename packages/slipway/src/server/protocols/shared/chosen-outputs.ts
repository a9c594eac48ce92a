// `"outputs": ["label"]` among a request's parameters, where a protocol has no place of its own for it.

import { predictError } from "../../../runtime/index.ts";

/** undefined: all. @throws SlipwayError request-shape */
export function chosenOutputs(parameters: unknown, label: string): readonly string[] | undefined {
  if (parameters === undefined || parameters === null) return undefined;
  if (typeof parameters !== "object" || Array.isArray(parameters)) throw predictError("request-shape", `${JSON.stringify(label)} is no object`);
  const { outputs } = parameters as { outputs?: unknown };
  if (outputs === undefined) return undefined;
  const names = typeof outputs === "string" ? [outputs] : outputs;
  if (!Array.isArray(names) || names.length === 0 || !names.every((n) => typeof n === "string")) throw predictError("request-shape", `"outputs" in ${JSON.stringify(label)} is no list of names`);
  return [...new Set(names as string[])];
}
