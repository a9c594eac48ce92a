// A hundred nodes that kwok pretends, in three zones, some with GPUs: the pods of a deployment are spread over zones and nodes, and
// those that ask for a GPU land where there is one. Scheduling is real; the pods are not.
//   BIN=... T=/tmp/kc scripts/kubernetes/cluster.sh exec node --conditions=@slipway/source scripts/kubernetes/many-nodes.ts
// kwok (sigs.k8s.io/kwok/cmd/kwok, from the Go module proxy) is looked for as other tools are.

import { execFileSync, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { toolOf } from "../testing-tools.ts";
import { onCluster } from "./on-cluster.ts";

const [NODES, ZONES, REPLICAS] = [100, ["a", "b", "c"], 60];
const kwok = toolOf("kwok", "go build sigs.k8s.io/kwok/cmd/kwok@v0.7.0 into .tools/bin");
if (kwok === undefined) process.exit(1);

const MINE = { "kwok.x-k8s.io/node": "fake" };
const nodes = Array.from({ length: NODES }, (_, i) => {
  const gpus = i % 4 === 0 ? { "nvidia.com/gpu": "4" } : {};
  const amounts = { cpu: "8", memory: "32Gi", pods: "20", ...gpus };
  return {
    apiVersion: "v1", kind: "Node", metadata: { name: `fake-${i}`, annotations: MINE, labels: { type: "fake", "kubernetes.io/hostname": `fake-${i}`, "kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux", "topology.kubernetes.io/zone": ZONES[i % 3]! } },
    spec: { taints: [{ key: "fake", value: "true", effect: "NoSchedule" }] }, status: { allocatable: amounts, capacity: amounts },
  };
});

await onCluster(["1.0.0"], async ({ folder, kubectl, deploy }) => {
  const child = spawn(kwok, ["--kubeconfig", process.env["KUBECONFIG"]!, "--manage-all-nodes=false", "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake", "--cidr", "10.250.0.0/16", "--node-ip", "10.99.0.200", "--server-address", "127.0.0.1:10247", "--node-lease-duration-seconds", "40"], { stdio: "ignore" });
  try {
    writeFileSync(join(folder, "nodes.json"), JSON.stringify({ apiVersion: "v1", kind: "List", items: nodes }));
    execFileSync("kubectl", ["apply", "--server-side", "-f", join(folder, "nodes.json")], { stdio: "ignore" });
    // Only the pretended nodes: the real one would run the pods.
    if (deploy("1.0.0", "--replicas", "1").status !== 0) throw new Error("the deployment failed");
    const onFakes = { spec: { template: { spec: { nodeSelector: { type: "fake" }, tolerations: [{ key: "fake", operator: "Exists" }] } } } };
    kubectl("patch", "deployment", "churn", "--type=merge", "-p", JSON.stringify(onFakes));
    // Before there are many: those of before would run, and for real.
    kubectl("rollout", "status", "deployment/churn", "--timeout=300s");
    kubectl("patch", "hpa", "churn", "--type=merge", "-p", JSON.stringify({ spec: { minReplicas: REPLICAS, maxReplicas: REPLICAS } }));
    const spread = await placed(kubectl, "app.kubernetes.io/instance=churn", REPLICAS);
    // The same pods with a GPU each: a quarter of the nodes has four.
    kubectl("patch", "deployment", "churn", "--type=json", "-p", JSON.stringify([{ op: "add", path: "/spec/template/spec/containers/0/resources/limits/nvidia.com~1gpu", value: "1" }]));
    kubectl("rollout", "status", "deployment/churn", "--timeout=300s");
    const withGpus = await placed(kubectl, "app.kubernetes.io/instance=churn", REPLICAS);
    const result = { zones: spread.zones, mostOnANode: spread.most, gpu: { zones: withGpus.zones, onNodesWithout: withGpus.nodes.filter((name) => Number(name.slice(5)) % 4 !== 0).length } };
    console.log(JSON.stringify(result, undefined, 2));
    const even = (zones: Readonly<Record<string, number>>): boolean => Object.keys(zones).length === 3 && Math.max(...Object.values(zones)) - Math.min(...Object.values(zones)) <= 1;
    process.exitCode = even(spread.zones) && spread.most <= 2 && result.gpu.onNodesWithout === 0 ? 0 : 1;
  } finally {
    child.kill();
    execFileSync("kubectl", ["delete", "nodes", "-l", "type=fake", "--wait=false"], { stdio: "ignore" });
  }
});

async function placed(kubectl: (...args: readonly string[]) => string, selector: string, count: number): Promise<{ readonly nodes: readonly string[]; readonly zones: Readonly<Record<string, number>>; readonly most: number }> {
  for (let n = 0; n < 150; n++) {
    const there = kubectl("get", "pods", "-l", selector, "--field-selector=status.phase=Running", "-o", "jsonpath={range .items[*]}{.spec.nodeName} {end}").trim().split(" ").filter((name) => name.startsWith("fake-"));
    if (there.length === count) {
      const tally = (keys: readonly string[]): Record<string, number> => keys.reduce<Record<string, number>>((all, key) => ({ ...all, [key]: (all[key] ?? 0) + 1 }), {});
      return { nodes: there, zones: tally(there.map((name) => ZONES[Number(name.slice(5)) % 3]!)), most: Math.max(...Object.values(tally(there))) };
    }
    await pause(2000);
  }
  throw new Error(`not ${count} pods run on the pretended nodes: ${kubectl("get", "pods", "-o", "wide").slice(0, 2000)}`);
}
