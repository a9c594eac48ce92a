// Terraform's language, as much of it as is written: blocks, attributes, strings, lists and maps.

export type Hcl = string | number | boolean | Raw | readonly Hcl[] | { readonly [key: string]: Hcl | undefined };
/** An expression, written as it is. */
export class Raw {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}
/** A block: `type "label" "label" { ... }`; what is a block within is given in `blocks`. */
export interface Block {
  readonly type: string;
  readonly labels?: readonly string[];
  readonly attributes?: Readonly<Record<string, Hcl | undefined>>;
  readonly blocks?: readonly Block[];
}

export function terraform(blocks: readonly Block[]): string {
  return blocks.map((b) => written(b, "")).join("\n");
}

function written({ type, labels = [], attributes = {}, blocks = [] }: Block, indent: string): string {
  const inner = `${indent}  `;
  return [
    `${indent}${[type, ...labels.map((l) => JSON.stringify(l))].join(" ")} {`,
    ...lines(attributes, inner, (key) => key),
    ...blocks.map((b) => written(b, inner).trimEnd()), `${indent}}\n`,
  ].join("\n");
}

/** As `terraform fmt` has them: one under the other the signs of values that take one line each. */
function lines(given: Readonly<Record<string, Hcl | undefined>>, indent: string, keyOf: (key: string) => string): string[] {
  const some = Object.entries(given).filter((e): e is [string, Hcl] => e[1] !== undefined).map(([k, v]) => [keyOf(k), expression(v, indent)] as const);
  const isOne = (i: number): boolean => some[i] !== undefined && !some[i][1].includes("\n");
  return some.map(([key, value], i) => {
    if (!isOne(i)) return `${indent}${key} = ${value}`;
    let [from, to] = [i, i];
    while (isOne(from - 1)) from--;
    while (isOne(to + 1)) to++;
    return `${indent}${key.padEnd(Math.max(...some.slice(from, to + 1).map(([k]) => k.length)))} = ${value}`;
  });
}

function expression(value: Hcl, indent: string): string {
  if (value instanceof Raw) return value.text;
  if (typeof value === "string") return quoted(value);
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) return `[${(value as readonly Hcl[]).map((v) => expression(v, indent)).join(", ")}]`;
  const inside = lines(value as Readonly<Record<string, Hcl | undefined>>, `${indent}  `, (k) => (/^[A-Za-z_]\w*$/.test(k) ? k : quoted(k)));
  return inside.length === 0 ? "{}" : `{\n${inside.join("\n")}\n${indent}}`;
}

/** "${" and "%{" begin expressions in Terraform's strings, and it has fewer escapes than JSON. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(/[$%](?=\{)/g, (sign) => sign + sign).replace(/\\[\\"nrtubf]/g, (escape) => (escape === "\\b" ? "\\u0008" : escape === "\\f" ? "\\u000c" : escape));
}

export function provider(name: string, source: string, version: string, attributes: Readonly<Record<string, Hcl | undefined>>, blocks: readonly Block[] = []): Block[] {
  return [{ type: "terraform", blocks: [{ type: "required_providers", attributes: { [name]: { source, version } } }] }, { type: "provider", labels: [name], attributes, blocks }];
}
