/* oxlint-disable typescript/no-explicit-any -- what a stand-in was sent */
// Plans carried out: Amazon's against moto, Google's and Azure's against a stand-in that answers as their documents say.

import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { motoIsThere, startMoto } from "../../../../scripts/testing-moto.ts";
import { carryOut, CLOUDS, statusOf, type CloudOptions } from "./index.ts";

const account = "123456789012";
const options = (change: Partial<CloudOptions>): CloudOptions => ({
  name: "churn", image: `${account}.dkr.ecr.us-east-1.amazonaws.com/churn:1`, revision: "0123456789ab", env: { LEVEL: "warn" }, region: undefined, instances: 1, maxInstances: 3, instanceType: undefined, memory: undefined, cpu: undefined,
  open: false, identity: `arn:aws:iam::${account}:role/models`, serverless: false, project: "acme-models", subscription: "00000000-0000-0000-0000-000000000001", resourceGroup: "models", workspace: "ml", environment: "env", ...change,
});
const quick = { everyMs: 5, waitMs: 5000 };
const variables = ["AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "SLIPWAY_GOOGLE_ENDPOINT", "GOOGLE_OAUTH_ACCESS_TOKEN", "SLIPWAY_AZURE_ENDPOINT", "AZURE_ACCESS_TOKEN"] as const;
const before = variables.map((name) => [name, process.env[name]] as const);
afterAll(() => {
  for (const [name, value] of before) if (value === undefined) delete process.env[name]; else process.env[name] = value;
});

describe.skipIf(!motoIsThere)("Amazon", () => {
  let moto: Awaited<ReturnType<typeof startMoto>>;
  beforeAll(async () => {
    moto = await startMoto();
    Object.assign(process.env, { AWS_ENDPOINT_URL: moto.url, AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test", AWS_REGION: "us-east-1" });
    const call = (service: string, target: string, body: object): Promise<Response> => fetch(moto.url, { method: "POST", headers: { "content-type": "application/x-amz-json-1.1", "x-amz-target": target, authorization: `AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/${service}/aws4_request, SignedHeaders=host, Signature=0` }, body: JSON.stringify(body) });
    const ecr = "AmazonEC2ContainerRegistry_V20150921";
    expect((await call("ecr", `${ecr}.CreateRepository`, { repositoryName: "churn" })).ok).toBe(true);
    expect((await call("ecr", `${ecr}.PutImage`, { repositoryName: "churn", imageTag: "1", imageManifest: JSON.stringify({ schemaVersion: 2, mediaType: "application/vnd.docker.distribution.manifest.v2+json", config: { mediaType: "application/vnd.docker.container.image.v1+json", size: 1, digest: `sha256:${"0".repeat(64)}` }, layers: [] }) })).ok).toBe(true);
    const iam = await fetch(moto.url, { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded", authorization: "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=0" }, body: new URLSearchParams({ Action: "CreateRole", Version: "2010-05-08", RoleName: "models", AssumeRolePolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }] }) }) });
    expect(iam.ok).toBe(true);
  }, 60_000);
  afterAll(() => moto?.stop());

  it.each([["by machines", {}], ["serverless", { serverless: true, name: "churn-less" }]] as const)("SageMaker, %s: made, seen, made again, switched to another version, taken away", async (_, change) => {
    const plan = CLOUDS["sagemaker"]!(options(change));
    expect(await statusOf(plan)).toBeUndefined();
    expect((await carryOut(plan.steps, quick)).map((d) => d.split(": ").at(-1))).toEqual(["made", "made", "made", "made"]);
    expect(await statusOf(plan)).toMatchObject({ state: "InService", ready: true });
    const next = CLOUDS["sagemaker"]!(options({ ...change, revision: "ba9876543210" }));
    await carryOut(next.steps, quick);
    expect((await carryOut(next.destroy, { ...quick, destroys: true })).map((d) => d.split(": ").at(-1))).toEqual(["gone", "gone", "gone"]);
    expect(await statusOf(next)).toBeUndefined();
  });
  it("Lambda: made, seen, changed, taken away", async () => {
    const plan = CLOUDS["lambda"]!(options({ open: true }));
    expect((await carryOut(plan.steps, quick)).length).toBe(5);
    expect(await statusOf(plan)).toMatchObject({ state: "Active", ready: true });
    expect((await carryOut(plan.steps, quick))[1]).toMatch(/: changed$/);
    await carryOut(plan.destroy, { ...quick, destroys: true });
    expect(await statusOf(plan)).toBeUndefined();
  });
  it("refuses what cannot be before anything is made", async () => {
    expect(() => CLOUDS["sagemaker"]!(options({ image: "ghcr.io/acme/churn:1" }))).toThrow(expect.objectContaining({ code: "cloud-options" }) as Error);
    expect(() => CLOUDS["lambda"]!(options({ identity: "me" }))).toThrow(expect.objectContaining({ code: "cloud-options" }) as Error);
    const absent = CLOUDS["sagemaker"]!(options({ image: `${account}.dkr.ecr.us-east-1.amazonaws.com/none:1`, name: "none" }));
    await expect(carryOut(absent.steps, quick)).rejects.toMatchObject({ code: "cloud-refused" });
    expect(await statusOf(absent)).toBeUndefined();
  });
});

/** Resources by their paths; what is written takes two looks until it is ready. */
class StandIn {
  readonly asked: { readonly method: string; readonly path: string; readonly body: any }[] = [];
  readonly #resources = new Map<string, { body: any; looks: number }>();
  #server: Server | undefined;
  fails: string | undefined;
  faults = 0;

  async start(): Promise<string> {
    this.#server = createServer((request, response) => {
      void read(request).then((text) => {
        const { pathname: path } = new URL(request.url!, "http://x");
        const body = text === "" ? undefined : (JSON.parse(text) as unknown);
        this.asked.push({ method: request.method!, path, body });
        const { status, json } = request.headers.authorization === "Bearer good" ? this.#answer(request.method!, path, body) : { status: 401, json: { error: { message: "who are you?" } } };
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(json));
      });
    });
    await new Promise<void>((resolve) => this.#server!.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }
  stop(): void {
    this.#server?.close();
  }

  #answer(method: string, path: string, body: any): { status: number; json: object } {
    if (this.faults-- > 0) return { status: 503, json: { error: { message: "later" } } };
    if (path.startsWith("/v2/operations/") || path.startsWith("/v1/operations/")) {
      const of = this.#resources.get("operation")!;
      return { status: 200, json: { name: path.slice(4), ...(of.looks-- > 0 ? {} : { done: true, ...(this.fails === undefined ? {} : { error: { message: this.fails } }) }) } };
    }
    const google = path.startsWith("/v1/") || path.startsWith("/v2/");
    if (method === "GET") {
      const found = this.#resources.get(path);
      if (found === undefined) return { status: 404, json: { error: { message: "not found" } } };
      if (google) return { status: 200, json: { ...found.body, uri: "https://churn.run.app", terminalCondition: { state: "CONDITION_SUCCEEDED" }, deployedModels: [{ id: "1", displayName: "churn" }] } };
      const state = found.looks-- > 0 ? "InProgress" : this.fails === undefined ? "Succeeded" : "Failed";
      return { status: 200, json: { ...found.body, properties: { ...found.body.properties, provisioningState: state, scoringUri: "https://churn.ml/score", configuration: { ingress: { fqdn: "churn.azurecontainerapps.io" } } }, ...(state === "Failed" ? { error: { message: this.fails } } : {}) } };
    }
    if (method === "DELETE") {
      const there = this.#resources.delete(path);
      if (!there) return { status: 404, json: { error: { message: "not found" } } };
    } else this.#resources.set(path.includes("/endpoints") && method === "POST" && !path.includes(":") ? `${path}/churn` : path, { body, looks: 2 });
    if (!google) return { status: 201, json: body ?? {} };
    this.#resources.set("operation", { body: {}, looks: 2 });
    return { status: 200, json: { name: "operations/1" } };
  }
}
async function read(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const piece of request) text += String(piece);
  return text;
}

describe("Google and Azure", () => {
  const cloud = new StandIn();
  beforeAll(async () => {
    const url = await cloud.start();
    Object.assign(process.env, { SLIPWAY_GOOGLE_ENDPOINT: url, GOOGLE_OAUTH_ACCESS_TOKEN: "good", SLIPWAY_AZURE_ENDPOINT: url, AZURE_ACCESS_TOKEN: "good" });
  });
  afterAll(() => cloud.stop());
  const cases = [
    ["cloudrun", { region: "europe-west1", image: "europe-docker.pkg.dev/acme/models/churn:1", identity: undefined, open: true }, ["PATCH /v2/projects/acme-models/locations/europe-west1/services/churn", "POST /v2/projects/acme-models/locations/europe-west1/services/churn:setIamPolicy"]],
    ["vertex", { region: "europe-west1", image: "europe-docker.pkg.dev/acme/models/churn:1", identity: undefined }, ["POST /v1/projects/acme-models/locations/europe-west1/models:upload", "POST /v1/projects/acme-models/locations/europe-west1/endpoints", "POST /v1/projects/acme-models/locations/europe-west1/endpoints/churn:deployModel"]],
    ["azureml", { region: "westeurope", image: "acme.azurecr.io/churn:1" }, ["environments/slipway-churn/versions/0123456789ab", "onlineEndpoints/churn", "onlineEndpoints/churn/deployments/d0123456789ab", "onlineEndpoints/churn"].map((p) => `PUT /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/models/providers/Microsoft.MachineLearningServices/workspaces/ml/${p}`)],
    ["containerapps", { region: "westeurope", image: "acme.azurecr.io/churn:1" }, ["PUT /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/models/providers/Microsoft.App/containerApps/churn"]],
  ] as const;
  it.each(cases)("%s: asked in order, waited for, seen, taken away", async (target, change, requests) => {
    cloud.asked.length = 0;
    const plan = CLOUDS[target]!(options(change));
    cloud.faults = 1;
    await carryOut(plan.steps, quick);
    expect(cloud.asked.filter((a) => a.method !== "GET").map((a) => `${a.method} ${a.path}`).filter((line, i, all) => i === 0 || line !== all[i - 1])).toEqual(requests);
    expect(JSON.stringify(cloud.asked)).toContain(plan.target === "vertex" ? '"imageUri":"europe-docker' : '"image":"');
    expect(await statusOf(plan)).toMatchObject({ ready: true });
    await carryOut(plan.destroy, { ...quick, destroys: true });
    expect(plan.terraform).toContain("required_providers");
  }, 30_000);
  it("says why something did not become ready, and who may not ask", async () => {
    for (const [target, change] of cases) {
      cloud.fails = "the image cannot be pulled";
      await expect(carryOut(CLOUDS[target]!(options(change)).steps, quick), target).rejects.toMatchObject({ code: "cloud-failed", message: expect.stringContaining("cannot be pulled") as string });
      cloud.fails = undefined;
    }
    for (const target of ["cloudrun", "azureml"]) expect(() => CLOUDS[target]!(options({ region: undefined }))).toThrow(expect.objectContaining({ code: "cloud-options" }) as Error);
  });
});
