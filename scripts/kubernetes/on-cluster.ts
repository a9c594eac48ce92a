// What the checks on a real cluster have in common: images of the example in the cluster's registry, a namespace of their own
// under the pod security standard `restricted`, the command line, and one question.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { request, type Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { RegistryStore } from "../../packages/slipway/src/oci/index.ts";
import { writePauseImage } from "./pause-image.ts";

export const root: string = fileURLToPath(new URL("../..", import.meta.url));
/** One that the cluster's nodes pull from. */
export const registry: string = process.env["REGISTRY"] ?? "127.0.0.1:5000";
const REPOSITORY = "checked/churn";
const BODY = JSON.stringify({ contract: "one year", internet: "dsl", tenure_months: 14, monthly_charges: 40, support_calls: 2, senior: false });

export interface OnCluster {
  /** With VERSION.slip of each version. */
  readonly folder: string;
  readonly namespace: string;
  slipway(...args: readonly string[]): { readonly status: number | null; readonly text: string };
  /** @throws where it does not end with 0 */
  must(...args: readonly string[]): string;
  kubectl(...args: readonly string[]): string;
  /** `slipway deploy VERSION.slip --to kubernetes` with small pods. */
  deploy(version: string, ...more: readonly string[]): ReturnType<OnCluster["slipway"]>;
  image(version: string): string;
}

/** Everything is removed at the end. */
export async function onCluster(versions: readonly string[], use: (cluster: OnCluster) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "slipway-cluster-"));
  const namespace = `slipway-${process.pid}`;
  const slipway: OnCluster["slipway"] = (...args) => {
    const began = performance.now();
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "packages", "slipway", "bin", "slipway.mjs"), ...args], { cwd: folder, encoding: "utf8" });
    console.log(`$ slipway ${args.join(" ")}\n${stderr}${stdout}exit ${status} after ${((performance.now() - began) / 1000).toFixed(1)} s\n`);
    return { status, text: stderr + stdout };
  };
  const must: OnCluster["must"] = (...args) => {
    const { status, text } = slipway(...args);
    if (status !== 0) throw new Error(`slipway ${args[0]} exited with ${status}`);
    return text;
  };
  const image = (version: string): string => `oci://${registry}/${REPOSITORY}:${version}`;
  const pauseStore = await RegistryStore.open(registry, "pause");
  if ((await pauseStore.resolve("1")) === undefined) await writePauseImage(pauseStore, "1");
  await pauseStore.close();
  for (const version of versions) {
    must("pack", join(root, "examples", "churn", "churn.joblib"), "--check", join(root, "examples", "churn", "check.csv"), "--name", "churn", "--version", version, "-o", `${version}.slip`);
    must("image", `${version}.slip`, "--push", image(version), "--base", "host");
  }
  execFileSync("kubectl", ["create", "namespace", namespace]);
  execFileSync("kubectl", ["label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted"]);
  try {
    await use({
      folder, namespace, slipway, must, image, kubectl: (...args) => execFileSync("kubectl", ["-n", namespace, ...args], { encoding: "utf8" }),
      deploy: (version, ...more) => slipway("deploy", `${version}.slip`, "--to", "kubernetes", "--namespace", namespace, "--image", image(version), "--insecure", "--cpu", "50m", "--memory", "256Mi", "--wait", "300", ...more),
    });
  } finally {
    execFileSync("kubectl", ["delete", "namespace", namespace, "--wait=false"]);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** "version 1.0.0", or what went wrong. */
export function once(host: string, agent: Agent | false): Promise<string> {
  return new Promise((resolve) => {
    const asked = request({ host, port: 80, path: "/predict", method: "POST", agent, headers: { "content-type": "application/json", "content-length": BODY.length } }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (piece: string) => (text += piece)).on("error", (error) => resolve(error.message)).on("end", () => {
        try {
          const { predictions, model } = JSON.parse(text) as { predictions: [{ label: string }]; model: { version: string } };
          resolve(predictions[0].label === "stays" ? `version ${model.version}` : `a wrong answer: ${text}`);
        } catch {
          resolve(`${answer.statusCode} ${text.slice(0, 200)}`);
        }
      });
    });
    asked.setTimeout(20_000, () => asked.destroy(new Error("no answer in 20 s")));
    asked.on("error", (error) => resolve(error.message));
    asked.end(BODY);
  });
}
