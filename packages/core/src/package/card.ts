// The model card, in Markdown: what the model is for, what goes in and comes out, where it came from, how it was checked.
// Written from the manifest and the signature alone; what nobody stated is said to be not stated, never made up.
// The same facts stand in the CycloneDX document (sbom.ts).

import type { Comparison } from "./compare-outputs.ts";
import { describeForecasting } from "./forecasting.ts";
import type { Column, Output, Scalar, Signature } from "./signature.ts";
import type { PackageManifest } from "./types.ts";

/** What only people know. */
export interface CardFacts {
  readonly purpose?: string;
  readonly owner?: string;
  readonly users?: readonly string[];
  readonly limitations?: readonly string[];
  readonly ethicalConsiderations?: readonly string[];
  /** What the model was trained on. */
  readonly data?: string;
  /** Measured where it was trained: {"name": "roc_auc", "value": "0.87", "slice": "region=EU"}. */
  readonly metrics?: readonly { readonly name: string; readonly value: string; readonly slice?: string }[];
}

export interface CardParts {
  readonly manifest: PackageManifest;
  /** Absent where only the running model tells it. */
  readonly signature?: Signature;
  /** False of a model that runs as it was saved. */
  readonly compiled?: boolean;
  readonly facts?: CardFacts;
  /** The check file's result, where there was one. */
  readonly comparison?: Comparison | null;
  readonly checkFile?: string;
}

const NOT_STATED = "Not stated.";
const WHEN_RUN = "The running service tells them: `GET /models/NAME`.";
/** Limits of the arithmetic, such as the largest number of single precision, tell a person nothing. */
const BEYOND_PEOPLE = 1e15;
const LISTED_COLUMNS = 200;
const LISTED_VALUES = 12;

export function writeCard({ manifest, signature, compiled = true, facts = {}, comparison, checkFile }: CardParts): string {
  const { source, tool } = manifest;
  const producer = Object.entries(source.producer).sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, version]) => `${line(name)} ${line(version)}`);
  const sections: string[] = [
    `# ${line(manifest.name)} ${line(manifest.version)}`,
    ...(manifest.description === undefined ? [] : [line(manifest.description)]),
    section("Purpose", facts.purpose),
    section("Owner", facts.owner ?? manifest.authors?.join(", ")),
    section("Intended users", bullets(facts.users)),
    section("Limits", bullets(facts.limitations)),
    section("Ethical considerations", bullets(facts.ethicalConsiderations)),
    section("Training data", facts.data),
    section("Inputs", signature === undefined ? WHEN_RUN : inputsText(signature, comparison ? "the check file" : "the training rows")),
    ...(signature?.forecast === undefined ? [] : [`## Forecasts\n\n${table(["Column", "What it is"], describeForecasting(signature.forecast))}`]),
    section("Outputs", signature === undefined ? WHEN_RUN : table(["Output", "Kind", "Type", "Entries"], signature.outputs.map(outputRow))),
    section("Performance", performanceText(facts, comparison, checkFile)),
    `## Origin\n\n${table(["What", "Value"], [
      ["Source file", source.file],
      ["SHA-256 of the source file", source.sha256],
      ["Bytes", String(source.bytes)],
      ["Format", source.format],
      ["Class", source.rootClass],
      ["Made with", producer.length > 0 ? producer.join(", ") : "unknown"],
      [compiled ? "Compiled by" : "Packed by", `${tool.name} ${tool.version}`],
      ...(manifest.created === undefined ? [] : [["Packed", manifest.created]]),
      ...(manifest.licenses === undefined ? [] : [["Licences", manifest.licenses.join(", ")]]),
      ...Object.entries(manifest.origin ?? {}).map(([what, value]) => [what, value]),
      ...manifest.lineage.map((digest) => ["Comes from", digest]),
    ])}`,
  ];
  return sections.join("\n\n") + "\n";
}

function section(title: string, text: string | undefined): string {
  return `## ${title}\n\n${text === undefined || text.trim() === "" ? NOT_STATED : text.trim()}`;
}

function bullets(items: readonly string[] | undefined): string | undefined {
  return items === undefined || items.length === 0 ? undefined : items.map((item) => `- ${line(item)}`).join("\n");
}

function inputsText(signature: Signature, rowsFrom: string): string {
  if (signature.tensors) return table(["Tensor", "Type", "Shape"], signature.tensors.map((t) => [t.name, t.type, t.anyRank === true ? "any" : t.shape.map((d) => (d === -1 ? "any" : d)).join(" x ") || "one value"]));
  const used = signature.columns.filter((c) => c.used);
  const unused = signature.columns.length - used.length;
  const listed = used.slice(0, LISTED_COLUMNS);
  const parts = [table(["Column", "Type", "May be missing", "Values", "Example"], listed.map((c) => columnRow(c, rowsFrom)))];
  if (used.length > listed.length) parts.push(`... and ${used.length - listed.length} more columns.`);
  if (unused > 0) parts.push(`${unused} ${unused === 1 ? "column the file knows has" : "columns the file knows have"} no influence on the outputs.`);
  parts.push(`Columns not listed here are ${signature.extraColumns}.`);
  return parts.join("\n\n");
}

/** @param rowsFrom of which rows the range is */
function columnRow(column: Column, rowsFrom: string): string[] {
  const values: string[] = [];
  if (column.categories) {
    values.push(list(column.categories) + (column.unknown === "refused" ? "; others are refused" : ""));
  }
  if (column.seen === "boolean") values.push("true or false");
  else if (column.range) values.push(`${column.range[0]} to ${column.range[1]} in ${rowsFrom}`);
  if (column.limits) {
    const [low, high] = column.limits;
    if (low > -BEYOND_PEOPLE) values.push(`at least ${low}`);
    if (high < BEYOND_PEOPLE) values.push(`at most ${high}`);
  }
  const example = column.example === undefined || column.example === null ? "" : String(column.example);
  return [column.name, column.type, column.missing === "allowed" ? "yes" : "no", values.join("; "), example.slice(0, 80)];
}

function outputRow(output: Output): string[] {
  const entries = output.columns ?? output.classes;
  return [output.name, output.kind, output.type, entries === undefined ? "" : list(entries)];
}

function performanceText(facts: CardFacts, comparison: Comparison | null | undefined, checkFile: string | undefined): string | undefined {
  const parts: string[] = [];
  if (facts.metrics && facts.metrics.length > 0) {
    parts.push(table(["Metric", "Value", "Slice"], facts.metrics.map((m) => [m.name, m.value, m.slice ?? ""])));
  }
  if (comparison) {
    const { rows, rowsBeyond, labelFlips, maxAbs, maxRelative, rounded } = comparison;
    parts.push(`Compared with the predictions of the original model${checkFile === undefined ? "" : ` in ${line(checkFile)}`}: ${rows} rows, ${rowsBeyond === 0 ? "all agree" : `${rowsBeyond} differ`}, ${labelFlips} labels changed, largest difference of a number ${small(maxAbs)}, or ${small(maxRelative)} of the number's size.${rounded > 0 ? ` ${rounded} values agree to the decimals the file holds.` : ""}`);
  }
  return parts.length === 0 ? undefined : parts.join("\n\n");
}

/** A difference, of which only the size matters. */
function small(value: number): string {
  return String(Number(value.toPrecision(2)));
}

function list(values: readonly Scalar[]): string {
  const shown = values.slice(0, LISTED_VALUES).map((v) => String(v).slice(0, 60)).join(", ");
  return values.length > LISTED_VALUES ? `${shown} ... (${values.length})` : shown;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const render = (cells: readonly string[]): string => `| ${cells.map(line).join(" | ")} |`;
  return [render(head), `| ${head.map(() => "---").join(" | ")} |`, ...rows.map(render)].join("\n");
}

/** One line of text from outside, which cannot become a table cell of its own, a link, an image or HTML. */
function line(text: string): string {
  return text.replace(/[\s\0-\x1f\x7f]+/g, " ").replace(/[\\`*[\]<>|]/g, "\\$&").trim();
}
