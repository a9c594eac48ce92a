// What a program of the user's prints, such as gcloud's token; undefined where it is not there, or fails.

import { execFile } from "node:child_process";

export function output(program: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile(program, [...args], { timeout: 30_000, maxBuffer: 2 ** 20 }, (error, stdout) => resolve(error === null && stdout.trim() !== "" ? stdout.trim() : undefined));
  });
}
