// slipway keys signing, sign, verify, pack --sign, predict and serve with required signatures, as someone would run them.

import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { readSlip, writeLayout } from "@slipway/core/package";
import { createKeyFiles } from "../signing/index.ts";
import { testPackage } from "../server/models/testing-packages.ts";

const bin = fileURLToPath(new URL("../../bin/slipway.mjs", import.meta.url));
const example = fileURLToPath(new URL("../../../../examples/churn/churn.joblib", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "slipway-signing-"));
let child: ChildProcess | undefined;

function run(args: readonly string[], env: Record<string, string> = {}): { code: number | null; out: string; err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], { cwd: folder, encoding: "utf8", env: { ...process.env, ...env } });
  return { code: status, out: stdout, err: stderr };
}
const json = (...args: string[]): { readonly [key: string]: unknown; readonly error?: { readonly code: string; readonly data?: unknown } } => JSON.parse(run([...args, "--json"]).out) as never;
const path = (name: string): string => join(folder, name);

beforeAll(async () => {
  await createKeyFiles(path("release.key"));
  await createKeyFiles(path("other.key"), { curve: "P-384" });
  writeFileSync(path("linear.slip"), await testPackage({ name: "linear", version: "1.0.0", factor: 1 }));
});
afterEach(async () => {
  const ended = child;
  child = undefined;
  if (ended?.kill("SIGTERM") === true) await once(ended, "exit");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("makes keys that only their owner reads, never over another file, and shows the public half", () => {
  expect(json("keys", "signing", "create", "made.key", "--curve", "P-521")).toMatchObject({ curve: "P-521", encrypted: false });
  expect(statSync(path("made.key")).mode & 0o777).toBe(0o600);
  expect(statSync(path("release.key")).mode & 0o777).toBe(0o600);
  const before = readFileSync(path("release.key"), "utf8");
  expect(json("keys", "signing", "create", "release.key").error?.code).toBe("signing-key-exists");
  expect(readFileSync(path("release.key"), "utf8")).toBe(before);
  rmSync(path("release.key.pub"));
  expect(json("keys", "signing", "create", "release.key").error?.code).toBe("signing-key-exists");
  rmSync(path("release.key.pub"), { force: true });
  const shown = run(["keys", "signing", "show", "release.key"]);
  writeFileSync(path("release.key.pub"), shown.out);
  expect(json("keys", "signing", "show", "release.key.pub")).toMatchObject({ curve: "P-256", pem: shown.out });
  expect(shown.out + shown.err).not.toContain("PRIVATE");
});

it("an encrypted key needs its password, from a file or the environment, and prints neither", () => {
  writeFileSync(path("password"), "correct horse\n");
  const made = run(["keys", "signing", "create", "locked.key", "--password-file", "password"]);
  expect(made.code).toBe(0);
  expect(readFileSync(path("locked.key"), "utf8")).toContain("ENCRYPTED PRIVATE KEY");
  const sign = (env: Record<string, string>): ReturnType<typeof run> => run(["sign", "linear.slip", "--key", "locked.key", "--signature", "locked.sig"], env);
  const wrong = sign({ SLIPWAY_KEY_PASSWORD: "wrong horse" });
  expect([sign({}).code, wrong.code, sign({ SLIPWAY_KEY_PASSWORD: "correct horse" }).code]).toEqual([2, 2, 0]);
  expect(made.out + made.err + wrong.out + wrong.err).not.toMatch(/horse/);
  expect(run(["verify", "linear.slip", "--key", "locked.key.pub", "--signature", "locked.sig"]).code).toBe(0);
});

it("signs and verifies a package in its file and in its folder, another folder, and a file", async () => {
  const before = (await readSlip(readFileSync(path("linear.slip")))).digest;
  expect(json("verify", "linear.slip", "--key", "release.key.pub").error?.code).toBe("signature-missing");
  expect(json("sign", "linear.slip", "--key", "release.key", "-o", "signed.slip")).toMatchObject({ digest: before, written: "signed.slip" });
  expect(json("verify", "signed.slip", "--key", "release.key.pub", "--key", "other.key.pub")).toMatchObject({ digest: before, files: ["card.md", "model.onnx", "sbom.cdx.json", "signature.json", "slipway.json"] });
  const stranger = run(["verify", "signed.slip", "--key", "other.key.pub"]);
  expect([stranger.code, stranger.err]).toEqual([1, expect.stringContaining("[signature-invalid]")]);
  expect(run(["verify", "signed.slip"]).code).toBe(2);

  for (const { path: file, bytes } of writeLayout(await readSlip(readFileSync(path("linear.slip"))))) write(join("layout", file), bytes);
  expect(run(["sign", "layout", "--key", "release.key"]).code).toBe(0);
  expect(json("verify", "layout", "--key", "release.key.pub")).toMatchObject({ digest: before });
  expect(run(["predict", "layout", "-", "--require-signature", "other.key.pub"]).err).toContain("[signature-invalid]");

  write("model/weights.bin", "weights");
  write("model/deep/config.json", "{}");
  expect(run(["sign", "model", "--key", "other.key"]).code).toBe(0);
  expect(json("verify", "model", "--key", "other.key.pub")).toMatchObject({ files: ["deep/config.json", "weights.bin"] });
  write("model/extra.bin", "x");
  expect(json("verify", "model", "--key", "other.key.pub").error).toMatchObject({ code: "signed-files-differ", data: { added: ["extra.bin"] } });

  write("model.pkl", "pickled");
  expect(run(["sign", "model.pkl", "--key", "release.key"]).code).toBe(0);
  expect(run(["verify", "model.pkl", "--key", "release.key.pub"]).code).toBe(0);
  write("model.pkl", "pickleD");
  expect(run(["verify", "model.pkl", "--key", "release.key.pub"]).code).toBe(1);
});

it("packs and signs at once, and predicts only with what a trusted key signed", () => {
  expect(json("pack", example, "--name", "churn", "--sign", "release.key", "-o", "churn.slip")).toMatchObject({ signedBy: (json("keys", "signing", "show", "release.key") as { id: string }).id });
  const rows = readFileSync(join(dirname(example), "check.csv"), "utf8").split("\n").slice(0, 3).join("\n");
  writeFileSync(path("rows.csv"), rows);
  expect(run(["predict", "churn.slip", "rows.csv", "--require-signature", "release.key.pub"]).code).toBe(0);
  expect(json("predict", "churn.slip", "rows.csv", "--require-signature", "other.key.pub").error?.code).toBe("signature-invalid");
  expect(json("predict", example, "rows.csv", "--require-signature", "release.key.pub").error?.code).toBe("signature-missing");
});

it("attaches the gate's report, signed, to the package that it is about", async () => {
  const labelled = join(dirname(example), "check.csv");
  writeFileSync(path("gate.slip"), readFileSync(path("churn.slip")));
  const digest = (await readSlip(readFileSync(path("gate.slip")))).digest;
  const tested = run(["test", "gate.slip", "--data", labelled, "--target", "label", "--slice", "contract", "--attest", "--key", "release.key", "--bom", "bom.json", "--json"]);
  expect(tested.code, tested.err).toBe(0);
  const report = JSON.parse(tested.out) as { results: { name: string }[] };
  const verified = json("verify", "gate.slip", "--key", "release.key.pub") as { digest: string; attestations: { predicateType: string; predicate: { passedTests?: string[]; configuration?: unknown; "slipway.report"?: unknown } }[] };
  expect(verified.digest).toBe(digest);
  const [test, bom] = verified.attestations;
  expect(test).toMatchObject({ predicateType: "https://in-toto.io/attestation/test-result/v0.1", predicate: { configuration: [{ name: "gate" }, { name: "check.csv" }], "slipway.report": { model: { digest }, results: report.results.map(({ name }) => ({ name })) } } });
  expect(test!.predicate.passedTests).toContain("engines");
  expect(bom).toMatchObject({ predicateType: "https://cyclonedx.org/bom", predicate: JSON.parse(readFileSync(path("bom.json"), "utf8")) as object });
  const metrics = (bom!.predicate as { metadata: { component: { modelCard: { quantitativeAnalysis: { performanceMetrics: { type: string; slice?: string; confidenceInterval?: object }[] } } } } }).metadata.component.modelCard.quantitativeAnalysis.performanceMetrics;
  expect(metrics.some((m) => m.type === "accuracy" && m.slice === undefined && m.confidenceInterval !== undefined)).toBe(true);
  expect(metrics.some((m) => m.slice?.startsWith("contract=") === true && m.confidenceInterval !== undefined)).toBe(true);
  // Nobody else's statements are told.
  expect(run(["sign", "gate.slip", "--key", "other.key"]).code).toBe(0);
  expect(json("verify", "gate.slip", "--key", "other.key.pub")).toMatchObject({ attestations: [] });
});

it("serves signed packages only, at the start and when the folder changes", async () => {
  expect(json("serve", "linear.slip", "--port", "0", "--require-signature", "release.key.pub").error?.code).toBe("signature-missing");
  expect(json("serve", "linear.slip", "--port", "0", "--require-signature", "release.key").error?.code).toBe("signing-key-malformed");
  await release("1", 1, "release.key");
  writeFileSync(path("slipway.config.yaml"), "repository: ./models\npoll: 100ms\nport: 0\nlogLevel: error\nsignatures: {require: [release.key.pub]}\n");
  child = spawn(process.execPath, [bin, "serve", "--json"], { cwd: folder, stdio: ["ignore", "pipe", "ignore"] });
  let text = "";
  for await (const piece of child.stdout!) {
    text += String(piece);
    if (text.trimEnd().endsWith("}")) break;
  }
  const { url } = JSON.parse(text) as { url: string };
  const value = async (): Promise<number | undefined> => ((await (await fetch(`${url}/models/linear/predict`, { method: "POST", body: '[{"x0": 1, "x1": 1, "x2": 1}]' })).json()) as { predictions?: [{ value: number }] }).predictions?.[0].value;
  expect(await value()).toBe(6);
  await release("3", 3, undefined);
  await release("4", 4, "other.key");
  await release("5", 5, "release.key");
  while ((await value()) !== 30) await new Promise((resolve) => setTimeout(resolve, 100));
  const { models } = (await (await fetch(`${url}/models`)).json()) as { models: { version: string }[] };
  expect(JSON.stringify(models)).not.toMatch(/"version":\s*"[34]"[^}]*"ready"/);
});

async function release(version: string, factor: number, key: string | undefined): Promise<void> {
  write("next.slip", await testPackage({ name: "linear", version: "1.0.0", factor }));
  if (key !== undefined) expect(run(["sign", "next.slip", "--key", key]).code).toBe(0);
  mkdirSync(path(`models/linear/${version}`), { recursive: true });
  renameSync(path("next.slip"), path(`models/linear/${version}/m.slip`));
}
function write(name: string, bytes: string | Uint8Array): void {
  mkdirSync(dirname(path(name)), { recursive: true });
  writeFileSync(path(name), bytes);
}
