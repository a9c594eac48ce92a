// The payments of the example: rows that the model has not seen, with what turned out to be true; and, where the drift
// is switched on, thieves with a new habit that no row of the training shows.

import { join } from "node:path";
import { readTable, type Row } from "../shared/csv.ts";

export interface Payment {
  /** The bank's own number for it, by which the truth comes back. */
  readonly id: string;
  /** What the model takes. */
  readonly row: Row;
  readonly outcome: string;
}

const rows = readTable(join(import.meta.dirname, "labelled.csv"));

/** One payment in five tries a stolen card with a euro or two in a game, by day, from anywhere. */
const TRIES = 0.2;

export function nextPayment(id: string, drift: boolean): Payment {
  const { outcome, ...row } = rows[Math.floor(Math.random() * rows.length)]!;
  if (!drift || Math.random() > TRIES) return { id, row, outcome: String(outcome) };
  return { id, row: { ...row, shop: "games", entry: "online", amount: 1 + Math.round(Math.random() * 99) / 100 }, outcome: "fraud" };
}
