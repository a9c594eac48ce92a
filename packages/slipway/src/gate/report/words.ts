// Figures as people read them, of a report of the gate.

import { numberText } from "../../server/index.ts";

export function bytesText(bytes: number): string {
  return bytes < 2 ** 20 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 2 ** 20).toFixed(1)} MB`;
}
export function cellText(value: string | number | boolean | null): string {
  return typeof value === "number" ? numberText(value) : value === null ? "" : typeof value === "boolean" ? (value ? "yes" : "no") : value;
}
