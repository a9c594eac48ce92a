// The command line's door: finds the command, loads only its file, runs it, and ends with its exit code.

import { nearest, VERSION } from "@slipway/core/base";
import { commandHelp, parseCall, usageError, type Command } from "./command.ts";
import { printError, printResult } from "./output.ts";

const COMMANDS: Readonly<Record<string, { readonly summary: string; readonly load: () => Promise<Command> }>> = {
  inspect: { summary: "what is inside a model file, safely; what can be compiled and what cannot", load: async () => (await import("./inspect.ts")).inspect },
  convert: { summary: "only the compiled ONNX", load: async () => (await import("./convert.ts")).convert },
  pack: { summary: "one package of the compiled model, its signature and its checks", load: async () => (await import("./pack.ts")).pack },
  test: { summary: "the gate: whether a model may be released", load: async () => (await import("./test.ts")).test },
  predict: { summary: "one-off predictions from a file or package", load: async () => (await import("./predict.ts")).predict },
  keys: { summary: "API keys: who may ask a service, and what", load: async () => (await import("./keys.ts")).keys },
  bench: { summary: "throughput, latency, and how many replicas a load needs", load: async () => (await import("./bench.ts")).bench },
  client: { summary: "a typed TypeScript client of a model or a running service", load: async () => (await import("./client.ts")).client },
  serve: { summary: "a running service from a file or package", load: async () => (await import("./serve.ts")).serve },
};

function overview(): string {
  const width = Math.max(...Object.keys(COMMANDS).map((n) => n.length));
  return `slipway puts trained models to work.

  slipway COMMAND [ARGUMENTS]

${Object.entries(COMMANDS).map(([name, c]) => `  ${name.padEnd(width)}  ${c.summary}`).join("\n")}

  slipway COMMAND --help shows a command's options and examples.
  slipway --version

A model file is read, never run: nothing in it can execute.
`;
}

/** Runs one command and ends the process. */
export async function main(argv: readonly string[]): Promise<void> {
  process.exitCode = await run(argv);
  // One of several processes that serve together: its channel to the first would keep it alive.
  if (process.connected && process.env["_SLIPWAY_PROCESS"] !== undefined) process.exit();
}

export async function run(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  const json = argv.includes("--json");
  try {
    if (name === undefined || name === "help" || name === "--help" || name === "-h") {
      printResult(overview());
      return name === undefined ? 2 : 0;
    }
    if (name === "--version" || name === "-v") {
      printResult(VERSION);
      return 0;
    }
    const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (!entry) {
      const near = nearest(name, Object.keys(COMMANDS));
      throw usageError("unknown-command", `there is no command ${JSON.stringify(name)}`, { hint: near ? `Did you mean slipway ${near}?` : "slipway --help lists the commands." });
    }
    const command = await entry.load();
    const call = parseCall(command, rest);
    if (call.flag("help")) {
      printResult(commandHelp(command));
      return 0;
    }
    return await command.run(call);
  } catch (error) {
    return printError(error, json);
  }
}
