// Reads the examples' own tables: no quotes, no commas in a field. What looks like a number is one, an empty field is missing.

import { readFileSync } from "node:fs";

export type Cell = string | number | boolean | null;
export type Row = Record<string, Cell>;

export function readTable(path: string): Row[] {
  const [head, ...lines] = readFileSync(path, "utf8").trim().split(/\r?\n/);
  const names = head!.split(",");
  return lines.map((line) => Object.fromEntries(line.split(",").map((field, i) => [names[i]!, cellOf(field)])));
}

function cellOf(field: string): Cell {
  if (field === "") return null;
  if (field === "True" || field === "False") return field === "True";
  const number = Number(field);
  return Number.isNaN(number) ? field : number;
}
