// Writes docs/configuration.md from the table of settings. `node scripts/config-doc.ts` rewrites it; the test beside this
// file fails when they differ.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { shownDefault } from "../packages/slipway/src/cli/config-options.ts";
import { describeLeaf, leavesOf, SERVE_SETTINGS, type Fields, type Spec } from "../packages/slipway/src/config/index.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
export const configDocument: string = join(root, "docs", "configuration.md");

export function renderConfig(fields: Fields = SERVE_SETTINGS): string {
  const byPath = new Map(leavesOf(fields).map((leaf) => [leaf.path.join("."), leaf]));
  const lines = [
    "# Configuration",
    "",
    "`slipway serve` (and `slipway test` its section `gate`) takes its settings from options, from the environment, from a file, and from defaults, in this order: what stands further to the left wins, setting by setting.",
    "",
    "The file is `slipway.config.yaml`, `.yml`, `.json`, `.ts`, `.mts`, `.js` or `.mjs` in the folder where the command runs, or the one named by `--config` or `SLIPWAY_CONFIG`. A module exports the settings, or a function that gives them, by default. Unknown keys are refused with the nearest name, and every message says the line.",
    "",
    "```yaml",
    "port: 9000",
    "repository: ./models",
    "memoryBudget: 2GB",
    "models:",
    "  churn:",
    "    versions: {latest: 2}",
    "    aliases: {stable: 1.0.0, canary: 1.1.0}",
    "    traffic:",
    "      split: [{version: stable, weight: 90}, {version: canary, weight: 10}]",
    "      stickyHeader: x-user-id",
    "    cache: {maxBytes: 16MB, ttl: 5m}",
    "```",
    "",
    "Bytes are numbers or `64MB` (kB, MB and GB are powers of 1024); durations are milliseconds or `500ms`, `30s`, `5m`, `1h`. In a variable, several texts stand with commas. Versions are texts: quote one that looks like a number.",
    "",
    "This file is written by `node scripts/config-doc.ts`.",
    "",
    "| key | option | variable | takes | default | |",
    "| --- | --- | --- | --- | --- | --- |",
  ];
  for (const [path, spec] of flat(fields)) {
    const leaf = byPath.get(path);
    const { default: given } = spec as { readonly default?: unknown };
    lines.push(`| \`${path}\` | ${leaf === undefined ? "" : `\`--${leaf.flag}\``} | ${leaf === undefined ? "" : `\`${leaf.env}\``} | ${takes(spec)} | ${given === undefined ? (spec.required === true ? "required" : "") : `\`${shownDefault({ type: spec.type, default: given })}\``} | ${sentence(spec.help)} |`.replaceAll("  ", " "));
  }
  return `${lines.join("\n")}\n`;
}

function takes(spec: Spec): string {
  switch (spec.type) {
    case "section": return "section";
    case "map": return spec.of.type === "text" ? "texts by name" : "sections by name";
    case "list": return "list";
    default: return describeLeaf(spec).replaceAll("|", "\\|");
  }
}

function flat(fields: Fields, above = ""): [string, Spec][] {
  return Object.entries(fields).flatMap(([key, spec]): [string, Spec][] => {
    const path = `${above}${key}`;
    if (spec.type === "section") return [...(spec.help === "" ? [] : [[path, spec] as [string, Spec]]), ...flat(spec.fields, `${path}.`)];
    if (spec.type === "map") return [[path, spec], ...(spec.of.type === "section" ? flat(spec.of.fields, `${path}.NAME.`) : [])];
    if (spec.type === "list") return [[path, spec], ...(spec.of.type === "section" ? flat(spec.of.fields, `${path}[].`) : [])];
    return [[path, spec]];
  });
}

function sentence(help: string): string {
  return `${help.slice(0, 1).toUpperCase()}${help.slice(1)}.`.replaceAll("|", "\\|");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(configDocument, renderConfig());
