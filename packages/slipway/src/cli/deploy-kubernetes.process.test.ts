// Deployments judged by Kubernetes itself: its API server, kubectl's kustomize, helm. Pods run in scripts/kubernetes only.

import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseAllDocuments } from "yaml";
import { etcd, kubeApiServer, startControlPlane, type TestCluster } from "../../../../scripts/testing-kubernetes.ts";
import { goTool, toolOf } from "../../../../scripts/testing-tools.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "slipway-deploy-kube-"));
const at = (name: string): string => join(folder, name);
const helm = goTool("helm");
const kubectl = toolOf("kubectl", "Install kubectl 1.30 or later.");
const DIGEST = `sha256:${"a".repeat(64)}`;
const IMAGE = ["--image", `oci://ghcr.io/acme/churn:1.0.0@${DIGEST}`];
const env: NodeJS.ProcessEnv = { ...process.env, HOME: folder };
delete env["KUBECONFIG"];
afterAll(() => rmSync(folder, { recursive: true, force: true }), 120_000);

function slipway(...args: string[]): { readonly status: number | null; readonly out: string; readonly err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "packages", "slipway", "bin", "slipway.mjs"), ...args], { cwd: folder, env, encoding: "utf8" });
  return { status, out: stdout, err: stderr };
}
const deploy = (...args: string[]): ReturnType<typeof slipway> => slipway("deploy", "churn.slip", "--to", "kubernetes", ...args);
const refused = (...args: string[]): string => {
  const { status, err } = deploy(...args);
  return `${status} ${/\[([a-z-]+)\]/.exec(err)?.[1]}`;
};

beforeAll(() => {
  for (const version of ["1.0.0", "2.0.0"]) expect(slipway("pack", join(root, "examples", "churn", "churn.joblib"), "--name", "churn", "--version", version, "-o", version === "1.0.0" ? "churn.slip" : "next.slip").status).toBe(0);
}, 120_000);

describe("slipway deploy --to kubernetes", () => {
  it("prints what it would apply, and writes it for Kustomize and Helm", () => {
    const { status, out } = deploy(...IMAGE, "--keys-secret", "churn-keys", "--print");
    expect([status, parseAllDocuments(out).map((d) => (d.toJS() as { kind: string }).kind)]).toEqual([0, ["ServiceAccount", "Service", "NetworkPolicy", "Deployment", "PodDisruptionBudget", "HorizontalPodAutoscaler"]]);
    expect(deploy(...IMAGE, "--insecure", "--kustomize", "ks").status).toBe(0);
    if (kubectl !== undefined) expect(execFileSync(kubectl, ["kustomize", at("ks/overlays/production")], { encoding: "utf8" })).toContain(`ghcr.io/acme/churn@${DIGEST}`);
    expect(deploy(...IMAGE, "--keys-secret", "churn-keys", "--helm", "chart").status).toBe(0);
    if (helm === undefined) return;
    execFileSync(helm, ["lint", "--strict", at("chart")], { stdio: "pipe" });
    const rendered = execFileSync(helm, ["template", "my-release", at("chart"), "--set", "autoscaling.maxReplicas=3", "--set", "batch.enabled=true"], { encoding: "utf8" });
    const objects = parseAllDocuments(rendered).map((d) => d.toJS() as { kind: string; metadata: { name: string }; spec: { maxReplicas?: number } });
    expect(objects.map((o) => o.metadata.name)).toEqual(expect.arrayContaining(["my-release", "my-release-batch"]));
    expect(objects.find((o) => o.kind === "HorizontalPodAutoscaler")!.spec.maxReplicas).toBe(3);
    writeFileSync(at("rendered.yaml"), rendered);
  });

  it("refuses what it cannot deploy, by name", () => {
    expect(refused(...IMAGE, "--print")).toBe("2 deploy-access");
    expect(refused(...IMAGE, "--print", "--insecure", "--keys", "keys.json")).toBe("2 deploy-access");
    expect(refused("--print", "--insecure")).toBe("2 missing-argument");
    expect(refused("--image", "ghcr.io/acme/churn", "--print", "--insecure")).toBe("2 deploy-options");
    for (const wrong of [["--as", "pod", "--cpu", "lots"], ["--replicas", "5", "--max-replicas", "2"], ["--egress", "everywhere"], ["--schedule", "0 3 * * *"]]) expect(refused(...IMAGE, "--print", "--insecure", ...wrong)).toBe("2 deploy-options");
    expect(refused(...IMAGE, "--insecure", "--kubeconfig", "nowhere")).toBe("2 deploy-kubeconfig");
    expect(slipway("deploy", "churn.slip", "--to", "heroku").err).toContain("[deploy-target]");
    writeFileSync(at("notes.txt"), "x");
    expect(refused(...IMAGE, "--insecure", "--out", ".")).toBe("2 deploy-options");
  });

  describe.skipIf(kubeApiServer === undefined || etcd === undefined)("by Kubernetes' API server", () => {
    let cluster: TestCluster;
    beforeAll(async () => {
      cluster = await startControlPlane();
      env["KUBECONFIG"] = cluster.kubeconfig;
    }, 120_000);
    afterAll(() => cluster.stop());
    const known = async (path: string): Promise<any> => (await import("../deploy/index.ts")).clusterAccess({ file: cluster.kubeconfig }).then(async (access) => { // eslint-disable-line -- looked at by its paths
      const { KubeApi } = await import("../deploy/index.ts");
      const api = new KubeApi(access);
      return api.get({ apiVersion: path.startsWith("Deployment") ? "apps/v1" : "v1", kind: path.split("/")[0]!, metadata: { name: path.split("/")[1]! } }).finally(() => api.close());
    });

    it("every object is taken as it is, in strict mode", () => {
      const { status, out, err } = deploy(...IMAGE, "--keys-secret", "k", "--ingress", "churn.example", "--schedule", "0 3 * * *", "--in", "/data/a.csv", "--out", "/data/b.csv", "--volume", "scores:/data", "--scale-on", "slipway_http_requests_in_flight=8", "--egress", "10.0.0.0/8:5432", "--dry-run", "--json");
      expect([status, err]).toEqual([0, ""]);
      expect((JSON.parse(out) as { objects: { kind: string }[] }).objects.length).toBe(8);
      if (helm !== undefined && kubectl !== undefined) execFileSync(kubectl, ["--kubeconfig", cluster.kubeconfig, "apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", at("rendered.yaml")], { stdio: "pipe" });
    });

    it("is applied, and put back where pods do not come: here none do", async () => {
      // Nobody makes pods of a Deployment here, so its first never comes.
      const first = deploy(...IMAGE, "--insecure", "--wait", "1");
      expect([first.status, /\[([a-z-]+)\]/.exec(first.err)?.[1]]).toEqual([1, "deploy-rollout"]);
      expect((await known("Deployment/churn")).spec.template.metadata.labels["app.kubernetes.io/version"]).toBe("1.0.0");
      const next = slipway("deploy", "next.slip", "--to", "kubernetes", ...IMAGE, "--insecure", "--wait", "1");
      expect(next.err).toContain("putting back what ran before");
      expect((await known("Deployment/churn")).spec.template.metadata.labels["app.kubernetes.io/version"]).toBe("1.0.0");
      const kept = slipway("deploy", "next.slip", "--to", "kubernetes", ...IMAGE, "--insecure", "--wait", "1", "--no-rollback");
      expect(kept.status).toBe(1);
      expect((await known("Deployment/churn")).spec.template.metadata.labels["app.kubernetes.io/version"]).toBe("2.0.0");
      expect(refused("--undo")).toBe("1 deploy-rollout");
      // A key file becomes a Secret.
      expect(slipway("keys", "create", "--keys", "keys.json", "--name", "ann").status).toBe(0);
      deploy(...IMAGE, "--name", "keyed", "--keys", "keys.json", "--wait", "1");
      expect(Buffer.from((await known("Secret/keyed-keys")).data["keys.json"] as string, "base64").toString()).toBe(readFileSync(at("keys.json"), "utf8"));
    });

    it("says what the cluster says: no such kind, no such namespace, no right", () => {
      expect(refused(...IMAGE, "--insecure", "--service-monitor", "--dry-run")).toBe("2 deploy-refused");
      expect(refused(...IMAGE, "--insecure", "--as", "knative", "--dry-run")).toBe("2 deploy-refused");
      expect(refused(...IMAGE, "--insecure", "--namespace", "nowhere", "--dry-run")).toBe("2 deploy-refused");
      expect(refused(...IMAGE, "--insecure", "--kubeconfig", cluster.nobody, "--dry-run")).toBe("3 deploy-denied");
      writeFileSync(at("gone"), readFileSync(cluster.kubeconfig, "utf8").replace(/127\.0\.0\.1:\d+/, "127.0.0.1:1"));
      expect(refused(...IMAGE, "--insecure", "--kubeconfig", "gone", "--dry-run")).toBe("3 deploy-cluster");
    });
  });
});
