// SageMaker: a model, an endpoint's configuration and the endpoint, by instances or serverless. A new version is a new
// configuration that the endpoint is switched to, without a request lost (blue/green by SageMaker itself).
// https://docs.aws.amazon.com/sagemaker/latest/APIReference

import { textAt, type CloudOptions, type CloudPlan, type CloudRequest, type Json } from "../plan.ts";
import { provider, Raw, terraform } from "../terraform.ts";
import { imageStep, operation, refusalOf, regionOf, roleOf } from "./amazon.ts";

const USUAL = "ml.t2.medium";
/** us-east-1, list prices of an hour, 2026. */
const HOURS: Readonly<Record<string, number>> = { "ml.t2.medium": 0.056, "ml.m5.large": 0.115, "ml.m5.xlarge": 0.23, "ml.c5.large": 0.102, "ml.c5.xlarge": 0.204, "ml.m7i.large": 0.121, "ml.c7i.large": 0.107, "ml.g4dn.xlarge": 0.736, "ml.g5.xlarge": 1.408 };

export function sagemakerPlan(options: CloudOptions): CloudPlan {
  const { name, revision, image, env, instances, instanceType = USUAL, serverless, memory = 2048 } = options;
  const region = regionOf(options.region);
  const role = roleOf(options.identity);
  const versioned = `${name}-${revision}`;
  const ask = (operationName: string, body: Json): CloudRequest => operation("sagemaker", region, "SageMaker", operationName, body, "api.sagemaker");
  const there = (answer: Parameters<typeof refusalOf>[0]): boolean => refusalOf(answer) === "ValidationException" && /already exist/i.test(textAt(answer.body, "message") ?? textAt(answer.body, "Message") ?? "");
  const gone = (answer: Parameters<typeof refusalOf>[0]): boolean => refusalOf(answer) === "ValidationException" && /could not find|not exist|not found/i.test(textAt(answer.body, "message") ?? textAt(answer.body, "Message") ?? "");
  const variant: Json = { VariantName: "all", ModelName: versioned, ...(serverless ? { ServerlessConfig: { MemorySizeInMB: memory, MaxConcurrency: Math.max(1, options.maxInstances) } } : { InitialInstanceCount: instances, InstanceType: instanceType, InitialVariantWeight: 1 }) };
  const describe = ask("DescribeEndpoint", { EndpointName: name });
  const hour = HOURS[instanceType];
  return {
    target: "sagemaker", name,
    steps: [
      imageStep(image),
      { title: `the model ${versioned}`, request: ask("CreateModel", { ModelName: versioned, PrimaryContainer: { Image: image, Mode: "SingleModel", Environment: env }, ExecutionRoleArn: role }), there },
      { title: `its configuration`, request: ask("CreateEndpointConfig", { EndpointConfigName: versioned, ProductionVariants: [variant] }), there },
      {
        title: `the endpoint ${name}`, request: ask("CreateEndpoint", { EndpointName: name, EndpointConfigName: versioned }), there,
        update: ask("UpdateEndpoint", { EndpointName: name, EndpointConfigName: versioned }),
        wait: { request: describe, done: ({ body }) => textAt(body, "EndpointStatus") === "InService", failed: ({ body }) => (/Failed|RollingBack|OutOfService/.test(textAt(body, "EndpointStatus") ?? "") ? (textAt(body, "FailureReason") ?? textAt(body, "EndpointStatus")) : undefined) },
      },
    ],
    destroy: [
      { title: `the endpoint ${name}`, request: ask("DeleteEndpoint", { EndpointName: name }), there: gone },
      { title: "its configuration", request: ask("DeleteEndpointConfig", { EndpointConfigName: versioned }), there: gone },
      { title: `the model ${versioned}`, request: ask("DeleteModel", { ModelName: versioned }), there: gone },
    ],
    status: { request: describe, read: ({ body }) => ({ state: textAt(body, "EndpointStatus") ?? "?", ready: textAt(body, "EndpointStatus") === "InService", reason: textAt(body, "FailureReason"), url: `https://runtime.sagemaker.${region}.amazonaws.com/endpoints/${name}/invocations` }) },
    cost: serverless ? { monthly: undefined, text: `by the millisecond of ${memory} MB while it answers, and the data; nothing while it is idle` }
      : { monthly: hour === undefined ? undefined : hour * 730 * instances, text: hour === undefined ? `${instances} x ${instanceType}: its price is not known here` : `${instances} x ${instanceType} at ${hour} $ an hour (us-east-1, list price)` },
    terraform: terraform([
      ...provider("aws", "hashicorp/aws", ">= 5.100, < 7.0", { region }),
      { type: "resource", labels: ["aws_sagemaker_model", "model"], attributes: { name: versioned, execution_role_arn: role }, blocks: [{ type: "primary_container", attributes: { image, environment: env } }] },
      {
        type: "resource", labels: ["aws_sagemaker_endpoint_configuration", "model"], attributes: { name: versioned },
        blocks: [{ type: "production_variants", attributes: { variant_name: "all", model_name: new Raw("aws_sagemaker_model.model.name"), ...(serverless ? {} : { initial_instance_count: instances, instance_type: instanceType }) }, blocks: serverless ? [{ type: "serverless_config", attributes: { memory_size_in_mb: memory, max_concurrency: Math.max(1, options.maxInstances) } }] : [] }],
      },
      { type: "resource", labels: ["aws_sagemaker_endpoint", "model"], attributes: { name, endpoint_config_name: new Raw("aws_sagemaker_endpoint_configuration.model.name") } },
    ]),
    ask: `aws sagemaker-runtime invoke-endpoint --region ${region} --endpoint-name ${name} --content-type application/json --body fileb://rows.json out.json`,
  };
}
