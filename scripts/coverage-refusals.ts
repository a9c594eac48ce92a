// The refusals that the converters can give, read from their source: every call of a `refuse`, and every error of a kind
// that says no (unsupported, refused), with its words and its advice. What a message takes from the file is shown as "...".

import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { ErrorDefinition } from "../packages/core/src/base/index.ts";

export interface SourceRefusal {
  /** File below `root`, without its ending. */
  readonly place: string;
  readonly code: string;
  readonly words: string;
  readonly advice: string;
}

/** @param codes of all errors, to know which of them say no */
export function readRefusals(root: string, codes: ReadonlyMap<string, ErrorDefinition>): SourceRefusal[] {
  const saysNo = (code: string): boolean => ["unsupported", "refused"].includes(codes.get(code)?.kind ?? "");
  const found: SourceRefusal[] = [];
  for (const file of sourceFiles(root)) {
    const text = readFileSync(file, "utf8");
    const place = relative(root, file).replaceAll("\\", "/").replace(/\.ts$/, "");
    const constants = new Map([...text.matchAll(/^(?:export )?const (\w+)(?:: string)? = ("(?:[^"\\]|\\.)*");$/gm)].map(([, name, value]) => [name!, value!]));
    for (const match of text.matchAll(/\b(?:(?:\w+\.)?refuse|\w*Error)\(/g)) {
      const before = text.slice(Math.max(0, match.index - 20), match.index);
      if (/(function|class|new|\bnew) $/.test(before) || /^\s*refuse/.test(match[0]) && /\n {2}$/.test(before)) continue;
      const args = callArguments(text, match.index + match[0].length);
      const spoken = args.map((arg) => say(arg, constants)).filter((x) => x !== undefined);
      if (match[0].endsWith("Error(")) {
        const code = /^"([a-z][a-z0-9-]+)"$/.exec(args[0]?.trim() ?? "")?.[1];
        const words = args[1] === undefined ? undefined : say(args[1], constants);
        if (code === undefined || words === undefined || !saysNo(code)) continue;
        const hint = /\bhint:\s*([^]*?)\s*\}?\s*$/.exec(args[2] ?? "")?.[1];
        found.push({ place, code, words, advice: hint === undefined ? "" : (say(hint, constants) ?? "") });
      } else if (spoken.length > 0) {
        const torch = place.startsWith("torch/");
        const [what, ...rest] = spoken;
        const why = torch ? undefined : rest[0];
        found.push({ place, code: refuseCode(place), words: why === undefined ? what! : `${what}: ${why}`, advice: (torch ? rest[0] : rest[1]) ?? "" });
      }
    }
  }
  return found.filter((one, i) => found.findIndex((x) => x.place === one.place && x.words === one.words) === i);
}

/** What the framework's own `refuse` throws. */
function refuseCode(place: string): string {
  if (place.startsWith("torch/")) return "torch-operator";
  return "unsupported-option";
}

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1)).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sourceFiles(path);
    return entry.name.endsWith(".ts") && !entry.name.includes(".test.") ? [path] : [];
  });
}

/** The arguments of a call as they stand in the source, from behind its parenthesis. */
function callArguments(text: string, start: number): string[] {
  const out: string[] = [];
  let from = start;
  let depth = 0;
  for (let i = start; i < text.length; i++) {
    const char = text[i]!;
    if (char === '"' || char === "'" || char === "`") i = endOfString(text, i);
    else if ("([{".includes(char)) depth++;
    else if (depth > 0 && ")]}".includes(char)) depth--;
    else if (depth === 0 && (char === "," || char === ")")) {
      if (text.slice(from, i).trim() !== "") out.push(text.slice(from, i).trim());
      from = i + 1;
      if (char === ")") return out;
    }
  }
  return out;
}

/** Index of the closing quote; templates may hold others in their placeholders. */
function endOfString(text: string, start: number): number {
  const quote = text[start];
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === quote) return i;
    else if (quote === "`" && text[i] === "$" && text[i + 1] === "{") i = endOfPlaceholder(text, i + 2);
  }
  return text.length;
}
function endOfPlaceholder(text: string, start: number): number {
  let depth = 0;
  for (let i = start; i < text.length; i++) {
    const char = text[i]!;
    if (char === '"' || char === "'" || char === "`") i = endOfString(text, i);
    else if (char === "{") depth++;
    else if (char === "}" && depth-- === 0) return i;
  }
  return text.length;
}

/** The words of an expression that is, or chooses between, texts; undefined where it holds none. */
function say(expression: string, constants: ReadonlyMap<string, string>): string | undefined {
  const source = constants.get(expression) ?? expression;
  const texts: string[] = [];
  let nested = 0;
  for (let i = 0; i < source.length; i++) {
    const char = source[i]!;
    if (char === "(" || char === "[" || char === "{") nested++;
    else if (char === ")" || char === "]" || char === "}") nested--;
    else if (char === '"' || char === "'" || char === "`") {
      const end = endOfString(source, i);
      // Texts inside of calls and conditions are not what is said.
      const compared = /[=!]==\s*$/.test(source.slice(0, i)) || /^\s*[=!]==/.test(source.slice(end + 1));
      if (nested === 0 && !compared) texts.push(plain(source.slice(i, end + 1)));
      i = end;
    }
  }
  return texts.length === 0 ? undefined : texts.join(" / ");
}
function plain(literal: string): string {
  let out = "";
  for (let i = 1; i < literal.length - 1; i++) {
    if (literal[i] === "\\") out += literal[++i] === "n" ? " " : literal[i];
    else if (literal[0] === "`" && literal[i] === "$" && literal[i + 1] === "{") {
      i = endOfPlaceholder(literal, i + 2);
      out += "...";
    } else out += literal[i];
  }
  return out;
}
