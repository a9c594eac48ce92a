// slipway edge PKG|FILE -o DIR [--target browser|pwa|node]

import { makeEdge, TARGETS, writeFolder } from "../edge/index.ts";
import { openModel } from "../runtime/index.ts";
import { defineCommand, usageError, type Command } from "./command.ts";
import { printJson, printNote, printResult } from "./output.ts";
import { passwordOption, signingKeyOf } from "./signing-key.ts";
import { size } from "./size.ts";
import { requireSignatureOption, trustedSigners } from "./trusted-option.ts";

export const edge: Command = defineCommand({
  name: "edge",
  summary: "a folder with which a browser or a device predicts by itself",
  usage: "PKG|FILE -o DIR [--target browser|pwa|node]",
  arguments: [{ name: "PKG|FILE", help: "a package or a saved model; FILE#ENTRY where it holds several", package: true }],
  options: {
    output: { type: "string", short: "o", value: "DIR", help: "the folder to write (NAME-edge by default)" },
    target: { type: "string", value: "TARGET", help: "browser: a page; pwa (the default): a page that also works without a connection; node: a script without a server" },
    entry: { type: "string", value: "NAME", help: "which model, where the file holds several" },
    preprocess: { type: "string", value: "FILE", multiple: true, help: "a fitted scaler or encoder that is applied before the model" },
    "require-signature": requireSignatureOption,
    sign: { type: "string", value: "KEY", help: "sign the folder's files with this private key (PEM): slipway verify DIR checks them" },
    "password-file": passwordOption,
  },
  examples: ["slipway edge churn.slip -o site", "slipway edge churn.slip -o site --target browser", "slipway edge churn.slip -o device --target node --require-signature release.key.pub --sign device.key"],
  async run(call) {
    const wanted = call.text("target") ?? "pwa";
    const target = TARGETS.find((t) => t === wanted);
    if (target === undefined) throw usageError("bad-argument", `--target ${JSON.stringify(wanted)} is none of ${TARGETS.join(", ")}`);
    const sign = call.text("sign");
    const key = sign === undefined ? undefined : await signingKeyOf(call, sign);
    const entry = call.text("entry");
    const opened = await openModel(call.args[0]!, { preprocess: call.texts("preprocess"), trusted: await trustedSigners(call.texts("require-signature")), ...(entry === undefined ? {} : { entry }) });
    for (const warning of opened.imported?.compiled.warnings ?? []) printNote(`note: ${warning}`);
    const { package: source } = opened;
    const folder = call.text("output") ?? `${source.manifest.name}-edge`;
    const made = await makeEdge(source, target, { from: process.cwd(), key });
    await writeFolder(folder, made.files);
    const files = [...made.files].map(([path, bytes]) => ({ path, bytes: bytes.length }));
    const total = files.reduce((n, f) => n + f.bytes, 0);
    const { manifest: { name, version }, digest } = source;
    if (call.flag("json")) {
      printJson({ folder, target, name, version, digest, engine: made.engine, package: made.file, integrity: made.integrity, bytes: total, files, ...(key === undefined ? {} : { signedBy: key.publicKey.id }) });
      return 0;
    }
    const engine = made.engine === "kernel" ? "Slipway's own kernel" : "ONNX Runtime's WebAssembly build";
    printResult(`${folder}: ${name} ${version} for ${target === "node" ? "Node" : target === "pwa" ? "browsers, also without a connection" : "browsers"}   ${digest}\n${files.length} files, ${size(total)}, computed by ${engine}\n\nnext: ${target === "node" ? `node ${folder}/predict.mjs < rows.json` : `serve the folder over HTTPS (or http://localhost), for example: npx serve ${folder}`}`);
    return 0;
  },
});
