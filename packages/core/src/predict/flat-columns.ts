// Outputs as flat columns, for answers that are tables: `probabilities` of the classes no and yes are the columns
// "probabilities.no" and "probabilities.yes".

import { MISSING_STRING } from "../package/index.ts";
import { keysOf, shortestFloat, type OutputData, type Prediction } from "./decode.ts";
import { predictError } from "./errors.ts";

export interface FlatColumn {
  readonly name: string;
  readonly output: OutputData;
  /** Place of the column's value in a row of the output. */
  readonly place: number;
}

/** Tables of more columns are of no use to anyone. */
const MAX_COLUMNS = 20_000;

/** @throws SlipwayError request-limit */
export function flatColumns({ outputs }: Prediction): FlatColumn[] {
  const wide = outputs.reduce((n, o) => n + o.width, 0);
  if (wide > MAX_COLUMNS) throw predictError("request-limit", `an answer of ${wide} columns is too wide for a table`, { hint: "Ask for JSON, or for other outputs." });
  return outputs.flatMap((output): FlatColumn[] => {
    const { name, rowShape } = output.output;
    if ((output.dims ?? rowShape).length === 0) return [{ name, output, place: 0 }];
    const keys = keysOf(output.output, output.width) ?? output.output.columns?.map(String);
    return Array.from({ length: output.width }, (_, place) => ({ name: `${name}.${keys?.length === output.width ? keys[place]! : place}`, output, place }));
  });
}

/** null: missing. Integers beyond 2^53 are texts of digits. */
export function flatValue({ output, place }: FlatColumn, row: number): string | number | boolean | null {
  const { data, width } = output;
  const i = row * width + place;
  if (Array.isArray(data)) return data[i] === MISSING_STRING ? null : data[i]!;
  if (output.output.type === "bool") return Number(data[i]) !== 0;
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) return Number.isSafeInteger(Number(data[i])) ? Number(data[i]) : String(data[i]);
  return data instanceof Float32Array ? shortestFloat(data[i]!) : (data[i] as number);
}
