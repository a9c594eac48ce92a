// Writes docs/errors.md from every table made with `defineErrors`. `node scripts/errors-doc.ts` rewrites it; the test
// beside this file fails when the document and the tables differ, in either direction.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { ErrorDefinition, ErrorTable } from "../packages/core/src/base/index.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
export const errorsDocument: string = join(root, "docs", "errors.md");

/** room -> code -> definition. */
export async function collectErrors(): Promise<Map<string, Map<string, ErrorDefinition>>> {
  const rooms = new Map<string, Map<string, ErrorDefinition>>();
  const owner = new Map<string, string>();
  for (const file of sourceFiles(join(root, "packages"))) {
    if (!/defineErrors\(/.test(readFileSync(file, "utf8"))) continue;
    const room = relative(join(root, "packages"), file).replace(/^([^/]+)\/src\//, "$1/").replace(/\/[^/]+$/, "");
    const exported = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
    for (const value of Object.values(exported)) {
      const table = typeof value === "function" && "table" in value ? (value.table as ErrorTable) : undefined;
      for (const [code, definition] of Object.entries(table ?? {})) {
        const other = owner.get(code);
        if (other !== undefined && other !== room) throw new Error(`the code ${code} is declared in ${other} and in ${room}`);
        owner.set(code, room);
        if (!rooms.has(room)) rooms.set(room, new Map());
        rooms.get(room)!.set(code, definition);
      }
    }
  }
  return new Map([...rooms].sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function renderErrors(rooms: ReadonlyMap<string, ReadonlyMap<string, ErrorDefinition>>): string {
  const lines = [
    "# Errors",
    "",
    "Every error that a user can cause has a code. The code says what happened; the message says what was found and where; the hint says what to do.",
    "This file is written by `node scripts/errors-doc.ts` from the tables in the source.",
    "",
    "| kind | command line exit | HTTP status | meaning |",
    "| --- | --- | --- | --- |",
    "| usage | 2 | 400 | the command, option or call is wrong |",
    "| invalid | 2 | 400 | the file or request is malformed, or is not what it claims to be |",
    "| unsupported | 2 | 415 | well-formed, but something Slipway does not do |",
    "| refused | 2 | 403 | well-formed, but unsafe: it carries code or reaches outside itself |",
    "| limit | 2 | 413 | larger, deeper or longer than allowed |",
    "| not-found | 2 | 404 | |",
    "| conflict | 2 | 409 | |",
    "| failed-check | 1 | 422 | a check that was asked for did not hold |",
    "| unavailable | 3 | 503 | a service, component or model is not there now |",
    "| exhausted | 3 | 429 | a queue, a rate or a quota is full: ask again later |",
    "| timeout | 3 | 504 | it took longer than its time |",
    "| unauthenticated | 3 | 401 | nobody said who they are, or not in a way that is believed |",
    "| unimplemented | 2 | 501 | a part of a protocol that is not offered |",
    "| internal | 70 | 500 | a fault of Slipway's own |",
  ];
  for (const [room, codes] of rooms) {
    lines.push("", `## ${room}`, "", "| code | kind | when, and what to do |", "| --- | --- | --- |");
    for (const [code, definition] of [...codes].sort(([a], [b]) => (a < b ? -1 : 1))) {
      lines.push(`| \`${code}\` | ${definition.kind} | ${definition.doc.replaceAll("|", "\\|")} |`);
    }
  }
  return `${lines.join("\n")}\n`;
}

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name === "node_modules" || entry.name === "dist") return [];
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sourceFiles(path);
    return path.includes("/src/") && entry.name.endsWith(".ts") && !entry.name.includes(".test.") ? [path] : [];
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(errorsDocument, renderErrors(await collectErrors()));
