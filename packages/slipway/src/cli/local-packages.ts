// References in place of models: what a call names as NAME:3 or NAME@production is fetched before the command runs,
// and the command sees the file that it was fetched to.

import type { Command, Invocation } from "./command.ts";
import { printNote } from "./output.ts";

/** NAME=PATH, as serve and client take it. */
const NAMED = /^([A-Za-z0-9][A-Za-z0-9._-]*)=(.+)$/s;

/** @throws registry-*, oci-* */
export async function withLocalPackages(command: Command, call: Invocation): Promise<Invocation> {
  const args = await Promise.all(call.args.map((argument, i) => (command.arguments[Math.min(i, command.arguments.length - 1)]?.package === true ? fetched(argument) : argument)));
  const texts = new Map<string, string>();
  for (const [name, spec] of Object.entries(command.options)) {
    const given = spec.package === true ? call.text(name) : undefined;
    if (given !== undefined) texts.set(name, await fetched(given));
  }
  return { ...call, args, text: (name) => texts.get(name) ?? call.text(name) };
}

async function fetched(argument: string): Promise<string> {
  // Most arguments are paths: nothing is loaded for them.
  if (!/[:@]/.test(argument)) return argument;
  const [, name, rest = argument] = NAMED.exec(argument) ?? [];
  const { localFile } = await import("../references/index.ts");
  const { path, model, version, digest } = await localFile(rest);
  if (digest === undefined) return argument;
  printNote(`note: ${rest} is ${model === undefined ? "" : `${model}:${version}, `}${digest}`);
  return name === undefined ? path : `${name}=${path}`;
}
