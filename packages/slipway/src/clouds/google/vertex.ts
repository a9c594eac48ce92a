// Vertex AI: a model of the image, an endpoint, and the one deployed to the other; what was deployed before goes when the new
// one takes all requests. https://cloud.google.com/vertex-ai/docs/reference/rest/v1

import { textAt, type CloudOptions, type CloudPlan } from "../plan.ts";
import { provider, Raw, terraform } from "../terraform.ts";
import { isGone, isThere, operationAt, placeOf } from "./google.ts";

const USUAL = "n1-standard-2";
const HOURS: Readonly<Record<string, number>> = { "n1-standard-2": 0.1095, "n1-standard-4": 0.219, "e2-standard-2": 0.0771, "e2-standard-4": 0.1541, "n2-standard-2": 0.1117, "c2-standard-4": 0.2402 };

export function vertexPlan(options: CloudOptions): CloudPlan {
  const { name, revision, image, env, instances, maxInstances, instanceType = USUAL } = options;
  const { project, region } = placeOf(options);
  const host = `https://${region}-aiplatform.googleapis.com/v1`;
  const parent = `projects/${project}/locations/${region}`;
  const model = `${name}-${revision}`;
  const endpoint = `${parent}/endpoints/${name}`;
  const wait = operationAt(host);
  const count = Math.max(1, instances);
  const hour = HOURS[instanceType];
  const containerSpec = { imageUri: image, ports: [{ containerPort: 8080 }], predictRoute: "/predict", healthRoute: "/health/ready", env: Object.entries(env).map(([n, value]) => ({ name: n, value })) };
  return {
    target: "vertex", name,
    steps: [
      { title: `the model ${model}`, request: { method: "POST", url: `${host}/${parent}/models:upload`, body: { modelId: model, model: { displayName: model, containerSpec, labels: { "managed-by": "slipway" } } } }, there: isThere, wait },
      { title: `the endpoint ${name}`, request: { method: "POST", url: `${host}/${parent}/endpoints?endpointId=${name}`, body: { displayName: name, labels: { "managed-by": "slipway" } } }, there: isThere, wait },
      { title: "the model answers there", request: { method: "POST", url: `${host}/${endpoint}:deployModel`, body: { deployedModel: { model: `${parent}/models/${model}`, displayName: model, dedicatedResources: { machineSpec: { machineType: instanceType }, minReplicaCount: count, maxReplicaCount: Math.max(count, maxInstances) } }, trafficSplit: { 0: 100 } } }, wait },
    ],
    destroy: [
      { title: `the endpoint ${name}, with what is deployed to it`, request: { method: "DELETE", url: `${host}/${endpoint}?force=true` }, there: isGone, wait },
      { title: `the model ${model}`, request: { method: "DELETE", url: `${host}/${parent}/models/${model}` }, there: isGone, wait },
    ],
    status: { request: { method: "GET", url: `${host}/${endpoint}` }, read: ({ body }) => ({ state: textAt(body, "deployedModels", 0, "displayName") ?? "nothing is deployed", ready: textAt(body, "deployedModels", 0, "id") !== undefined, url: `${host}/${endpoint}:predict` }) },
    cost: { monthly: hour === undefined ? undefined : hour * 730 * count, text: hour === undefined ? `${count} x ${instanceType}: its price is not known here` : `${count} x ${instanceType} at ${hour} $ an hour (us-central1, list price)` },
    terraform: terraform([
      ...provider("google", "hashicorp/google", "~> 7.0", { project, region }),
      { type: "resource", labels: ["google_vertex_ai_endpoint", "model"], attributes: { name, display_name: name, location: region } },
      { type: "resource", labels: ["terraform_data", "model"], attributes: { triggers_replace: [model, image] }, blocks: [{ type: "provisioner", labels: ["local-exec"], attributes: { command: `gcloud ai models upload --project ${project} --region ${region} --model-id ${model} --display-name ${model} --container-image-uri ${image} --container-ports 8080 --container-predict-route /predict --container-health-route /health/ready && gcloud ai endpoints deploy-model ${name} --project ${project} --region ${region} --model ${model} --display-name ${model} --machine-type ${instanceType} --min-replica-count ${count} --max-replica-count ${Math.max(count, maxInstances)} --traffic-split 0=100` } }] },
      { type: "output", labels: ["endpoint"], attributes: { value: new Raw("google_vertex_ai_endpoint.model.id") } },
    ]),
    ask: `curl ${host}/${endpoint}:predict -H "authorization: Bearer $(gcloud auth print-access-token)" -H 'content-type: application/json' -d '{"instances": [...]}'`,
  };
}
