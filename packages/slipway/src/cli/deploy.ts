// slipway deploy PKG|IMAGE --check TARGET, and slipway deploy PKG --to kubernetes

import { CHECK_TARGETS, checkImage, deployError, type ImageCheck } from "../deploy/index.ts";
import { defineCommand, usageError, type Command, type Invocation } from "./command.ts";
import { CLOUDS } from "../clouds/index.ts";
import { cloudFlags, toCloud } from "./deploy-cloud.ts";
import { deployedFlags } from "./deployed-model.ts";
import { kubernetesFlags, toKubernetes } from "./deploy-kubernetes.ts";
import { printJson, printNote, printResult, progress } from "./output.ts";
import { registryFlags, registryOptions } from "./registry-flags.ts";
import { textTable } from "./table.ts";

export const deploy: Command = defineCommand({
  name: "deploy",
  summary: "a package onto a platform, and whether an image does what a platform asks of it",
  usage: "PKG --to PLATFORM --image REF [--print | --out DIR | --kustomize DIR | --helm DIR | --apply | --terraform DIR], or PKG|IMAGE --check TARGET",
  arguments: [{ name: "PKG|IMAGE", help: "a package; to check also an image: FILE.tar, a layout, oci://HOST/REPOSITORY:TAG" }],
  options: {
    check: { type: "string", value: "TARGET", help: `play this platform against the image, here: ${CHECK_TARGETS.join(", ")}` },
    to: { type: "string", value: "PLATFORM", help: `where to: kubernetes, ${Object.keys(CLOUDS).join(", ")}` },
    env: { type: "string", value: "NAME=VALUE", multiple: true, help: "a variable that the container is given; may be repeated" },
    ...kubernetesFlags,
    ...cloudFlags,
    ...deployedFlags,
    ...registryFlags,
  },
  examples: [
    "slipway deploy churn.slip --check sagemaker", "slipway deploy churn.tar --check lambda",
    "slipway deploy churn.slip --to kubernetes --image oci://ghcr.io/acme/churn:1.0.0 --keys-secret churn-keys",
    "slipway deploy churn.slip --to kubernetes --image oci://ghcr.io/acme/churn:1.0.0 --insecure --helm ./chart", "slipway deploy churn.slip --to kubernetes --undo",
    "slipway deploy churn.slip --to cloudrun --image oci://europe-docker.pkg.dev/acme/models/churn:1.0.0 --project acme --region europe-west1",
  ],
  async run(call) {
    const target = call.text("check");
    const platform = call.text("to");
    for (const pair of call.texts("env")) if (!/^[A-Za-z_][A-Za-z0-9_]*=[^\0\n\r]*$/.test(pair)) throw usageError("bad-argument", `--env is ${JSON.stringify(pair.slice(0, 100))}`, { hint: "Write NAME=VALUE." });
    if (target !== undefined) return checked(call, target);
    if (platform === undefined) throw usageError("missing-argument", "deploy needs to know what to do", { hint: "--to kubernetes, or --check TARGET." });
    if (Object.hasOwn(CLOUDS, platform)) return toCloud(call, platform);
    if (platform !== "kubernetes") throw deployError("deploy-target", `nothing is deployed to ${JSON.stringify(platform.slice(0, 60))}`, { hint: `--to kubernetes, ${Object.keys(CLOUDS).join(", ")}. Images run elsewhere as they are: docs/container-image.md.` });
    return toKubernetes(call);
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
