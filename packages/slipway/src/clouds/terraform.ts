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
  const some = Object.entries(attributes).filter((entry): entry is [string, Hcl] => entry[1] !== undefined);
  const width = Math.max(0, ...some.map(([key]) => key.length));
  return [
    `${indent}${[type, ...labels.map((l) => JSON.stringify(l))].join(" ")} {`,
    ...some.map(([key, value]) => `${inner}${key.padEnd(width)} = ${expression(value, inner)}`),
    ...blocks.map((b) => written(b, inner).trimEnd()), `${indent}}\n`,
  ].join("\n");
}

function expression(value: Hcl, indent: string): string {
  if (value instanceof Raw) return value.text;
  // "${" begins an expression in Terraform's strings.
  if (typeof value === "string") return JSON.stringify(value).replaceAll("${", "$${").replaceAll("%{", "%%{");
  if (typeof value !== "object") return String(value);
  if (Array.isArray(value)) return `[${(value as readonly Hcl[]).map((v) => expression(v, indent)).join(", ")}]`;
  const entries = Object.entries(value as Readonly<Record<string, Hcl | undefined>>).filter((e): e is [string, Hcl] => e[1] !== undefined);
  return entries.length === 0 ? "{}" : `{\n${entries.map(([k, v]) => `${indent}  ${/^[A-Za-z_]\w*$/.test(k) ? k : JSON.stringify(k)} = ${expression(v, `${indent}  `)}`).join("\n")}\n${indent}}`;
}

export function provider(name: string, source: string, version: string, attributes: Readonly<Record<string, Hcl | undefined>>, blocks: readonly Block[] = []): Block[] {
  return [{ type: "terraform", blocks: [{ type: "required_providers", attributes: { [name]: { source, version } } }] }, { type: "provider", labels: [name], attributes, blocks }];
}
