// slipway keys create|list|revoke: API keys for `slipway serve --keys FILE`; slipway keys signing ...: see keys-signing.ts.

import { GROUP, isRole, authError, makeKey, readKeyFile, ROLE_NAMES, writeKeyFile, type KeyRecord, type Role } from "../server/index.ts";
import { defineCommand, usageError, type Command, type Invocation } from "./command.ts";
import { signingKeys } from "./keys-signing.ts";
import { printJson, printNote, printResult } from "./output.ts";
import { passwordOption } from "./signing-key.ts";

const DEFAULT_FILE = ".slipway/keys.json";
const UNITS: Readonly<Record<string, number>> = { h: 3_600_000, d: 86_400_000, w: 604_800_000, y: 31_536_000_000 };

export const keys: Command = defineCommand({
  name: "keys",
  summary: "API keys: who may ask a service, and what; keys for signing",
  usage: "create|list|revoke [ID] [--keys FILE], or signing create|show [KEY]",
  arguments: [
    { name: "create|list|revoke|signing", help: "what to do; signing is about keys that sign models" },
    { name: "ID|create|show", help: "the key to revoke, as list shows it; of keys for signing, what to do", optional: true },
    { name: "KEY", help: "the file of the private key for signing (.slipway/signing.key by default); its public key is KEY.pub", optional: true },
  ],
  options: {
    keys: { type: "string", value: "FILE", help: `where keys are kept, hashed (${DEFAULT_FILE} by default)` },
    role: { type: "string", value: "ROLE", multiple: true, help: `${ROLE_NAMES.join(", ")} (predictor by default); may be repeated` },
    model: { type: "string", value: "NAME", multiple: true, help: "a model it is for, or a prefix with * (every model by default); may be repeated" },
    group: { type: "string", value: "NAME", multiple: true, help: "a part of the organisation its owner speaks for in approvals; may be repeated" },
    expires: { type: "string", value: "TIME", help: "12h, 90d, 2w, 1y, or a date (never by default)" },
    curve: { type: "string", value: "CURVE", help: "of a key for signing: P-256 (by default), P-384 or P-521" },
    "password-file": passwordOption,
    name: { type: "string", value: "TEXT", help: "whose it is: approvals count people by this name" },
  },
  examples: ["slipway keys signing create release.key --password-file password.txt", "slipway keys create --role predictor --model churn --expires 90d --name webshop", "slipway keys create --role reviewer --group business --name anna@example.com", "slipway keys list", "slipway keys revoke 3f9a0c11d2e4"],
  run(call) {
    const path = call.text("keys") ?? DEFAULT_FILE;
    const [what, id, file] = call.args;
    if (what !== "signing" && file !== undefined) throw usageError("bad-argument", `keys ${what!} takes no ${JSON.stringify(file)}`);
    switch (what) {
      case "signing": return signingKeys(id, file, call);
      case "create": return Promise.resolve(create(path, call));
      case "list": return Promise.resolve(list(path, call));
      case "revoke": return Promise.resolve(revoke(path, id, call));
      default: throw usageError("bad-argument", `keys takes create, list, revoke or signing, found ${JSON.stringify(what)}`);
    }
  },
});

function create(path: string, call: Invocation): number {
  const asked = call.texts("role");
  const wrong = asked.find((role) => !isRole(role));
  if (wrong !== undefined) throw usageError("bad-argument", `there is no role ${JSON.stringify(wrong)}`, { hint: `Roles: ${ROLE_NAMES.join(", ")}.` });
  const roles = (asked.length === 0 ? ["predictor"] : asked) as readonly Role[];
  const models = call.texts("model");
  const groups = call.texts("group");
  const bad = groups.find((group) => !GROUP.test(group));
  if (bad !== undefined) throw usageError("bad-argument", `--group is ${JSON.stringify(bad.slice(0, 100))}`, { hint: "Letters, digits, '.', '_' and '-', up to 64." });
  const { key, record } = makeKey({
    name: call.text("name") ?? "", roles, expires: expiry(call.text("expires")),
    models: models.length === 0 ? undefined : models, ...(groups.length === 0 ? {} : { groups }),
  });
  writeKeyFile(path, [...readKeyFile(path), record]);
  if (call.flag("json")) printJson({ id: record.id, key, roles, models: models.length === 0 ? null : models, groups, expires: record.expires ?? null, file: path });
  else {
    printNote(`key ${record.id} for ${roles.join(", ")}${models.length === 0 ? "" : ` on ${models.join(", ")}`}, kept (hashed) in ${path}. It is shown only now:`);
    printResult(key);
  }
  return 0;
}

function list(path: string, call: Invocation): number {
  const records = readKeyFile(path);
  const may = ({ roles, groups = [] }: (typeof records)[number]): string => `${roles.join(",")}${groups.length === 0 ? "" : ` for ${groups.join(",")}`}`;
  const width = Math.max(12, ...records.map((r) => may(r).length));
  if (call.flag("json")) printJson({ keys: records.map(({ hash: _hash, ...rest }) => ({ ...rest, state: stateOf(rest) })) });
  else if (records.length === 0) printNote(`${path} holds no keys. slipway keys create makes one.`);
  else printResult(records.map((r) => `${r.id}  ${stateOf(r).padEnd(7)}  ${may(r).padEnd(width)}  ${(r.models ?? ["every model"]).join(",")}  ${r.expires === undefined ? "never expires" : `until ${r.expires}`}  ${r.name}`).join("\n"));
  return 0;
}

function revoke(path: string, id: string | undefined, call: Invocation): number {
  if (id === undefined) throw usageError("missing-argument", "keys revoke needs the key's ID", { hint: "slipway keys list shows them." });
  const records = readKeyFile(path);
  if (!records.some((r) => r.id === id)) throw authError("key-unknown", `${path} holds no key ${JSON.stringify(id)}`, { hint: "slipway keys list shows them." });
  writeKeyFile(path, records.map((r) => (r.id === id && r.revoked === undefined ? { ...r, revoked: new Date().toISOString() } : r)));
  if (call.flag("json")) printJson({ id, state: "revoked" });
  else printResult(`key ${id} is revoked; running servers notice within a second`);
  return 0;
}

function stateOf(record: Omit<KeyRecord, "hash">): "valid" | "revoked" | "expired" {
  if (record.revoked !== undefined) return "revoked";
  return record.expires !== undefined && Date.parse(record.expires) <= Date.now() ? "expired" : "valid";
}

function expiry(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const span = /^(\d{1,6})([hdwy])$/.exec(text);
  const time = span === null ? Date.parse(text) : Date.now() + Number(span[1]) * UNITS[span[2]!]!;
  if (Number.isNaN(time) || time > 8.64e15) throw usageError("bad-argument", `--expires is ${JSON.stringify(text)}`, { hint: "Give 12h, 90d, 2w, 1y, or a date such as 2027-03-31." });
  if (time <= Date.now()) throw usageError("bad-argument", `--expires ${text} is over already`);
  return new Date(time).toISOString();
}
