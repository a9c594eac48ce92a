// slipway keys signing create|show: keys that sign models, reports and decisions.

import { createKeyFiles, readAnyPublicKey } from "../signing/index.ts";
import type { KeyKind } from "@slipway/core/signing";
import { usageError, type Invocation } from "./command.ts";
import { printJson, printNote, printResult } from "./output.ts";
import { DEFAULT_KEY, PASSWORD_VARIABLE, passwordOf } from "./signing-key.ts";

const CURVES: readonly KeyKind[] = ["P-256", "P-384", "P-521", "Ed25519"];

export async function signingKeys(what: string | undefined, file: string | undefined, call: Invocation): Promise<number> {
  const path = file ?? DEFAULT_KEY;
  switch (what) {
    case "create": return create(path, call);
    case "show": return show(path, call);
    default: throw usageError("bad-argument", `keys signing takes create or show, found ${JSON.stringify(what ?? "nothing")}`, { hint: "slipway keys signing create [KEY], slipway keys signing show [KEY]" });
  }
}

async function create(path: string, call: Invocation): Promise<number> {
  const curve = CURVES.find((c) => c === (call.text("curve") ?? "P-256"));
  if (curve === undefined) throw usageError("bad-argument", `--curve is ${JSON.stringify(call.text("curve"))}`, { hint: `One of ${CURVES.join(", ")}.` });
  const password = await passwordOf(call);
  const key = await createKeyFiles(path, { curve, password });
  if (call.flag("json")) printJson({ id: key.id, curve, private: path, public: `${path}.pub`, encrypted: password !== undefined, pem: key.pem });
  else {
    printResult(`key ${key.id} (${curve})\n  private  ${path}${password === undefined ? "" : ", encrypted"}\n  public   ${path}.pub`);
    if (password === undefined) printNote(`note: the private key is not encrypted; with ${PASSWORD_VARIABLE} or --password-file it would be. Keep it to yourself; give the public one to whoever verifies.`);
  }
  return 0;
}

async function show(path: string, call: Invocation): Promise<number> {
  const key = await readAnyPublicKey(path, await passwordOf(call));
  if (call.flag("json")) printJson({ id: key.id, curve: key.curve, pem: key.pem });
  else {
    printNote(`key ${key.id} (${key.curve})`);
    printResult(key.pem);
  }
  return 0;
}
