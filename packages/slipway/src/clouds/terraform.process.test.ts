// What is written for Terraform, by Terraform itself: its form for every target, and Amazon's against the provider's own schema,
// where both are there. Of the other clouds no provider is.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { CLOUDS, type CloudOptions } from "./index.ts";
import { Raw, terraform } from "./terraform.ts";

const hasTerraform = ((): boolean => {
  try {
    execFileSync("terraform", ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();
/** Unpacked providers, as a file system mirror has them. */
const mirror = process.env["SLIPWAY_TEST_TERRAFORM_PLUGINS"] ?? "/opt/tf-plugins";
const hasAmazon = hasTerraform && existsSync(join(mirror, "registry.terraform.io/hashicorp/aws"));
const folder = mkdtempSync(join(tmpdir(), "slipway-terraform-"));
afterAll(() => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, "rc"), `provider_installation {\n  filesystem_mirror {\n    path = ${JSON.stringify(mirror)}\n  }\n}\n`);
const run = (at: string, ...args: string[]): string => execFileSync("terraform", args, { cwd: at, encoding: "utf8", env: { PATH: process.env["PATH"], HOME: folder, TF_CLI_CONFIG_FILE: join(folder, "rc"), CHECKPOINT_DISABLE: "1" } });

const ODD = 'a "b" ${aws_lambda_function.model.arn} %{ if true } $${x} \\ \n\t\u0001\b\f €';
const options: CloudOptions = {
  name: "churn", image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/churn:1", revision: "0123456789ab", env: { LEVEL: "warn", ODD }, region: "us-east-1", instances: 1, maxInstances: 3, instanceType: undefined, memory: undefined, cpu: undefined,
  open: false, identity: "arn:aws:iam::123456789012:role/models", serverless: false, project: "acme-models", subscription: "00000000-0000-0000-0000-000000000001", resourceGroup: "models", workspace: "ml", environment: "env" };
const google = { region: "europe-west1", image: "europe-docker.pkg.dev/acme/models/churn:1", identity: undefined };
const azure = { region: "westeurope", image: "acme.azurecr.io/churn:1" };
const amazon = [["sagemaker", {}], ["sagemaker", { serverless: true }], ["lambda", {}], ["lambda", { open: true }]] as const;
const all = [...amazon, ["cloudrun", { ...google, open: true }], ["vertex", google], ["azureml", azure], ["containerapps", azure]] as const;
let count = 0;
function written(target: string, change: Partial<CloudOptions>): string {
  const at = join(folder, `${count++}`);
  mkdirSync(at);
  writeFileSync(join(at, "main.tf"), CLOUDS[target]!({ ...options, ...change }).terraform);
  return at;
}

it("begins no expression in a text, whatever is in it", () => {
  const text = terraform([{ type: "locals", attributes: { odd: ODD, "other": new Raw("var.x") } }]);
  expect(text).toBe('locals {\n  odd   = "a \\"b\\" $${aws_lambda_function.model.arn} %%{ if true } $$${x} \\\\ \\n\\t\\u0001\\u0008\\u000c €"\n  other = var.x\n}\n');
});

describe.skipIf(!hasTerraform)("Terraform", () => {
  it.each(all)("has nothing to change in the form of %s %j", (target, change) => {
    const at = written(target, change);
    expect(run(at, "fmt", "-check", "-diff", "-no-color", ".")).toBe("");
  });
  it("reads texts as they were", () => {
    const at = join(folder, "texts");
    mkdirSync(at);
    writeFileSync(join(at, "main.tf"), terraform([{ type: "output", labels: ["odd"], attributes: { value: { [ODD]: ODD } } }]));
    run(at, "init", "-input=false");
    run(at, "apply", "-auto-approve", "-input=false", "-no-color");
    expect(JSON.parse(run(at, "output", "-json", "odd"))).toEqual({ [ODD]: ODD });
  }, 60_000);
  it.skipIf(!hasAmazon).each(amazon)("and Amazon's provider take %s %j", (target, change) => {
    const at = written(target, change);
    run(at, "init", "-input=false", "-no-color");
    expect(JSON.parse(run(at, "validate", "-json", "-no-color"))).toMatchObject({ valid: true, error_count: 0, warning_count: 0, diagnostics: [] });
  }, 120_000);
});
