// A signature as a table for a terminal.

import { describeForecasting, type Column, type ImageInput, type Output, type Signature } from "@slipway/core/package";
import { isFlag, shapeText } from "../runtime/index.ts";

export function signatureTable(signature: Signature): string {
  const used = signature.columns.filter((c) => c.used);
  const unused = signature.columns.filter((c) => !c.used).map((c) => c.name);
  const shown = signature.layout === "matrix" && used.length > 12 ? used.slice(0, 4) : used;
  if (signature.tensors) {
    const names = Math.max(...signature.tensors.map((t) => t.name.length));
    return ["takes tensors:", ...signature.tensors.map((t) => `  ${t.name.padEnd(names)}  ${t.type} ${shapeText(t, signature)}${t.image === undefined ? "" : `, or pictures: ${imageText(t.image)}`}`), ...outputLines(signature)].join("\n");
  }
  const lines = [signature.layout === "matrix" ? `takes rows of ${used.length} numbers:` : `takes ${used.length} column${used.length === 1 ? "" : "s"}:`];
  const width = Math.max(0, ...shown.map((c) => c.name.length));
  for (const c of shown) lines.push(`  ${c.name.padEnd(width)}  ${describeColumn(c)}`);
  if (shown.length < used.length) lines.push(`  ... ${used.length - shown.length} more`);
  if (unused.length > 0) lines.push(`  not used: ${list(unused, 8)}`);
  return [...lines, ...outputLines(signature), ...forecastLines(signature)].join("\n");
}

function forecastLines({ forecast }: Signature): string[] {
  if (forecast === undefined) return [];
  const rows = describeForecasting(forecast);
  const width = Math.max(...rows.map(([name]) => name.length));
  return ["forecasts, of the history of each series:", ...rows.map(([name, what]) => `  ${name.padEnd(width)}  ${what}`)];
}

function imageText({ resize, size, filter, order, scale, mean, std }: ImageInput): string {
  const how = { stretch: `stretched${size === undefined ? "" : ` to ${size.join(" x ")}`}`, shortest: `shorter edge to ${size?.[0]}`, crop: "cropped to its ratio", pad: "padded to its ratio", none: "of their own size" }[resize];
  return `${how} (${filter}), ${order}, times ${short(scale)}${mean.every((m) => m === 0) && std.every((s) => s === 1) ? "" : `, less ${mean.map(short).join(" ")}, over ${std.map(short).join(" ")}`}`;
}

function outputLines(signature: Signature): string[] {
  const width = Math.max(...signature.outputs.map((o) => o.name.length));
  return ["gives:", ...signature.outputs.map((o) => `  ${o.name.padEnd(width)}  ${describeOutput(o)}`)];
}

function describeColumn(c: Column): string {
  const parts: string[] = [isFlag(c) ? "true or false" : { double: "number", int64: "whole number", boolean: "true or false", string: "text" }[c.type]];
  if (c.missing === "allowed") parts.push("may be missing");
  if (c.categories && c.type !== "boolean") parts.push(`${c.unknown === "refused" ? "one of" : "knows"} ${list(c.categories.map((v) => JSON.stringify(v)), 6)}`);
  if (c.range && !isFlag(c)) parts.push(`seen ${short(c.range[0])} to ${short(c.range[1])}`);
  return parts.join(", ");
}

function short(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(6)));
}

function describeOutput(o: Output): string {
  if (o.classes) return `one of ${list(o.classes.map((v) => JSON.stringify(v)), 8)}`;
  const each = o.type === "string" && o.kind !== "label" ? "text" : "number";
  if (o.columns) return `${o.columns.length} ${each}${o.columns.length === 1 ? "" : "s"}: ${list(o.columns.map(String), 6)}`;
  return o.rowShape.length === 0 ? (o.kind === "label" ? "a label" : `a ${each}`) : `${o.rowShape.join(" x ")} ${each}${o.rowShape.every((d) => d === 1) ? "" : "s"}`;
}

function list(items: readonly string[], most: number): string {
  return items.length <= most ? items.join(", ") : `${items.slice(0, most).join(", ")} and ${items.length - most} more`;
}
