// Finds a command by its name, loads only its file, runs it, and gives its exit code.

import { nearest, VERSION } from "@slipway/core/base";
import { commandHelp, groupHelp, parseCall, usageError, type Command, type CommandGroup } from "./command.ts";
import { withLocalPackages } from "./local-packages.ts";
import { printError, printResult } from "./output.ts";

export type Commands = Readonly<Record<string, { readonly summary: string; readonly load: () => Promise<Command | CommandGroup> }>>;

function overview(commands: Commands): string {
  const width = Math.max(...Object.keys(commands).map((n) => n.length));
  return `slipway puts trained models to work.

  slipway COMMAND [ARGUMENTS]

${Object.entries(commands).map(([name, c]) => `  ${name.padEnd(width)}  ${c.summary}`).join("\n")}

  slipway COMMAND --help shows a command's options and examples.
  slipway --version

A model file is read, never run: nothing in it can execute.
`;
}

export async function runCommand(commands: Commands, argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  const json = argv.includes("--json");
  try {
    if (name === undefined || name === "help" || name === "--help" || name === "-h") {
      printResult(overview(commands));
      return name === undefined ? 2 : 0;
    }
    if (name === "--version" || name === "-v") {
      printResult(VERSION);
      return 0;
    }
    const loaded = await find(commands, name, "slipway").load();
    const [sub, ...more] = rest;
    if ("run" in loaded) {
      const below = sub !== undefined && Object.hasOwn(loaded.commands ?? {}, sub) ? loaded.commands![sub]! : undefined;
      return below === undefined ? await invoke(loaded, rest) : await invoke(await below.load(), more);
    }
    if (sub === undefined || sub === "help" || sub === "--help" || sub === "-h") {
      printResult(groupHelp(loaded));
      return sub === undefined ? 2 : 0;
    }
    return await invoke(await find(loaded.commands, sub, `slipway ${name}`).load(), more);
  } catch (error) {
    return printError(error, json);
  }
}

async function invoke(command: Command, argv: readonly string[]): Promise<number> {
  const call = parseCall(command, argv);
  if (!call.flag("help")) return command.run(await withLocalPackages(command, call));
  printResult(commandHelp(command));
  return 0;
}

function find<T>(commands: Readonly<Record<string, T>>, name: string, before: string): T {
  if (Object.hasOwn(commands, name)) return commands[name]!;
  const near = nearest(name, Object.keys(commands));
  throw usageError("unknown-command", `there is no command ${JSON.stringify(before === "slipway" ? name : `${before.slice("slipway ".length)} ${name}`)}`, { hint: near ? `Did you mean ${before} ${near}?` : `${before} --help lists the commands.` });
}
