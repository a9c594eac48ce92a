import { spawn, type ChildProcess } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { modelInside } from "../server/index.ts";
import { hostingOf } from "./hosting.ts";

const root = mkdtempSync(join(tmpdir(), "slipway-hosting-"));
const churn = fileURLToPath(new URL("../../../../examples/churn/churn.joblib", import.meta.url));
const folder = join(root, "model");
mkdirSync(join(folder, "inner"), { recursive: true });
copyFileSync(churn, join(folder, "inner", "churn.joblib"));
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  rmSync(root, { recursive: true, force: true });
});

describe("a platform's container", () => {
  it("is told by the platform's own variables", () => {
    expect(hostingOf({}, true, join(root, "none"))).toBeUndefined();
    expect(hostingOf({ SAGEMAKER_REGION: "x" }, true, join(root, "none"))).toBeUndefined();
    expect(hostingOf({}, true, folder)).toMatchObject({ platform: "SageMaker", defaults: { SLIPWAY_HOST: "0.0.0.0", SLIPWAY_PORT: "8080" }, model: join(folder, "inner", "churn.joblib") });
    expect(hostingOf({}, false, folder)).toBeUndefined();
    expect(hostingOf({ SAGEMAKER_MULTI_MODEL: "true", SAGEMAKER_BIND_TO_PORT: "9000" }, true, join(root, "none"))).toMatchObject({ multiModel: true, defaults: { SLIPWAY_PORT: "9000", SLIPWAY_ANONYMOUS: "operator" } });
    expect(hostingOf({ AZUREML_MODEL_DIR: folder, SCORING_TIMEOUT_MS: "2500" }, true)).toMatchObject({ platform: "Azure ML", defaults: { SLIPWAY_PORT: "5001", SLIPWAY_REQUEST_TIMEOUT: "2500ms" } });
    expect(hostingOf({ AIP_HTTP_PORT: "7080", AIP_STORAGE_URI: `file://${folder}`, AIP_HEALTH_ROUTE: "/h", AIP_PREDICT_ROUTE: "/p", AIP_DEPLOYED_MODEL_ID: "7" }, true))
      .toMatchObject({ platform: "Vertex AI", defaults: { SLIPWAY_PORT: "7080" }, model: expect.stringContaining("churn.joblib"), vertex: { health: "/h", predict: "/p", deployedModelId: "7" } });
  });
  it("is our image's own anywhere else, with the model that was brought or the one inside", () => {
    const image = join(root, "image");
    mkdirSync(join(image, "models"), { recursive: true });
    writeFileSync(join(image, "models", "churn.slip"), "x");
    const env = { _SLIPWAY_IMAGE_ROOT: image };
    const own = join(image, "models", "churn.slip");
    expect(hostingOf({ ...env, PORT: "9999" }, true)).toEqual({ platform: "Slipway's image", defaults: { SLIPWAY_HOST: "0.0.0.0", SLIPWAY_PORT: "9999" }, model: own });
    expect(hostingOf({ ...env, PORT: "9999", K_SERVICE: "churn" }, true)).toMatchObject({ platform: "Cloud Run or Knative", defaults: { SLIPWAY_INSECURE: "true", SLIPWAY_PORT: "9999" }, model: own });
    expect(hostingOf({ ...env, PORT: "9999", AIP_HTTP_PORT: "7080", AIP_STORAGE_URI: "" }, true)).toMatchObject({ platform: "Vertex AI", defaults: { SLIPWAY_PORT: "7080" }, model: own });
    // SageMaker makes the folder though no model data is given.
    mkdirSync(join(image, "opt", "ml", "model"), { recursive: true });
    expect(hostingOf(env, true)).toMatchObject({ platform: "SageMaker", defaults: { SLIPWAY_PORT: "8080" }, model: own });
    copyFileSync(churn, join(image, "opt", "ml", "model", "brought.joblib"));
    expect(hostingOf(env, true)).toMatchObject({ platform: "SageMaker", model: join(image, "opt", "ml", "model", "brought.joblib") });
    rmSync(join(image, "opt"), { recursive: true });
    writeFileSync(join(image, "models", "fraud.slip"), "x");
    expect(hostingOf(env, true)).toMatchObject({ defaults: { SLIPWAY_MODELS: join(image, "models") }, model: undefined });
    // KServe puts the model there.
    mkdirSync(join(image, "mnt", "models"), { recursive: true });
    copyFileSync(churn, join(image, "mnt", "models", "model.joblib"));
    expect(hostingOf(env, true)).toMatchObject({ platform: "Slipway's image", model: join(image, "mnt", "models", "model.joblib") });
  });
  it("refuses what it cannot serve", () => {
    expect(() => hostingOf({ AIP_HTTP_PORT: "1", AIP_STORAGE_URI: "gs://bucket/model" }, true)).toThrow(/only a folder of this container/);
    expect(() => hostingOf({ AIP_HTTP_PORT: "1", AIP_MODE: "TRAINING" }, true)).toThrow(/AIP_MODE/);
    writeFileSync(join(root, "a"), "x");
    writeFileSync(join(root, "b"), "x");
    expect(() => modelInside(root)).toThrow(/2 files/);
    expect(() => modelInside(join(root, "nix"))).toThrow(/no model at/);
  });
  it.each([
    ["Vertex AI", { AIP_HTTP_PORT: "0", AIP_STORAGE_URI: folder, AIP_HEALTH_ROUTE: "/alive", AIP_PREDICT_ROUTE: "/predict" }, "/alive", "/predict", { instances: [ROW()] }],
    ["Azure ML", { AZUREML_MODEL_DIR: folder, SLIPWAY_PORT: "0" }, "/", "/score", { data: [ROW()] }],
  ] as const)("of %s serves with no argument", async (platform, env, health, predict, body) => {
    const child = spawn(process.execPath, ["--conditions=@slipway/source", fileURLToPath(new URL("../../bin/slipway.mjs", import.meta.url)), "serve", "--host", "127.0.0.1", "--log-level", "error"], { env: { ...process.env, ...env }, cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    children.push(child);
    let [out, err] = ["", ""];
    child.stderr.on("data", (d) => (err += String(d)));
    for await (const d of child.stdout) if ((out += String(d)).includes("Ctrl-C stops")) break;
    expect(err).toContain(`a container of ${platform}`);
    const url = /on (http:\S+)/.exec(out)![1]!;
    expect((await fetch(url + health)).status).toBe(200);
    const answer = await fetch(url + predict, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining('"label":"')]);
    child.kill("SIGKILL");
  });
});

function ROW(): object {
  return { contract: "month-to-month", internet: "dsl", tenure_months: 1, monthly_charges: 1, support_calls: 1, senior: 1 };
}
