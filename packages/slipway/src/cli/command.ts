// One command of the command line: its options, its help and what it does. Parsed by node:util's parseArgs.

import { parseArgs } from "node:util";
import { defineErrors, type ErrorMaker, nearest } from "@slipway/core/base";

const table = {
  "unknown-command": { kind: "usage", doc: "There is no such command. `slipway --help` lists them." },
  "unknown-option": { kind: "usage", doc: "The command has no such option. `slipway COMMAND --help` lists them." },
  "missing-argument": { kind: "usage", doc: "The command needs another argument." },
  "bad-argument": { kind: "usage", doc: "An argument or an option's value cannot be understood." },
  "data-not-found": { kind: "not-found", doc: "The data file cannot be read. Give a path, or - for standard input." },
  "data-not-text": { kind: "invalid", doc: "The data file is not text, or text in another encoding than UTF-8. Save it as UTF-8; nothing is guessed." },
  "cannot-write": { kind: "usage", doc: "The output file cannot be written: the folder is missing, or is not writable." },
  "nobody-may-enter": { kind: "usage", doc: "`slipway up` was to listen beyond this machine, and there is neither a key nor a provider with which anybody could sign in. Make a key for an administrator first." },
  internal: { kind: "internal", doc: "A fault of Slipway's own, not of the file or the request. Please report it." },
} as const;

export const usageError: ErrorMaker<typeof table> = defineErrors(table);

export interface OptionSpec {
  readonly type: "string" | "boolean";
  readonly short?: string;
  readonly multiple?: boolean;
  /** For help: the value's name. */
  readonly value?: string;
  readonly help: string;
  /** A model: a path, or a reference that is fetched before the command runs (local-packages.ts). */
  readonly package?: boolean;
}

export interface Invocation {
  readonly args: readonly string[];
  /** As they were written, where a reference in `args` became the file that it was fetched to. */
  readonly given: readonly string[];
  flag(name: string): boolean;
  text(name: string): string | undefined;
  texts(name: string): readonly string[];
  /** A whole number within bounds. */
  count(name: string, bounds: readonly [number, number]): number | undefined;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  /** After `slipway NAME`. */
  readonly usage: string;
  readonly arguments: readonly { readonly name: string; readonly help: string; readonly optional?: boolean; readonly many?: boolean; /** As of options. */ readonly package?: boolean }[];
  readonly options: Readonly<Record<string, OptionSpec>>;
  readonly examples: readonly string[];
  /** Commands below this one, by the word that calls them in place of the first argument: `slipway batch retry`. */
  readonly commands?: CommandGroup["commands"];
  /** Returns the exit code. */
  readonly run: (call: Invocation) => Promise<number>;
}

/** A command of commands: `slipway registry push`. Only the file of the one that is called is loaded. */
export interface CommandGroup {
  readonly name: string;
  readonly summary: string;
  readonly commands: Readonly<Record<string, { readonly summary: string; readonly load: () => Promise<Command> }>>;
  /** Below the list of commands in help. */
  readonly notes: readonly string[];
}

export function groupHelp(group: CommandGroup): string {
  const width = Math.max(...Object.keys(group.commands).map((n) => n.length));
  return `${[
    `slipway ${group.name}: ${group.summary}`, "", `  slipway ${group.name} COMMAND [ARGUMENTS]`, "",
    ...Object.entries(group.commands).map(([name, c]) => `  ${name.padEnd(width)}  ${c.summary}`), "",
    `  slipway ${group.name} COMMAND --help shows a command's options and examples.`, ...(group.notes.length > 0 ? ["", ...group.notes] : []),
  ].join("\n")}\n`;
}

export function defineCommand(command: Command): Command {
  return command;
}

const COMMON_OPTIONS: Readonly<Record<"json" | "help", OptionSpec>> = {
  json: { type: "boolean", help: "print the result as JSON" },
  help: { type: "boolean", short: "h", help: "show this help" },
};

/** @throws unknown-option, missing-argument, bad-argument */
export function parseCall(command: Command, argv: readonly string[]): Invocation {
  const options: Record<string, OptionSpec> = { ...command.options, ...COMMON_OPTIONS };
  const { values, positionals, tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(Object.entries(options).map(([name, o]) => [name, { type: o.type, multiple: o.multiple === true, ...(o.short ? { short: o.short } : {}) }])),
    allowPositionals: true, strict: false, tokens: true,
  });
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const spec = options[token.name];
    if (!spec) {
      const near = nearest(token.name, Object.keys(options));
      throw usageError("unknown-option", `${command.name} has no option ${token.rawName}`, {
        hint: near ? `Did you mean --${near}?` : `slipway ${command.name} --help lists the options.` });
    }
    if (spec.type === "string" && token.value === undefined) throw usageError("bad-argument", `${token.rawName} needs a value (${spec.value ?? "text"})`);
    if (spec.type === "boolean" && token.value !== undefined) throw usageError("bad-argument", `${token.rawName} takes no value`);
  }
  const needed = command.arguments.filter((a) => !a.optional).length;
  if (values["help"] !== true && positionals.length < needed) {
    throw usageError("missing-argument", `${command.name} needs ${command.arguments[positionals.length]!.name}`, { hint: `slipway ${command.name} ${command.usage}` });
  }
  if (!command.arguments.some((a) => a.many) && positionals.length > command.arguments.length) {
    throw usageError("bad-argument", `${command.name} takes ${command.arguments.length} argument${command.arguments.length === 1 ? "" : "s"}, found ${JSON.stringify(positionals[command.arguments.length])} as well`, {
      hint: `slipway ${command.name} ${command.usage}` });
  }
  const text = (name: string): string | undefined => {
    const v = values[name];
    return typeof v === "string" ? v : undefined;
  };
  return {
    args: positionals,
    given: positionals,
    flag: (name) => values[name] === true,
    text,
    texts: (name) => {
      const v = values[name];
      return Array.isArray(v) ? v.filter((x) => typeof x === "string") : [];
    },
    count: (name, [low, high]) => {
      const v = text(name);
      if (v === undefined) return undefined;
      const n = Number(v);
      if (!/^\d+$/.test(v) || n < low || n > high) throw usageError("bad-argument", `--${name} must be a whole number from ${low} to ${high}, found ${JSON.stringify(v)}`);
      return n;
    },
  };
}

export function commandHelp(command: Command): string {
  const lines = [`slipway ${command.name}: ${command.summary}`, "", `  slipway ${command.name} ${command.usage}`, ""];
  const table = (rows: readonly (readonly [string, string])[]): void => {
    const width = Math.max(...rows.map(([left]) => left.length));
    for (const [left, right] of rows) lines.push(`  ${left.padEnd(width)}  ${right}`);
  };
  if (command.arguments.length > 0) {
    table(command.arguments.map((a) => [a.name, a.help]));
    lines.push("");
  }
  table(Object.entries({ ...command.options, ...COMMON_OPTIONS } as Record<string, OptionSpec>).map(([name, o]) => [
    `${o.short ? `-${o.short}, ` : "    "}--${name}${o.type === "string" ? ` ${o.value ?? "VALUE"}` : ""}`, o.help]));
  if (command.commands !== undefined) lines.push("", ...Object.entries(command.commands).map(([name, c]) => `  slipway ${command.name} ${name}: ${c.summary}`));
  if (command.examples.length > 0) lines.push("", "Examples:", ...command.examples.map((e) => `  ${e}`));
  return `${lines.join("\n")}\n`;
}
