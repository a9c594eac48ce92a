// Azure ML managed online endpoints: an environment of the image, an endpoint with keys, a deployment beside those there are,
// then all traffic to it. https://learn.microsoft.com/rest/api/azureml (2024-10-01)

import { cloudError } from "../errors.ts";
import { textAt, type CloudOptions, type CloudPlan } from "../plan.ts";
import { provider, Raw, terraform, type Block, type Hcl } from "../terraform.ts";
import { groupOf, isGone, locationOf, provisioned } from "./azure.ts";

const VERSION = "2024-10-01";
const KIND = "Microsoft.MachineLearningServices/workspaces";
const USUAL = "Standard_DS2_v2";
const HOURS: Readonly<Record<string, number>> = { Standard_DS1_v2: 0.073, Standard_DS2_v2: 0.146, Standard_DS3_v2: 0.293, Standard_F2s_v2: 0.085, Standard_F4s_v2: 0.169, Standard_D2as_v4: 0.096 };

export function onlineEndpointPlan(options: CloudOptions): CloudPlan {
  const { name, revision, image, env, instances, instanceType = USUAL, workspace } = options;
  const location = locationOf(options);
  if (workspace === undefined) throw cloudError("cloud-options", "the workspace is not told", { hint: "--workspace NAME of Azure Machine Learning." });
  const root = `${groupOf(options)}/Microsoft.MachineLearningServices/workspaces/${workspace}`;
  const at = (path: string): string => `${root}/${path}?api-version=${VERSION}`;
  const [environment, endpoint] = [`environments/slipway-${name}/versions/${revision}`, `onlineEndpoints/${name}`];
  // Names of deployments are short, and begin with a letter.
  const deployment = `d${revision}`;
  const count = Math.max(1, instances);
  const hour = HOURS[instanceType];
  const route = (path: string): { path: string; port: number } => ({ path, port: 8080 });
  const inferenceConfig = { livenessRoute: route("/health/live"), readinessRoute: route("/health/ready"), scoringRoute: route("/score") };
  const requestSettings = { requestTimeout: "PT60S", maxConcurrentRequestsPerInstance: 64, maxQueueWait: "PT5S" };
  const resource = (label: string, type: string, of: string, parent: Hcl, value: Hcl): Block => ({ type: "resource", labels: ["azapi_resource", label], attributes: { type: `${KIND}/${type}@${VERSION}`, name: of, parent_id: parent, ...(type.startsWith("env") ? {} : { location }), body: value } });
  const probe = { initialDelay: "PT10S", period: "PT10S", timeout: "PT2S", failureThreshold: 30 };
  const body = { location, identity: { type: "SystemAssigned" }, properties: { authMode: "Key" } };
  return {
    target: "azureml", name,
    steps: [
      { title: "the environment of the image", request: { method: "PUT", url: at(environment), body: { properties: { image, osType: "Linux", inferenceConfig } } }, there: (a) => a.status === 409 },
      { title: `the endpoint ${name}`, request: { method: "PUT", url: at(endpoint), body }, wait: provisioned(at(endpoint)) },
      {
        title: `the deployment ${deployment}`,
        request: { method: "PUT", url: at(`${endpoint}/deployments/${deployment}`), body: { location, sku: { name: "Default", capacity: count }, properties: { endpointComputeType: "Managed", instanceType, environmentId: new URL(`${root}/${environment}`).pathname, environmentVariables: env, livenessProbe: probe, readinessProbe: probe, requestSettings } } },
        wait: provisioned(at(`${endpoint}/deployments/${deployment}`)),
      },
      { title: "all requests go there", request: { method: "PUT", url: at(endpoint), body: { ...body, properties: { ...body.properties, traffic: { [deployment]: 100 } } } }, wait: provisioned(at(endpoint)) },
    ],
    destroy: [{ title: `the endpoint ${name}, with its deployments`, request: { method: "DELETE", url: at(endpoint) }, there: isGone }],
    status: { request: { method: "GET", url: at(endpoint) }, read: ({ body: b }) => ({ state: textAt(b, "properties", "provisioningState") ?? "?", ready: textAt(b, "properties", "provisioningState") === "Succeeded", url: textAt(b, "properties", "scoringUri") }) },
    cost: { monthly: hour === undefined ? undefined : hour * 730 * count, text: hour === undefined ? `${count} x ${instanceType}: its price is not known here` : `${count} x ${instanceType} at ${hour} $ an hour (list price)` },
    terraform: terraform([
      ...provider("azapi", "Azure/azapi", "~> 2.0", {}),
      resource("environment", "environments/versions", revision, new URL(`${root}/environments/slipway-${name}`).pathname, { properties: { image, osType: "Linux", inferenceConfig } }),
      resource("endpoint", "onlineEndpoints", name, new URL(root).pathname, { identity: { type: "SystemAssigned" }, properties: { authMode: "Key" } }),
      resource("deployment", "onlineEndpoints/deployments", deployment, new Raw("azapi_resource.endpoint.id"), { sku: { name: "Default", capacity: count }, properties: { endpointComputeType: "Managed", instanceType, environmentId: new Raw("azapi_resource.environment.id"), environmentVariables: env, livenessProbe: probe, readinessProbe: probe, requestSettings } }),
      { type: "resource", labels: ["azapi_update_resource", "traffic"], attributes: { type: `${KIND}/onlineEndpoints@${VERSION}`, resource_id: new Raw("azapi_resource.endpoint.id"), body: { properties: { authMode: "Key", traffic: { [deployment]: 100 } } }, depends_on: [new Raw("azapi_resource.deployment")] } },
    ]),
    ask: `curl "$(az ml online-endpoint show -n ${name} -w ${workspace} -g ${options.resourceGroup} --query scoring_uri -o tsv)" -H "authorization: Bearer KEY" -H 'content-type: application/json' -d @rows.json`,
  };
}
