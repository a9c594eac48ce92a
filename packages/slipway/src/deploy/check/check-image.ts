// `slipway deploy --check`: whether an image does what a platform asks of it.

import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RegistryOptions } from "../../oci/index.ts";
import { deployError } from "../errors.ts";
import type { Finding } from "./contract.ts";
import { openImage } from "./open-image.ts";
import type { CheckPlan, CheckResult } from "./plan.ts";
import { CONTRACTS } from "./targets/index.ts";

export interface ImageCheck {
  readonly target: string;
  readonly findings: readonly Finding[];
  /** Whether it ran in a network of its own; else its ports were this machine's. */
  readonly ownNetwork: boolean;
}

const fromSource = import.meta.url.endsWith(".ts");
const MAIN = fileURLToPath(new URL(fromSource ? "./check-main.ts" : "./check-main.js", import.meta.url));

export const CHECK_TARGETS: readonly string[] = CONTRACTS.map((contract) => contract.name);

/** @throws deploy-target, deploy-image, deploy-check-here, deploy-check-failed, and what opening the image throws */
export async function checkImage(target: string, argument: string, options: { readonly env?: readonly string[]; readonly registry?: RegistryOptions } = {}): Promise<ImageCheck> {
  const contract = CONTRACTS.find((c) => c.name === target);
  if (contract === undefined) throw deployError("deploy-target", `there is no platform ${JSON.stringify(target.slice(0, 60))} to check for`, { hint: `One of ${CHECK_TARGETS.join(", ")}.` });
  const image = await openImage(argument, options.registry);
  try {
    const facts = { ...image.facts, env: [...image.facts.env, ...(options.env ?? [])] };
    const plan: CheckPlan = { target, rootfs: image.rootfs, work: image.work, facts };
    const file = join(image.work, "plan.json");
    await writeFile(file, JSON.stringify(plan));
    const { words, ownNetwork } = inOwnNetwork([process.execPath, ...(fromSource ? ["--conditions=@slipway/source", "--disable-warning=ExperimentalWarning"] : []), MAIN, file]);
    const result = await resultOf(words);
    if ("error" in result) throw deployError(result.error.code === "deploy-image" ? "deploy-image" : "deploy-check-failed", result.error.message);
    return { target, ownNetwork, findings: [...contract.image(facts), ...result.findings] };
  } finally {
    await image.close();
  }
}

/** A program in a network namespace with nothing but a loopback in it; as it is where that is not allowed. */
function inOwnNetwork(words: readonly string[]): { readonly words: readonly string[]; readonly ownNetwork: boolean } {
  const ip = ["/sbin/ip", "/usr/sbin/ip", "/bin/ip"].find((path) => existsSync(path));
  const unshare = ["unshare", "--net", ...(process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"]), "sh", "-c", `${ip} link set lo up && exec "$@"`, "sh"];
  const able = ip !== undefined && spawnSync(unshare[0]!, [...unshare.slice(1), "true"], { stdio: "ignore" }).status === 0;
  return { words: able ? [...unshare, ...words] : words, ownNetwork: able };
}

function resultOf([program, ...args]: readonly string[]): Promise<CheckResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program!, args, { stdio: ["ignore", "pipe", "pipe"] });
    let [out, err] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (piece: string) => (out += piece));
    child.stderr.setEncoding("utf8").on("data", (piece: string) => (err = (err + piece).slice(-20_000)));
    child.once("error", (cause) => reject(deployError("deploy-check-failed", cause.message, { cause })));
    child.once("close", (code) => {
      try {
        resolve(JSON.parse(out) as CheckResult);
      } catch {
        reject(deployError("deploy-check-failed", `the check ended with ${code ?? "a signal"} and no result: ${err.trim().split("\n").at(-1)?.slice(0, 300) ?? ""}`));
      }
    });
  });
}
