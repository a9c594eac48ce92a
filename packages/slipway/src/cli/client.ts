// slipway client PKG|FILE|URL ...

import { generateClient, serviceModels, type ClientModel } from "../client/index.ts";
import { openModel } from "../runtime/index.ts";
import { defineCommand, type Command } from "./command.ts";
import { printJson, printNote, printRaw, printResult } from "./output.ts";
import { isUrl } from "./service-url.ts";
import { writeFileWhole } from "./write-file.ts";

export const client: Command = defineCommand({
  name: "client",
  summary: "a typed TypeScript client of a model or a running service",
  usage: "PKG|FILE|URL ... [-o client.ts]",
  arguments: [{ name: "PKG|FILE|URL", help: "packages, saved models, or the address of a running service; NAME=PATH gives a model the name that it is served under", package: true, many: true }],
  options: {
    out: { type: "string", short: "o", value: "FILE", help: "where to write the file; standard output by default" },
    entry: { type: "string", value: "NAME", help: "which model, where the file holds several" },
    preprocess: { type: "string", value: "FILE", multiple: true, help: "a fitted scaler or encoder that is applied before the model" },
    "api-key": { type: "string", value: "KEY", help: "for a service that asks for one; SLIPWAY_API_KEY does the same" },
  },
  examples: ["slipway client churn.slip -o client.ts", "slipway client http://127.0.0.1:8080 -o client.ts", "slipway client a.slip fraud=model.pkl -o clients.ts"],
  async run(call) {
    const models: ClientModel[] = [];
    for (const argument of call.args) {
      if (isUrl(argument)) models.push(...(await serviceModels(argument, { apiKey: call.text("api-key") ?? process.env["SLIPWAY_API_KEY"] })));
      else models.push(await fromFile(argument, call.text("entry"), call.texts("preprocess")));
    }
    const source = await generateClient(models);
    const out = call.text("out");
    if (out !== undefined) await writeFileWhole(out, Buffer.from(source));
    if (call.flag("json")) printJson({ ...(out === undefined ? { source } : { file: out }), models: models.map(({ name, version, digest }) => ({ name, version, digest })) });
    else if (out === undefined) printRaw(source);
    else printResult(`${out}: a client of ${models.map((m) => `${m.name} ${m.version}`).join(", ")}`);
    return 0;
  },
});

async function fromFile(argument: string, entry: string | undefined, preprocess: readonly string[]): Promise<ClientModel> {
  const named = /^([A-Za-z0-9][A-Za-z0-9._-]*)=(.+)$/.exec(argument);
  const opened = await openModel(named?.[2] ?? argument, { preprocess, ...(entry === undefined ? {} : { entry }), ...(named ? { name: named[1]! } : {}) });
  for (const warning of opened.imported?.compiled.warnings ?? []) printNote(`note: ${warning}`);
  const { manifest, digest, signature } = opened.package;
  return { name: named?.[1] ?? manifest.name, version: manifest.version, digest, signature };
}
