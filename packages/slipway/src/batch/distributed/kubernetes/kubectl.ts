// The user's kubectl: it knows the cluster and how to sign in there.

import { spawn } from "node:child_process";
import { batchError } from "../../errors.ts";

const TIMEOUT_MS = 60_000;

/** What it says; undefined: there is no such object. @throws SlipwayError batch-kubectl */
export function kubectl(args: readonly string[], input?: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const child = spawn("kubectl", args, { stdio: ["pipe", "pipe", "pipe"], timeout: TIMEOUT_MS });
    let out = "";
    let said = "";
    child.stdout.on("data", (piece) => (out += String(piece)));
    child.stderr.on("data", (piece) => (said += String(piece)));
    child.on("error", (cause) => reject(batchError("batch-kubectl", `kubectl cannot be started: ${cause.message}`, { hint: "Install kubectl and let it know the cluster; or apply what --print gives, where you have it.", cause })));
    child.on("close", (status) => {
      if (status === 0) return resolve(out);
      if (/NotFound/.test(said)) return resolve(undefined);
      reject(batchError("batch-kubectl", `kubectl ${args.slice(0, 2).join(" ")} failed: ${said.trim().slice(0, 1000)}`, { hint: "Check the cluster, the namespace and your rights there: kubectl auth can-i create jobs." }));
    });
    child.stdin.on("error", () => undefined);
    child.stdin.end(input ?? "");
  });
}
