// The Helm chart on a real cluster: linted, installed, upgraded, rolled back and removed by Helm itself; each time the service
// is asked for its version.
//   BIN=... T=/tmp/kc scripts/kubernetes/cluster.sh exec node --conditions=@slipway/source scripts/kubernetes/helm.ts
// Helm is looked for as other tools are: scripts/testing-tools.sh helm builds it.

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { goTool } from "../testing-tools.ts";
import { once, onCluster } from "./on-cluster.ts";

const helm = goTool("helm");
if (helm === undefined) process.exit(1);

await onCluster(["1.0.0", "2.0.0"], async ({ folder, namespace, kubectl, must, image }) => {
  const run = (...args: string[]): string => execFileSync(helm, ["--namespace", namespace, ...args], { encoding: "utf8", cwd: folder });
  for (const version of ["1.0.0", "2.0.0"]) {
    must("deploy", `${version}.slip`, "--to", "kubernetes", "--namespace", namespace, "--image", image(version), "--insecure", "--cpu", "50m", "--memory", "256Mi", "--replicas", "1", "--helm", join(folder, `chart-${version}`));
    console.log(run("lint", "--strict", `chart-${version}`));
  }
  const asked = async (): Promise<string> => {
    const host = kubectl("get", "service", "churn", "-o", "jsonpath={.spec.clusterIP}");
    // A service's new endpoints come to its address a moment after its pods are ready.
    for (let n = 0; ; n++) {
      const told = await once(host, false);
      if (told.startsWith("version ") || n === 20) return told;
      await pause(500);
    }
  };
  const wait = ["--wait", "--timeout", "6m"];
  const told: string[] = [];
  run("install", "churn", "chart-1.0.0", ...wait);
  told.push(await asked());
  run("upgrade", "churn", "chart-2.0.0", ...wait);
  await pause(20_000);
  told.push(await asked());
  run("rollback", "churn", "1", ...wait);
  await pause(20_000);
  told.push(await asked());
  console.log(run("history", "churn"));
  run("uninstall", "churn", "--wait");
  const left = kubectl("get", "deployment,service,hpa,pdb,networkpolicy", "-o", "name").trim();
  console.log({ told, left });
  process.exitCode = told.join() === "version 1.0.0,version 2.0.0,version 1.0.0" && left === "" ? 0 : 1;
});
