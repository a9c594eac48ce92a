// slipway deploy PKG --to sagemaker|lambda|cloudrun|vertex|azureml|containerapps: the plan; --apply carries it out.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { carryOut, cloudError, CLOUDS, statusOf, type CloudOptions, type CloudPlan, type Step } from "../clouds/index.ts";
import { deployedModel } from "./deployed-model.ts";
import { usageError, type Invocation, type OptionSpec } from "./command.ts";
import { printJson, printNote, printResult, progress } from "./output.ts";
import { writeFileWhole } from "./write-file.ts";

/** Beside those of Kubernetes, of which name, image, cpu, memory, replicas, max-replicas, insecure and wait are taken. */
export const cloudFlags: Readonly<Record<string, OptionSpec>> = {
  apply: { type: "boolean", help: "carry the plan out; without it nothing is touched" },
  status: { type: "boolean", help: "how what is deployed to the cloud stands" },
  destroy: { type: "boolean", help: "take away what was deployed to the cloud" },
  terraform: { type: "string", value: "DIR", help: "write the same for Terraform" },
  region: { type: "string", value: "NAME", help: "the cloud's region or location" },
  identity: { type: "string", value: "WHO", help: "who the service runs as: a role's ARN (Amazon), a service account (Google)" },
  "instance-type": { type: "string", value: "TYPE", help: "the machine, such as ml.m5.large, n1-standard-2, Standard_DS2_v2" },
  serverless: { type: "boolean", help: "SageMaker: without machines of its own" },
  project: { type: "string", value: "NAME", help: "Google: the project" },
  subscription: { type: "string", value: "ID", help: "Azure: the subscription" },
  "resource-group": { type: "string", value: "NAME", help: "Azure: the resource group" },
  workspace: { type: "string", value: "NAME", help: "Azure ML: the workspace" },
  environment: { type: "string", value: "NAME", help: "Azure Container Apps: the environment" },
};

const NAME = /^[a-z](?:[-a-z0-9]{0,30}[a-z0-9])?$/;
/** What runs when nobody asks: none, where the cloud starts it by itself. */
const LEAST: Readonly<Record<string, number>> = { sagemaker: 1, vertex: 1, azureml: 1, lambda: 0, cloudrun: 0, containerapps: 0 };

export async function toCloud(call: Invocation, target: string): Promise<number> {
  const plan = CLOUDS[target]!(await optionsOf(call, target));
  const json = call.flag("json");
  if (call.flag("status")) {
    const status = await statusOf(plan);
    if (json) printJson({ target, name: plan.name, deployed: status !== undefined, ...status });
    else printResult(status === undefined ? `${plan.name}: nothing is deployed` : `${plan.name}: ${status.state}${status.ready ? ", it answers" : ""}${status.reason === undefined ? "" : ` (${status.reason})`}${status.url === undefined ? "" : `\n  ${status.url}`}`);
    return status?.ready === true ? 0 : 1;
  }
  const terraform = call.text("terraform");
  if (terraform !== undefined) {
    await mkdir(terraform, { recursive: true });
    await writeFileWhole(join(terraform, "main.tf"), new TextEncoder().encode(plan.terraform));
    if (json) printJson({ target, files: [join(terraform, "main.tf")] });
    else printResult(`wrote ${join(terraform, "main.tf")}`);
    return 0;
  }
  const destroy = call.flag("destroy");
  const steps = destroy ? plan.destroy : plan.steps;
  if (!call.flag("apply")) {
    if (json) printJson({ target, name: plan.name, cost: plan.cost, steps: steps.map((s) => ({ title: s.title, request: s.request, ...(s.update === undefined ? {} : { update: s.update }) })) });
    else printResult(planText(plan, steps, destroy));
    return 0;
  }
  const line = progress();
  try {
    const done = await carryOut(steps, { destroys: destroy, progress: (text) => line.update(text), waitMs: (call.count("wait", [1, 86_400]) ?? 1200) * 1000 });
    line.done();
    if (json) printJson({ target, name: plan.name, done });
    else {
      for (const text of done) printNote(text);
      printResult(destroy ? `${plan.name} is gone from ${target}` : `${plan.name} is deployed\n\n  ask it   ${plan.ask}`);
    }
    return 0;
  } finally {
    line.done();
  }
}

function planText({ target, name, cost, ask }: CloudPlan, steps: readonly Step[], destroy: boolean): string {
  const lines = steps.map(({ title, request, update }, i) => {
    const shown = [request, ...(update === undefined ? [] : [update])].map((r, k) => `     ${k === 0 ? "" : "where it is there already: "}${r.method} ${r.url}${r.headers?.["x-amz-target"] === undefined ? "" : `  ${r.headers["x-amz-target"]}`}${r.body === undefined ? "" : `\n     ${JSON.stringify(r.body)}`}`);
    return `  ${i + 1}. ${title}\n${shown.join("\n")}`;
  });
  const price = cost.monthly === undefined ? cost.text : `about ${cost.monthly.toFixed(2)} $ a month: ${cost.text}`;
  return `${target}, ${name}: ${destroy ? "what would be taken away" : "what would be made"}\n\n${lines.join("\n")}\n${destroy ? "" : `\ncosts     ${price}\nask it    ${ask}\n`}\nnothing was touched; --apply carries it out`;
}

async function optionsOf(call: Invocation, target: string): Promise<CloudOptions> {
  const model = await deployedModel(call);
  const name = call.text("name") ?? model.name.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^[^a-z]+|-+$/g, "").slice(0, 32);
  if (!NAME.test(name)) throw cloudError("cloud-options", `${JSON.stringify(name.slice(0, 80))} cannot name a service`, { hint: "--name NAME: lower-case letters, digits and -, at most 32, beginning with a letter." });
  const image = call.text("image")?.replace(/^oci:\/\//, "");
  if (image === undefined && !call.flag("status") && !call.flag("destroy")) throw usageError("missing-argument", "the image is not told", { hint: "--image oci://HOST/REPOSITORY:TAG, which slipway image PKG --push makes." });
  const least = LEAST[target]!;
  const instances = call.count("replicas", [least, 1000]) ?? least;
  const maxInstances = call.count("max-replicas", [1, 1000]) ?? Math.max(10, instances);
  if (maxInstances < instances) throw cloudError("cloud-options", `--max-replicas is ${maxInstances}, and --replicas ${instances}`);
  return {
    name, image: image ?? "000000000000.dkr.ecr.us-east-1.amazonaws.com/none:none", revision: model.digest.slice("sha256:".length, "sha256:".length + 12),
    env: Object.fromEntries(call.texts("env").map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)])),
    region: call.text("region"), instances, maxInstances, instanceType: call.text("instance-type"), memory: mebibytes(call.text("memory")), cpu: cpus(call.text("cpu")), open: call.flag("insecure"),
    identity: call.text("identity") ?? (call.flag("status") || call.flag("destroy") ? "arn:aws:iam::000000000000:role/none" : undefined), serverless: call.flag("serverless"),
    project: call.text("project"), subscription: call.text("subscription"), resourceGroup: call.text("resource-group"), workspace: call.text("workspace"), environment: call.text("environment"),
  };
}

function mebibytes(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const match = /^(\d+(?:\.\d+)?)(Mi|Gi|M|G)?$/.exec(given);
  if (match === null) throw cloudError("cloud-options", `--memory is ${JSON.stringify(given.slice(0, 40))}`, { hint: "Write 512Mi or 2Gi." });
  return Math.round(Number(match[1]) * (match[2]?.startsWith("G") === true ? 1024 : 1));
}
function cpus(given: string | undefined): number | undefined {
  if (given === undefined) return undefined;
  const match = /^(\d+(?:\.\d+)?)(m)?$/.exec(given);
  if (match === null) throw cloudError("cloud-options", `--cpu is ${JSON.stringify(given.slice(0, 40))}`, { hint: "Write 1, 0.5 or 500m." });
  return Number(match[1]) / (match[2] === undefined ? 1 : 1000);
}
