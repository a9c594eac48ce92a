// Azure Container Apps: an app of the image, within the environment's network unless everybody may ask; then with keys of our
// own. https://learn.microsoft.com/rest/api/containerapps (2024-03-01)

import { cloudError } from "../errors.ts";
import { textAt, type CloudOptions, type CloudPlan } from "../plan.ts";
import { provider, terraform } from "../terraform.ts";
import { groupOf, isGone, locationOf, provisioned } from "./azure.ts";

const VERSION = "2024-03-01";

export function containerAppPlan(options: CloudOptions): CloudPlan {
  const { name, image, env, cpu = 0.5, memory = 1024, open, instances, maxInstances, environment } = options;
  const group = groupOf(options);
  const location = locationOf(options);
  if (environment === undefined) throw cloudError("cloud-options", "the environment is not told", { hint: "--environment NAME of a Container Apps environment in the resource group." });
  // Processor and memory come in pairs.
  if (memory !== cpu * 2048) throw cloudError("cloud-options", `Container Apps give ${cpu} CPU ${cpu * 2} GiB of memory, and ${memory} MiB are asked for`, { hint: `--memory ${cpu * 2048}Mi, or another --cpu.` });
  const url = `${group}/Microsoft.App/containerApps/${name}?api-version=${VERSION}`;
  const environmentId = new URL(`${group}/Microsoft.App/managedEnvironments/${environment}`).pathname;
  const probe = (type: string, path: string): object => ({ type, httpGet: { path, port: 8080 }, periodSeconds: 10, timeoutSeconds: 5, ...(type === "Startup" ? { failureThreshold: 24 } : {}) });
  return {
    target: "containerapps", name,
    steps: [{
      title: `the app ${name}`,
      request: { method: "PUT", url, body: { location, tags: { "managed-by": "slipway" }, identity: { type: "SystemAssigned" }, properties: {
        environmentId, configuration: { activeRevisionsMode: "Single", ingress: { external: open, targetPort: 8080, transport: "auto", allowInsecure: false } },
        template: { containers: [{ name: "model", image, env: Object.entries(env).map(([n, value]) => ({ name: n, value })), resources: { cpu, memory: `${memory / 1024}Gi` }, probes: [probe("Startup", "/health/ready"), probe("Readiness", "/health/ready"), probe("Liveness", "/health/live")] }], scale: { minReplicas: instances, maxReplicas: maxInstances, rules: [{ name: "requests", http: { metadata: { concurrentRequests: "50" } } }] } },
      } } },
      wait: provisioned(url),
    }],
    destroy: [{ title: `the app ${name}`, request: { method: "DELETE", url }, there: isGone }],
    status: { request: { method: "GET", url }, read: ({ body }) => {
      const host = textAt(body, "properties", "configuration", "ingress", "fqdn");
      return { state: textAt(body, "properties", "provisioningState") ?? "?", ready: textAt(body, "properties", "provisioningState") === "Succeeded", url: host === undefined ? undefined : `https://${host}` };
    } },
    cost: { monthly: instances === 0 ? undefined : instances * 730 * 3600 * (cpu * 0.000003 + (memory / 1024) * 0.000003), text: `${instances === 0 ? "nothing while it is idle; while it answers " : `${instances} replica${instances === 1 ? "" : "s"} kept (idle price), and while they answer `}0.000024 $ a CPU second and 0.000003 $ a GiB second (list price)` },
    terraform: terraform([
      ...provider("azurerm", "hashicorp/azurerm", "~> 4.0", {}, [{ type: "features" }]),
      {
        type: "resource", labels: ["azurerm_container_app", "model"], attributes: { name, resource_group_name: options.resourceGroup!, container_app_environment_id: environmentId, revision_mode: "Single" },
        blocks: [
          { type: "ingress", attributes: { external_enabled: open, target_port: 8080, transport: "auto" }, blocks: [{ type: "traffic_weight", attributes: { latest_revision: true, percentage: 100 } }] },
          { type: "template", attributes: { min_replicas: instances, max_replicas: maxInstances }, blocks: [{ type: "container", attributes: { name: "model", image, cpu, memory: `${memory / 1024}Gi` }, blocks: [
            ...Object.entries(env).map(([n, value]) => ({ type: "env", attributes: { name: n, value } })),
            ...(["startup_probe", "readiness_probe"] as const).map((type) => ({ type, attributes: { transport: "HTTP", port: 8080, path: "/health/ready" } })), { type: "liveness_probe", attributes: { transport: "HTTP", port: 8080, path: "/health/live" } },
          ] }] },
        ],
      },
    ]),
    ask: `curl "https://$(az containerapp show -n ${name} -g ${options.resourceGroup} --query properties.configuration.ingress.fqdn -o tsv)/predict" -H 'content-type: application/json' -d @rows.json`,
  };
}
