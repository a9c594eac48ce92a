// The private key that a command signs with, and where its password comes from: never from the command line, where other
// users of the machine could read it.

import type { SigningKey } from "@slipway/core/signing";
import { readSigningKeyFile } from "../signing/index.ts";
import type { Invocation, OptionSpec } from "./command.ts";
import { usageError } from "./command.ts";
import { readText } from "./read-text.ts";

export const DEFAULT_KEY = ".slipway/signing.key";
export const PASSWORD_VARIABLE = "SLIPWAY_KEY_PASSWORD";

export const passwordOption: OptionSpec = { type: "string", value: "FILE", help: `a file whose first line is the private key's password; ${PASSWORD_VARIABLE} of the environment by default` };

/** @throws what reading the file throws, bad-argument where it is empty */
export async function passwordOf(call: Invocation): Promise<string | undefined> {
  const file = call.text("password-file");
  const password = file === undefined ? process.env[PASSWORD_VARIABLE] : (await readText(file)).split(/\r?\n/, 1)[0];
  if (file !== undefined && password === "") throw usageError("bad-argument", `${JSON.stringify(file)} holds no password`);
  return password === "" ? undefined : password;
}

export async function signingKeyOf(call: Invocation, path: string): Promise<SigningKey> {
  return readSigningKeyFile(path, await passwordOf(call));
}
