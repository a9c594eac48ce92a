// AWS Lambda: a function of the image, with an address of its own that asks for AWS credentials unless everybody may ask.
// https://docs.aws.amazon.com/lambda/latest/api

import { textAt, type CloudOptions, type CloudPlan, type CloudRequest, type Json } from "../plan.ts";
import { provider, Raw, terraform } from "../terraform.ts";
import { imageStep, refusalOf, regionOf, roleOf } from "./amazon.ts";

const SECONDS = 60;

export function lambdaPlan(options: CloudOptions): CloudPlan {
  const { name, image, env, memory = 1024, open } = options;
  const region = regionOf(options.region);
  const role = roleOf(options.identity);
  const ask = (method: CloudRequest["method"], path: string, body?: Json): CloudRequest => ({ method, url: `https://lambda.${region}.amazonaws.com${path}`, service: "lambda", ...(body === undefined ? {} : { body }) });
  const of = `/2015-03-31/functions/${name}`;
  const settings = { Role: role, MemorySize: memory, Timeout: SECONDS, Environment: { Variables: env } };
  const there = (answer: { status: number; body: Json }): boolean => answer.status === 409 || refusalOf(answer) === "ResourceConflictException";
  const gone = (answer: { status: number; body: Json }): boolean => answer.status === 404;
  const ready = { request: ask("GET", of), done: ({ body }: { body: Json }) => textAt(body, "Configuration", "State") === "Active" && textAt(body, "Configuration", "LastUpdateStatus") !== "InProgress", failed: ({ body }: { body: Json }) => (textAt(body, "Configuration", "State") === "Failed" || textAt(body, "Configuration", "LastUpdateStatus") === "Failed" ? (textAt(body, "Configuration", "StateReason") ?? textAt(body, "Configuration", "LastUpdateStatusReason") ?? "it failed") : undefined) };
  const auth = open ? "NONE" : "AWS_IAM";
  return {
    target: "lambda", name,
    steps: [
      imageStep(image),
      { title: `the function ${name}`, request: ask("POST", "/2015-03-31/functions", { FunctionName: name, PackageType: "Image", Code: { ImageUri: image }, Architectures: ["x86_64"], ...settings }), there, update: ask("PUT", `${of}/code`, { ImageUri: image }), wait: ready },
      { title: "its settings", request: ask("PUT", `${of}/configuration`, settings), wait: ready },
      { title: `its address (${open ? "for everybody" : "for AWS credentials"})`, request: ask("POST", `/2021-10-31/functions/${name}/url`, { AuthType: auth }), there, update: ask("PUT", `/2021-10-31/functions/${name}/url`, { AuthType: auth }) },
      ...(open ? [{ title: "everybody may ask", request: ask("POST", `${of}/policy`, { StatementId: "slipway-url", Action: "lambda:InvokeFunctionUrl", Principal: "*", FunctionUrlAuthType: "NONE" }), there }] : []),
    ],
    destroy: [{ title: `the function ${name}`, request: ask("DELETE", of), there: gone }],
    status: { request: ask("GET", of), read: ({ body }) => ({ state: textAt(body, "Configuration", "State") ?? "?", ready: textAt(body, "Configuration", "State") === "Active", reason: textAt(body, "Configuration", "StateReason") }) },
    cost: { monthly: undefined, text: `0.20 $ a million requests and 0.0000166667 $ a GB-second (us-east-1, list price): at 5 ms a request ${(0.2 + 1e6 * 0.005 * (memory / 1024) * 0.0000166667).toFixed(2)} $ a million; nothing while it is idle` },
    terraform: terraform([
      ...provider("aws", "hashicorp/aws", ">= 5.100, < 7.0", { region }),
      { type: "resource", labels: ["aws_lambda_function", "model"], attributes: { function_name: name, package_type: "Image", image_uri: image, role, memory_size: memory, timeout: SECONDS }, blocks: [{ type: "environment", attributes: { variables: env } }] },
      { type: "resource", labels: ["aws_lambda_function_url", "model"], attributes: { function_name: new Raw("aws_lambda_function.model.function_name"), authorization_type: auth } },
      ...(open ? [{ type: "resource", labels: ["aws_lambda_permission", "model"], attributes: { statement_id: "slipway-url", action: "lambda:InvokeFunctionUrl", principal: "*", function_name: new Raw("aws_lambda_function.model.function_name"), function_url_auth_type: "NONE" } }] : []),
    ]),
    ask: open ? `curl "$(aws lambda get-function-url-config --function-name ${name} --query FunctionUrl --output text)predict" -H 'content-type: application/json' -d @rows.json` : `aws lambda invoke --region ${region} --function-name ${name} --payload fileb://rows.json out.json`,
  };
}
