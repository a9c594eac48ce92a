// A program's standard output, once it has ended well.

import { execFile } from "node:child_process";

const MAX_OUTPUT = 2 ** 28;

/** @throws with the end of what it said where it does not end with 0 */
export function runProgram([program, ...args]: readonly [string, ...string[]], { input = "", env = process.env }: { readonly input?: string; readonly env?: NodeJS.ProcessEnv } = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { maxBuffer: MAX_OUTPUT, env }, (error, stdout, stderr) => (error ? reject(new Error(stderr.slice(0, 500) || error.message)) : resolve(stdout)));
    child.stdin!.on("error", () => undefined).end(input);
  });
}
