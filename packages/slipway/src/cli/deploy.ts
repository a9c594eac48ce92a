// slipway deploy --check TARGET PKG|IMAGE

import { CHECK_TARGETS, checkImage, type ImageCheck } from "../deploy/index.ts";
import { defineCommand, usageError, type Command, type Invocation } from "./command.ts";
import { printJson, printNote, printResult, progress } from "./output.ts";
import { registryFlags, registryOptions } from "./registry-flags.ts";
import { textTable } from "./table.ts";

export const deploy: Command = defineCommand({
  name: "deploy",
  summary: "a package onto a platform, and whether an image does what a platform asks of it",
  usage: "PKG|IMAGE --check TARGET",
  arguments: [{ name: "PKG|IMAGE", help: "a package, of which an image is made; or an image: FILE.tar, a layout, oci://HOST/REPOSITORY:TAG" }],
  options: {
    check: { type: "string", value: "TARGET", help: `play this platform against the image, here: ${CHECK_TARGETS.join(", ")}` },
    env: { type: "string", value: "NAME=VALUE", multiple: true, help: "a variable that the container is given beside the platform's own; may be repeated" },
    ...registryFlags,
  },
  examples: ["slipway deploy churn.slip --check sagemaker", "slipway deploy churn.tar --check lambda"],
  async run(call) {
    const target = call.text("check");
    if (target === undefined) throw usageError("missing-argument", "deploy needs to know what to do", { hint: "--check TARGET." });
    return checked(call, target);
  },
});

async function checked(call: Invocation, target: string): Promise<number> {
  const line = progress();
  let check: ImageCheck;
  try {
    line.update(`playing ${target} ...`);
    check = await checkImage(target, call.args[0]!, { env: call.texts("env"), registry: registryOptions(call) });
  } finally {
    line.done();
  }
  const ok = check.findings.every((finding) => finding.ok !== false);
  if (call.flag("json")) printJson({ target, ok, findings: check.findings });
  else {
    printResult(textTable(["", "check", "found", "asked for"], check.findings.map((f) => [f.ok === null ? "-" : f.ok ? "ok" : "NO", f.check, f.found, f.required])));
    printResult(`\n${target}: ${ok ? "as it asks" : "not as it asks"}`);
    if (!check.ownNetwork) printNote("note: this machine allows no network of its own (unshare), so the image listened on the machine's own ports");
  }
  return ok ? 0 : 1;
}
