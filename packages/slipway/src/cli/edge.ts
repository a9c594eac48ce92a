// slipway edge PKG|FILE -o DIR [--target browser|pwa|node|react-native|capacitor|device|release]

import type { ModelPackage } from "@slipway/core/package";
import type { SigningKey } from "@slipway/core/signing";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { makeEdge, makeRelease, TARGETS, writeFolder, type DeviceSettings, type Target } from "../edge/index.ts";
import { openModel } from "../runtime/index.ts";
import { readTrustedKeys } from "../signing/index.ts";
import { defineCommand, usageError, type Command, type Invocation } from "./command.ts";
import { printJson, printNote, printResult } from "./output.ts";
import { passwordOption, signingKeyOf } from "./signing-key.ts";
import { size } from "./size.ts";
import { requireSignatureOption, trustedSigners } from "./trusted-option.ts";
import { writeFileWhole } from "./write-file.ts";

const RECORDS = ["none", "answers", "rows"] as const;
const FOR_DEVICE = ["updates", "home", "record", "every"] as const;

export const edge: Command = defineCommand({
  name: "edge",
  summary: "a folder with which a browser or a device predicts by itself",
  usage: "PKG|FILE -o DIR [--target browser|pwa|node|react-native|capacitor|device|release]",
  arguments: [{ name: "PKG|FILE", help: "a package or a saved model; FILE#ENTRY where it holds several", package: true }],
  options: {
    output: { type: "string", short: "o", value: "DIR", help: "the folder to write (NAME-edge by default)" },
    target: { type: "string", value: "TARGET", help: "browser: a page; pwa (the default): a page that also works without a connection; node: a script without a server; react-native: a module in TypeScript for an app; capacitor: an app of the page for Android and iOS; device: a service that keeps itself up to date; release: what devices update themselves from" },
    entry: { type: "string", value: "NAME", help: "which model, where the file holds several" },
    preprocess: { type: "string", value: "FILE", multiple: true, help: "a fitted scaler or encoder that is applied before the model" },
    "require-signature": requireSignatureOption,
    sign: { type: "string", value: "KEY", help: "sign with this private key (PEM): the folder's files, which slipway verify DIR checks; of a release, the release" },
    "password-file": passwordOption,
    trust: { type: "string", value: "KEY.pub", multiple: true, help: "pin this key (PEM) in what is written: pages and scripts load only a package that its owner signed, devices take only their releases; may be repeated" },
    updates: { type: "string", value: "URL", help: "device: the address of the folder that --target release writes" },
    home: { type: "string", value: "URL", help: "device: where it sends its counters and predictions" },
    record: { type: "string", value: "WHAT", help: "device: what it keeps of predictions for home: none (the default), answers, rows" },
    every: { type: "string", value: "SECONDS", help: "device: how often it looks for a release and sends home (3600 by default)" },
    release: { type: "string", value: "N", help: "the release's number: devices take no lower one; one more than the folder's last by default (1 of a device)" },
    valid: { type: "string", value: "DAYS", help: "release: how long it may be believed (30 by default); publish anew before" },
  },
  examples: [
    "slipway edge churn.slip -o site", "slipway edge churn.slip -o site --target browser", "slipway edge churn.slip -o site --trust release.key.pub", "slipway edge churn.slip -o node --target node --require-signature release.key.pub",
    "slipway edge churn.slip -o device --target device --trust release.key.pub --updates https://updates.example/churn", "slipway edge churn-2.slip -o updates --target release --sign release.key",
  ],
  async run(call) {
    const wanted = call.text("target") ?? "pwa";
    const target = [...TARGETS, "release" as const].find((t) => t === wanted);
    if (target === undefined) throw usageError("bad-argument", `--target ${JSON.stringify(wanted)} is none of ${[...TARGETS, "release"].join(", ")}`);
    for (const name of FOR_DEVICE) if (target !== "device" && (call.text(name) !== undefined || call.texts(name).length > 0)) throw usageError("bad-argument", `--${name} is for --target device`);
    if (call.text("valid") !== undefined && target !== "release") throw usageError("bad-argument", "--valid is for --target release");
    const sign = call.text("sign");
    const key = sign === undefined ? undefined : await signingKeyOf(call, sign);
    if (target === "react-native" && call.texts("trust").length > 0) throw usageError("bad-argument", "--trust is not for --target react-native: signatures are not verified there, and the package is part of the app", { hint: "--require-signature KEY.pub verifies the package now." });
    if (target === "release" && call.texts("trust").length > 0) throw usageError("bad-argument", "--trust is for what takes releases, and this makes one");
    const trust = await readTrustedKeys(call.texts("trust"));
    const device = target === "device" ? deviceSettings(call, trust) : undefined;
    const entry = call.text("entry");
    const opened = await openModel(call.args[0]!, { preprocess: call.texts("preprocess"), trusted: await trustedSigners(call.texts("require-signature")), ...(entry === undefined ? {} : { entry }) });
    for (const warning of opened.imported?.compiled.warnings ?? []) printNote(`note: ${warning}`);
    const { package: source } = opened;
    if (target === "release") return release(call, source, key);
    const folder = call.text("output") ?? `${source.manifest.name}-edge`;
    const made = await makeEdge(source, target, { from: process.cwd(), key, trust, device });
    await writeFolder(folder, made.files);
    const files = [...made.files].map(([path, bytes]) => ({ path, bytes: bytes.length }));
    const total = files.reduce((n, f) => n + f.bytes, 0);
    const { manifest: { name, version }, digest } = source;
    if (call.flag("json")) {
      printJson({ folder, target, name, version, digest, engine: made.engine, package: made.file, integrity: made.integrity, bytes: total, files, ...(key === undefined ? {} : { signedBy: key.publicKey.id }) });
      return 0;
    }
    const engine = made.engine === "kernel" ? "Slipway's own kernel" : target === "react-native" ? "onnxruntime-react-native" : "ONNX Runtime's WebAssembly build";
    printResult(`${folder}: ${name} ${version} for ${WORDS[target]}   ${digest}\n${files.length} files, ${size(total)}, computed by ${engine}\n\nnext: ${next(target, folder, name)}`);
    return 0;
  },
});

const WORDS: Readonly<Record<Target, string>> = { browser: "browsers", pwa: "browsers, also without a connection", node: "Node", device: "a device", "react-native": "React Native", capacitor: "Capacitor" };

function next(target: Target, folder: string, name: string): string {
  if (target === "node") return `node ${folder}/predict.mjs < rows.json`;
  if (target === "react-native") return `copy the folder into the app, and: import { loadModel } from "./${folder.split("/").at(-1)!}"`;
  if (target === "capacitor") return `cd ${folder} && npm install && npx cap add android && npx cap open android`;
  if (target === "device") return `copy the folder to /opt/slipway-${name} on the device, ${folder}/slipway-${name}.service to /etc/systemd/system, and: systemctl enable --now slipway-${name}`;
  return `serve the folder over HTTPS (or http://localhost), for example: npx serve ${folder}`;
}

function deviceSettings(call: Invocation, keys: DeviceSettings["keys"]): DeviceSettings {
  const [updates, home] = [call.text("updates"), call.text("home")];
  for (const [name, value] of [["updates", updates], ["home", home]]) if (value !== undefined && !/^https?:\/\//.test(value)) throw usageError("bad-argument", `--${name} ${JSON.stringify(value)} is no address with http or https`);
  if (updates !== undefined && keys.length === 0) throw usageError("missing-argument", "--updates needs --trust KEY.pub: a device takes only releases that a known key signed", { hint: "slipway keys signing create makes a pair of keys." });
  const wanted = call.text("record") ?? "none";
  const record = RECORDS.find((r) => r === wanted);
  if (record === undefined) throw usageError("bad-argument", `--record ${JSON.stringify(wanted)} is none of ${RECORDS.join(", ")}`);
  return { keys, updates, home, record, everySeconds: call.count("every", [1, 31_536_000]) ?? 3600, release: call.count("release", [1, 2 ** 31]) ?? 1 };
}

async function release(call: Invocation, source: ModelPackage, key: SigningKey | undefined): Promise<number> {
  if (key === undefined) throw usageError("missing-argument", "a release needs --sign KEY: devices take no other");
  const folder = call.text("output") ?? `${source.manifest.name}-updates`;
  const made = await makeRelease(source, key, { folder, release: call.count("release", [1, 2 ** 31]), validDays: call.count("valid", [1, 3650]) ?? 30 });
  await mkdir(folder, { recursive: true });
  for (const [name, bytes] of made.files) await writeFileWhole(join(folder, name), bytes);
  const { manifest: { name, version }, digest } = source;
  if (call.flag("json")) printJson({ folder, target: "release", name, version, digest, release: made.release, expires: made.expires, signedBy: key.publicKey.id, files: [...made.files.keys()] });
  else printResult(`${folder}: release ${made.release}, ${name} ${version}   ${digest}\nsigned by key ${key.publicKey.id}, valid until ${made.expires}\n\nnext: serve the folder at the address that devices were given (--updates)`);
  return 0;
}
