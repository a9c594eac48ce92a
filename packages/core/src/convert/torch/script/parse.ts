// TorchScript's serialized source as a tree: the part of Python that PyTorch's printer writes (torch/csrc/jit/serialization/
// python_print.cpp). Nothing is looked up here, and nothing is ever run.

import type { SlipwayError } from "../../../base/index.ts";
import { malformed, shown, torchError } from "../errors.ts";
import { tokenize, type Token } from "./lex.ts";

export type Expression =
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "constant"; readonly value: bigint | number | string | boolean | null }
  | { readonly kind: "attribute"; readonly of: Expression; readonly name: string }
  | { readonly kind: "call"; readonly callee: Expression; readonly args: readonly Expression[]; readonly named: readonly (readonly [string, Expression])[]; readonly line: number }
  | { readonly kind: "index"; readonly of: Expression; readonly items: readonly Expression[] }
  | { readonly kind: "list"; readonly items: readonly Expression[]; readonly tuple: boolean }
  | { readonly kind: "dict"; readonly items: readonly (readonly [Expression, Expression])[] }
  | { readonly kind: "unary"; readonly op: string; readonly x: Expression }
  | { readonly kind: "binary"; readonly op: string; readonly a: Expression; readonly b: Expression }
  | { readonly kind: "choice"; readonly test: Expression; readonly yes: Expression; readonly otherwise: Expression };

export type Statement =
  | { readonly kind: "assign"; readonly target: Expression; readonly value: Expression; readonly line: number }
  | { readonly kind: "declare"; readonly name: string; readonly value: Expression | undefined }
  | { readonly kind: "evaluate"; readonly value: Expression; readonly line: number }
  | { readonly kind: "return"; readonly value: Expression; readonly line: number }
  | { readonly kind: "if"; readonly test: Expression; readonly yes: readonly Statement[]; readonly otherwise: readonly Statement[]; readonly line: number }
  | { readonly kind: "for"; readonly target: Expression; readonly over: Expression; readonly body: readonly Statement[]; readonly line: number }
  | { readonly kind: "while"; readonly test: Expression; readonly body: readonly Statement[]; readonly line: number }
  | { readonly kind: "pass" }
  | FunctionDefinition
  | { readonly kind: "class"; readonly name: string; readonly base: string; readonly body: readonly Statement[] };

export interface Parameter {
  readonly name: string;
  /** "Tensor", "Optional", "List" ...: the outermost name of the annotation. */
  readonly type: string;
  readonly fallback: Expression | undefined;
}
export interface FunctionDefinition {
  readonly kind: "def";
  readonly name: string;
  readonly params: readonly Parameter[];
  readonly body: readonly Statement[];
  readonly file: string;
}

const MAX_DEPTH = 200;
const CONSTANTS: ReadonlyMap<string, boolean | null | number> = new Map<string, boolean | null | number>([["True", true], ["False", false], ["None", null], ["inf", Infinity], ["nan", NaN]]);
/** By binding strength, weakest first. */
const BINARY: readonly (readonly string[])[] = [["or"], ["and"], ["in", "is", "==", "!=", "<", "<=", ">", ">="], ["|"], ["^"], ["&"], ["<<", ">>"], ["+", "-"], ["*", "/", "//", "%", "@"]];

export function parseSource(source: string, file: string): readonly Statement[] {
  return new Parser(tokenize(source, file), file).file();
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #file: string;
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], file: string) {
    this.#tokens = tokens;
    this.#file = file;
  }
  get #token(): Token {
    return this.#tokens[this.#at]!;
  }
  #bad(): SlipwayError {
    return malformed(`the code cannot be read at ${JSON.stringify(shown(this.#token.text))}`, `${this.#file} line ${this.#token.line}`);
  }
  #kind(): Token["kind"] {
    return this.#token.kind;
  }
  #is(text: string): boolean {
    return this.#token.text === text && (this.#token.kind === "op" || this.#token.kind === "name");
  }
  #skip(text: string): boolean {
    if (!this.#is(text)) return false;
    this.#at++;
    return true;
  }
  #need(text: string): void {
    if (!this.#skip(text)) throw this.#bad();
  }
  #name(): string {
    const token = this.#token;
    if (token.kind !== "name") throw this.#bad();
    this.#at++;
    return token.text;
  }
  #newline(): void {
    if (this.#token.kind !== "newline") throw this.#bad();
    this.#at++;
  }
  #nested<T>(parse: () => T): T {
    if (++this.#depth > MAX_DEPTH) throw torchError("torch-limit", "the code is nested too deep", { where: `${this.#file} line ${this.#token.line}` });
    const result = parse();
    this.#depth--;
    return result;
  }

  file(): Statement[] {
    const out: Statement[] = [];
    while (this.#token.kind !== "end") {
      if (this.#token.kind === "newline") this.#at++;
      else out.push(this.#statement());
    }
    return out;
  }
  #block(): Statement[] {
    this.#need(":");
    this.#newline();
    if (this.#kind() !== "indent") return [];
    this.#at++;
    const out: Statement[] = [];
    while (this.#kind() !== "dedent") {
      if (this.#kind() === "end") throw this.#bad();
      out.push(this.#statement());
    }
    this.#at++;
    return out;
  }
  #statement(): Statement {
    return this.#nested(() => this.#anyStatement());
  }
  #anyStatement(): Statement {
    const { line } = this.#token;
    if (this.#skip("class")) {
      const name = this.#name();
      let base = "";
      if (this.#skip("(")) {
        base = this.#name();
        this.#need(")");
      }
      return { kind: "class", name, base, body: this.#block() };
    }
    if (this.#skip("def")) return this.#definition();
    if (this.#skip("if")) {
      const test = this.#expression();
      const yes = this.#block();
      const otherwise = this.#is("elif") ? this.#elif() : this.#skip("else") ? this.#block() : [];
      return { kind: "if", test, yes, otherwise, line };
    }
    if (this.#skip("for")) {
      const target = this.#targets();
      this.#need("in");
      const over = this.#expression();
      return { kind: "for", target, over, body: this.#block(), line };
    }
    if (this.#skip("while")) {
      const test = this.#expression();
      return { kind: "while", test, body: this.#block(), line };
    }
    const simple = this.#simple(line);
    this.#newline();
    return simple;
  }
  #elif(): Statement[] {
    const { line } = this.#token;
    this.#need("elif");
    const test = this.#expression();
    const yes = this.#block();
    const otherwise = this.#is("elif") ? this.#nested(() => this.#elif()) : this.#skip("else") ? this.#block() : [];
    return [{ kind: "if", test, yes, otherwise, line }];
  }
  #simple(line: number): Statement {
    if (this.#skip("pass")) return { kind: "pass" };
    if (this.#skip("return")) return { kind: "return", value: this.#token.kind === "newline" ? { kind: "constant", value: null } : this.#targets(), line };
    const target = this.#targets();
    if (this.#skip(":")) {
      this.#expression();
      const value = this.#skip("=") ? this.#targets() : undefined;
      if (target.kind !== "name") throw this.#bad();
      return { kind: "declare", name: target.name, value };
    }
    if (this.#skip("=")) return { kind: "assign", target, value: this.#targets(), line };
    return { kind: "evaluate", value: target, line };
  }
  #definition(): FunctionDefinition {
    const name = this.#name();
    this.#need("(");
    const params: Parameter[] = [];
    while (!this.#skip(")")) {
      if (this.#skip("*")) {
        if (!this.#skip(",")) throw this.#bad();
        continue;
      }
      const param = this.#name();
      const type = this.#skip(":") ? this.#expression() : undefined;
      const fallback = this.#skip("=") ? this.#expression() : undefined;
      params.push({ name: param, type: typeName(type), fallback });
      if (!this.#is(")")) this.#need(",");
    }
    if (this.#skip("->")) this.#expression();
    return { kind: "def", name, params, body: this.#block(), file: this.#file };
  }

  /** One expression, or several as a tuple without brackets. */
  #targets(): Expression {
    const first = this.#expression();
    if (!this.#is(",")) return first;
    const items = [first];
    while (this.#skip(",")) {
      if (this.#token.kind === "newline" || this.#is("=") || this.#is("in")) break;
      items.push(this.#expression());
    }
    return { kind: "list", items, tuple: true };
  }
  #expression(): Expression {
    return this.#nested(() => {
      const value = this.#binary(0);
      if (!this.#skip("if")) return value;
      const test = this.#binary(0);
      this.#need("else");
      return { kind: "choice", test, yes: value, otherwise: this.#expression() };
    });
  }
  #binary(level: number): Expression {
    if (level === BINARY.length) return this.#unary();
    let a = this.#binary(level + 1);
    for (;;) {
      // The "in" of a for statement is taken by its caller.
      const op = BINARY[level]!.find((o) => this.#is(o) && o !== "in");
      if (op === undefined) return a;
      this.#at++;
      const negated = op === "is" && this.#skip("not");
      a = { kind: "binary", op: negated ? "is not" : op, a, b: this.#binary(level + 1) };
    }
  }
  #unary(): Expression {
    const op = ["-", "+", "~", "not"].find((o) => this.#is(o));
    if (op === undefined) return this.#power();
    this.#at++;
    return { kind: "unary", op, x: this.#nested(() => this.#unary()) };
  }
  #power(): Expression {
    const base = this.#postfix();
    return this.#skip("**") ? { kind: "binary", op: "**", a: base, b: this.#nested(() => this.#unary()) } : base;
  }
  #postfix(): Expression {
    let x = this.#atom();
    for (;;) {
      if (this.#skip(".")) x = { kind: "attribute", of: x, name: this.#name() };
      else if (this.#is("(")) x = this.#call(x);
      else if (this.#skip("[")) x = { kind: "index", of: x, items: this.#items("]") };
      else return x;
    }
  }
  #call(callee: Expression): Expression {
    const { line } = this.#token;
    this.#need("(");
    const args: Expression[] = [];
    const named: (readonly [string, Expression])[] = [];
    while (!this.#skip(")")) {
      const next = this.#tokens[this.#at + 1];
      if (this.#token.kind === "name" && next?.kind === "op" && next.text === "=") {
        const name = this.#name();
        this.#need("=");
        named.push([name, this.#expression()]);
      } else args.push(this.#expression());
      if (!this.#is(")")) this.#need(",");
    }
    return { kind: "call", callee, args, named, line };
  }
  #items(close: string): Expression[] {
    const items: Expression[] = [];
    while (!this.#skip(close)) {
      items.push(this.#expression());
      if (!this.#is(close)) this.#need(",");
    }
    return items;
  }
  #atom(): Expression {
    const token = this.#token;
    this.#at++;
    if (token.kind === "name") return CONSTANTS.has(token.text) ? { kind: "constant", value: CONSTANTS.get(token.text)! } : { kind: "name", name: token.text };
    if (token.kind === "number") {
      if (token.text.length > 400 || token.text.endsWith("j")) throw malformed(`the number ${shown(token.text)}`, `${this.#file} line ${token.line}`);
      return { kind: "constant", value: /^\d+$/.test(token.text) ? BigInt(token.text) : Number(token.text) };
    }
    if (token.kind === "string") return { kind: "constant", value: unescape(token.text.slice(1, -1)) };
    if (token.text === "[") return { kind: "list", items: this.#items("]"), tuple: false };
    if (token.text === "{") {
      const items: (readonly [Expression, Expression])[] = [];
      while (!this.#skip("}")) {
        const key = this.#expression();
        this.#need(":");
        items.push([key, this.#expression()]);
        if (!this.#is("}")) this.#need(",");
      }
      return { kind: "dict", items };
    }
    if (token.text === "(") {
      if (this.#skip(")")) return { kind: "list", items: [], tuple: true };
      const first = this.#expression();
      if (this.#skip(")")) return first;
      this.#need(",");
      return { kind: "list", items: [first, ...this.#items(")")], tuple: true };
    }
    this.#at--;
    throw this.#bad();
  }
}

function typeName(type: Expression | undefined): string {
  if (type?.kind === "name") return type.name;
  if (type?.kind === "index") return typeName(type.of);
  return type?.kind === "attribute" ? type.name : "";
}

function unescape(text: string): string {
  return text.replace(/\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|.)/g, (_, e: string) => {
    if (e[0] === "x" && e.length === 3) return String.fromCharCode(Number.parseInt(e.slice(1), 16));
    if (/^[0-7]+$/.test(e)) return String.fromCharCode(Number.parseInt(e, 8));
    return ({ n: "\n", t: "\t", r: "\r" } as Record<string, string>)[e] ?? e;
  });
}
