// Cloud Run: a service of the image, private unless everybody may ask. https://cloud.google.com/run/docs/reference/rest/v2

import { textAt, type CloudOptions, type CloudPlan } from "../plan.ts";
import { provider, Raw, terraform } from "../terraform.ts";
import { isGone, operationAt, placeOf } from "./google.ts";

const API = "https://run.googleapis.com/v2";
const CONCURRENCY = 80;

export function cloudRunPlan(options: CloudOptions): CloudPlan {
  const { name, image, env, cpu = 1, memory = 512, open, identity, instances, maxInstances } = options;
  const { project, region } = placeOf(options);
  const parent = `${API}/projects/${project}/locations/${region}/services`;
  const probe = (path: string, period: number): object => ({ httpGet: { path, port: 8080 }, periodSeconds: period, timeoutSeconds: Math.min(period, 5) });
  const service = {
    ingress: "INGRESS_TRAFFIC_ALL", labels: { "managed-by": "slipway" },
    template: {
      containers: [{ image, ports: [{ name: "http1", containerPort: 8080 }], env: Object.entries(env).map(([n, value]) => ({ name: n, value })), resources: { limits: { cpu: String(cpu), memory: `${memory}Mi` }, cpuIdle: true, startupCpuBoost: true }, startupProbe: { ...probe("/health/ready", 5), failureThreshold: 24 }, livenessProbe: probe("/health/live", 10) }],
      scaling: { minInstanceCount: instances, maxInstanceCount: maxInstances }, maxInstanceRequestConcurrency: CONCURRENCY, timeout: "60s", ...(identity === undefined ? {} : { serviceAccount: identity }),
    },
  };
  const state = (body: unknown): string | undefined => textAt(body, "terminalCondition", "state");
  return {
    target: "cloudrun", name,
    steps: [
      { title: `the service ${name}`, request: { method: "PATCH", url: `${parent}/${name}?allowMissing=true`, body: service }, wait: operationAt(API) },
      ...(open ? [{ title: "everybody may ask", request: { method: "POST" as const, url: `${parent}/${name}:setIamPolicy`, body: { policy: { bindings: [{ role: "roles/run.invoker", members: ["allUsers"] }] } } } }] : []),
    ],
    destroy: [{ title: `the service ${name}`, request: { method: "DELETE", url: `${parent}/${name}` }, there: isGone, wait: operationAt(API) }],
    status: { request: { method: "GET", url: `${parent}/${name}` }, read: ({ body }) => ({ state: state(body) ?? "?", ready: state(body) === "CONDITION_SUCCEEDED", url: textAt(body, "uri"), reason: textAt(body, "terminalCondition", "message") }) },
    cost: { monthly: instances === 0 ? undefined : instances * 730 * 3600 * (cpu * 0.0000025 + (memory / 1024) * 0.0000025), text: `${instances === 0 ? "nothing while it is idle; while it answers " : `${instances} instance${instances === 1 ? "" : "s"} kept (idle price), and while they answer `}0.000024 $ a CPU second and 0.0000025 $ a GiB second (tier 1, list price)` },
    terraform: terraform([
      ...provider("google", "hashicorp/google", "~> 7.0", { project, region }),
      {
        type: "resource", labels: ["google_cloud_run_v2_service", "model"], attributes: { name, location: region, ingress: "INGRESS_TRAFFIC_ALL" },
        blocks: [{ type: "template", attributes: { ...(identity === undefined ? {} : { service_account: identity }), max_instance_request_concurrency: CONCURRENCY, timeout: "60s" }, blocks: [
          { type: "scaling", attributes: { min_instance_count: instances, max_instance_count: maxInstances } },
          { type: "containers", attributes: { image }, blocks: [
            { type: "ports", attributes: { container_port: 8080 } }, { type: "resources", attributes: { limits: { cpu: String(cpu), memory: `${memory}Mi` } } },
            ...Object.entries(env).map(([n, value]) => ({ type: "env", attributes: { name: n, value } })),
            { type: "startup_probe", attributes: { period_seconds: 5, failure_threshold: 24 }, blocks: [{ type: "http_get", attributes: { path: "/health/ready" } }] }, { type: "liveness_probe", blocks: [{ type: "http_get", attributes: { path: "/health/live" } }] },
          ] },
        ] }],
      },
      ...(open ? [{ type: "resource", labels: ["google_cloud_run_v2_service_iam_member", "everybody"], attributes: { name: new Raw("google_cloud_run_v2_service.model.name"), location: region, role: "roles/run.invoker", member: "allUsers" } }] : []),
    ]),
    ask: `curl "$(gcloud run services describe ${name} --project ${project} --region ${region} --format 'value(status.url)')/predict"${open ? "" : " -H \"authorization: Bearer $(gcloud auth print-identity-token)\""} -H 'content-type: application/json' -d @rows.json`,
  };
}
