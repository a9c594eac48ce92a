// slipway registry pull VERSION

import { writeSlip } from "@slipway/core/package";
import { defineCommand, type Command } from "../command.ts";
import { printJson, printResult } from "../output.ts";
import { size } from "../size.ts";
import { writeFileWhole } from "../write-file.ts";
import { oneVersion, withRegistry } from "./with-registry.ts";

export const pull: Command = defineCommand({
  name: "registry pull",
  summary: "a version's package as a .slip file",
  usage: "VERSION [-o FILE]",
  arguments: [{ name: "VERSION", help: "NAME (the newest), NAME:3, NAME@production or NAME@sha256:DIGEST" }],
  options: { out: { type: "string", short: "o", value: "FILE", help: "where to write it (NAME-VERSION.slip by default)" } },
  examples: ["slipway registry pull churn@production", "slipway registry pull churn:3 -o churn.slip"],
  run: (call) => withRegistry(false, async (registry) => {
    const { model, version } = await oneVersion(registry, call.args[0]!);
    const pkg = await registry.package(`${model}:${version}`);
    const bytes = writeSlip(pkg);
    const file = call.text("out") ?? `${model}-${version}.slip`;
    await writeFileWhole(file, bytes);
    if (call.flag("json")) printJson({ model, version, digest: pkg.digest, file, bytes: bytes.length });
    else printResult(`${model}:${version} is in ${file} (${size(bytes.length)}, ${pkg.digest})`);
    return 0;
  }),
});
