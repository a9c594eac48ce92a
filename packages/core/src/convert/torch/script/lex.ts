// Tokens of TorchScript's serialized source: Python's, without comments that matter. Lines inside brackets are joined.

import { malformed, shown, torchError } from "../errors.ts";

export type TokenKind = "name" | "number" | "string" | "op" | "newline" | "indent" | "dedent" | "end";
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly line: number;
}

const MAX_SOURCE = 2 ** 25;
const MAX_TOKENS = 4_000_000;
const MAX_INDENT = 100;

const PIECE = /[ \t]+|#[^\n]*|([A-Za-z_]\w*)|((?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?j?)|("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(->|\*\*|\/\/|<<|>>|[=!<>]=|[-+*/%@&|^~<>=()[\]{},:.;])/y;

export function tokenize(source: string, file: string): Token[] {
  if (source.length > MAX_SOURCE) throw torchError("torch-limit", `${file} has ${source.length} characters of code`);
  const tokens: Token[] = [];
  const indents = [0];
  let depth = 0;
  const lines = source.split("\n");
  for (const [i, text] of lines.entries()) {
    const line = i + 1;
    if (/^[ \t\r]*(#.*)?$/.test(text)) continue;
    if (depth === 0) indent(tokens, indents, /^ */.exec(text)![0].length, line, file);
    PIECE.lastIndex = 0;
    const clean = text.replace(/\r$/, "");
    while (PIECE.lastIndex < clean.length) {
      const at = PIECE.lastIndex;
      const match = PIECE.exec(clean);
      if (!match) throw malformed(`the code holds ${JSON.stringify(shown(clean.slice(at, at + 10)))}`, `${file} line ${line}`);
      const kind: TokenKind | undefined = match[1] !== undefined ? "name" : match[2] !== undefined ? "number" : match[3] !== undefined ? "string" : match[4] !== undefined ? "op" : undefined;
      if (!kind) continue;
      if ("([{".includes(match[0])) depth++;
      if (")]}".includes(match[0])) depth = Math.max(0, depth - 1);
      tokens.push({ kind, text: match[0], line });
      if (tokens.length > MAX_TOKENS) throw torchError("torch-limit", `${file} has more than ${MAX_TOKENS} words of code`);
    }
    if (depth === 0) tokens.push({ kind: "newline", text: "", line });
  }
  while (indents.pop()! > 0) tokens.push({ kind: "dedent", text: "", line: lines.length });
  tokens.push({ kind: "end", text: "", line: lines.length });
  return tokens;
}

function indent(tokens: Token[], indents: number[], width: number, line: number, file: string): void {
  if (width > indents.at(-1)!) {
    if (indents.length > MAX_INDENT) throw torchError("torch-limit", "the code is nested too deep", { where: file });
    indents.push(width);
    tokens.push({ kind: "indent", text: "", line });
  }
  while (width < indents.at(-1)!) {
    indents.pop();
    tokens.push({ kind: "dedent", text: "", line });
  }
}
