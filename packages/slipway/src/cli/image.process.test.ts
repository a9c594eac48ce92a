// Images as the command makes them, judged by others: skopeo, crane, cosign, docker-registry, podman.

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeTar } from "@slipway/core/formats";
import { toJsonBytes } from "@slipway/core/package";
import { crane, dockerRegistry, htpasswd, openssl, startDockerRegistry, type TestRegistry } from "../oci/testing-registry.ts";
import { LambdaEmulator } from "../functions/index.ts";
import { digestOf, LayoutStore, MEDIA_TYPE } from "../oci/index.ts";
import { goTool, toolOf } from "../../../../scripts/testing-tools.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const bin = join(root, "packages", "slipway", "bin", "slipway.mjs");
const folder = mkdtempSync(join(tmpdir(), "slipway-image-"));
const at = (name: string): string => join(folder, name);
const skopeo = toolOf("skopeo", "apt-get install skopeo");
const cosign = goTool("cosign");
/** What is compressed once is kept for the next run. */
const env: NodeJS.ProcessEnv = { ...process.env, SLIPWAY_CACHE: join(tmpdir(), "slipway-test-cache"), HOME: folder, DOCKER_CONFIG: at("docker"), SLIPWAY_KEY_PASSWORD: "", COSIGN_PASSWORD: "" };
delete env["REGISTRY_AUTH_FILE"];

interface Told {
  readonly name: string;
  readonly base: { readonly digest: string | null };
  readonly written: readonly { readonly where: string; readonly digest: string }[];
  readonly platforms: readonly { readonly platform: string; readonly digest: string; readonly bytes: number; readonly layers: readonly { readonly comment: string; readonly digest: string }[] }[];
}
function slipway(...args: string[]): { readonly status: number | null; readonly out: string; readonly err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], { cwd: folder, env, encoding: "utf8" });
  return { status, out: stdout, err: stderr };
}
function image(...args: string[]): Told {
  const { status, out, err } = slipway("image", ...args, "--json");
  expect([status, err.replace(/^note:.*\n/gm, "")]).toEqual([0, ""]);
  return JSON.parse(out) as Told;
}
const refused = (...args: string[]): string => {
  const { status, err } = slipway("image", ...args);
  return `${status} ${/\[([a-z-]+)\]/.exec(err)?.[1]}`;
};

let registry: TestRegistry | undefined;
beforeAll(async () => {
  const churn = join(root, "examples", "churn", "churn.joblib");
  for (const version of ["1.0.0", "1.1.0"]) expect(slipway("pack", churn, "--name", "churn", "--version", version, "-o", `churn-${version}.slip`).status).toBe(0);
  for (const [name, machine] of [["amd64", 62], ["arm64", 183]] as const) writeFileSync(at(`node-${name}`), program(machine));
  writeFileSync(at("trusted-root.json"), JSON.stringify({ mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1", tlogs: [], certificateAuthorities: [], ctlogs: [], timestampAuthorities: [] }));
  await baseLayout(at("base"));
  if (dockerRegistry !== undefined && htpasswd !== undefined && openssl !== undefined) {
    registry = await startDockerRegistry({ tls: true, user: { name: "ann", password: "secret" } });
    mkdirSync(at("docker"), { recursive: true });
    writeFileSync(at("docker/config.json"), JSON.stringify({ auths: { [registry.host]: { auth: Buffer.from("ann:secret").toString("base64") } } }));
    env["SLIPWAY_REGISTRY_CA"] = registry.ca;
  }
}, 120_000);
afterAll(async () => {
  await registry?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 120_000);

describe("slipway image", () => {
  it("makes the same bytes again, of which only the model's change with its version", () => {
    const first = image("churn-1.0.0.slip", "-o", "one", "--base", "host");
    // Again, with another program for Node's so that compressing is short, and once with a cache and once without.
    const own = process.arch === "arm64" ? "node-arm64" : "node-amd64";
    const kept = image("churn-1.0.0.slip", "-o", "two", "--base", "host", "--node", own);
    env["SLIPWAY_CACHE_LIMIT"] = "0";
    const anew = image("churn-1.0.0.slip", "-o", "three", "--base", "host", "--node", own);
    delete env["SLIPWAY_CACHE_LIMIT"];
    expect(anew.written[0]!.digest).toBe(kept.written[0]!.digest);
    expect(readdirSync(at("three/blobs/sha256")).sort()).toEqual(readdirSync(at("two/blobs/sha256")).sort());
    expect(first.platforms[0]!.bytes).toBeLessThan(120e6);
    const next = image("churn-1.1.0.slip", "-o", "one", "--base", "host");
    const changed = next.platforms[0]!.layers.filter((layer, i) => layer.digest !== first.platforms[0]!.layers[i]!.digest);
    expect(changed.map((layer) => layer.comment)).toEqual(["churn 1.1.0"]);
    if (skopeo === undefined) return;
    const told = JSON.parse(execFileSync(skopeo, ["inspect", "--config", `oci:${at("one")}:1.0.0`], { encoding: "utf8" })) as { config: Record<string, unknown> };
    expect(told.config).toMatchObject({ User: "65532:65532", Entrypoint: ["/usr/local/bin/node", "/opt/slipway/container.js"], Cmd: ["serve"] });
    execFileSync(skopeo, ["copy", "-q", `oci:${at("one")}:1.0.0`, `dir:${at("copied")}`]);
  });

  it.skipIf(registry === undefined && dockerRegistry === undefined)("pushes an image for two platforms, with its bill of materials and a signature, to a registry with TLS and passwords", () => {
    const { host, ca } = registry!;
    const reference = `oci://${host}/acme/churn:1.0.0`;
    expect(slipway("keys", "signing", "create", "release.key").status).toBe(0);
    const archives = ["--platform", "linux/amd64,linux/arm64", "--base", "oci-layout:base", "--node"] as const;
    // Each platform has its own binary: one for both is refused for the other.
    expect(refused("churn-1.0.0.slip", "--push", reference, ...archives, "node-amd64")).toBe("3 image-node");
    const pushed = ["amd64", "arm64"].map((name) => image("churn-1.0.0.slip", "--push", `oci://${host}/acme/churn:${name}`, "--platform", `linux/${name}`, "--base", "oci-layout:base", "--node", `node-${name}`, "--key", "release.key"));
    const flags = ["--cert-dir", join(ca!, ".."), "--creds", "ann:secret"];
    if (skopeo !== undefined) {
      const raw = JSON.parse(execFileSync(skopeo, ["inspect", "--raw", ...flags, `docker://${host}/acme/churn:arm64`], { encoding: "utf8" })) as { mediaType: string; annotations: Record<string, string> };
      // A manifest, not an index: what SageMaker and Lambda take.
      expect([raw.mediaType, raw.annotations["org.opencontainers.image.base.digest"]]).toEqual([MEDIA_TYPE.manifest, pushed[1]!.base.digest]);
      expect(JSON.parse(execFileSync(skopeo, ["inspect", "--config", ...flags, `docker://${host}/acme/churn:arm64`], { encoding: "utf8" }))).toMatchObject({ architecture: "arm64", os: "linux" });
    }
    const trusting = { ...env, SSL_CERT_FILE: ca };
    if (crane !== undefined) execFileSync(crane, ["validate", "--remote", `${host}/acme/churn:arm64`], { env: trusting, stdio: "pipe" });
    if (cosign !== undefined) execFileSync(cosign, ["verify", "--key", at("release.key.pub"), "--insecure-ignore-tlog=true", "--trusted-root", at("trusted-root.json"), `${host}/acme/churn@${pushed[1]!.written[0]!.digest}`], { env: trusting, stdio: "pipe" });
    if (crane !== undefined) {
      const index = JSON.parse(execFileSync(crane, ["manifest", `${host}/acme/churn:${pushed[1]!.written[0]!.digest.replace(":", "-")}`], { env: trusting, encoding: "utf8" })) as { manifests: { artifactType?: string }[] };
      expect(index.manifests.map((m) => m.artifactType)).toContain("application/vnd.cyclonedx+json");
    }
    // The base may lie in the same registry: then its layers do not travel.
    if (skopeo !== undefined) {
      execFileSync(skopeo, ["copy", "-q", "--all", "--dest-cert-dir", join(ca!, ".."), "--dest-creds", "ann:secret", `oci:${at("base")}:12`, `docker://${host}/bases/cc:12`]);
      const again = image("churn-1.0.0.slip", "--push", `oci://${host}/acme/other:1`, "--platform", "linux/arm64", "--base", `oci://${host}/bases/cc:12`, "--node", "node-arm64");
      expect(again.platforms[0]!.layers.map((l) => l.digest)).toEqual(pushed[1]!.platforms[0]!.layers.map((l) => l.digest));
    }
  });

  it("refuses what cannot become an image, by name", async () => {
    await baseLayout(at("musl"), ["lib/ld-musl-x86_64.so.1"]);
    expect(refused("churn-1.0.0.slip", "-o", "x", "--base", "oci-layout:musl", "--platform", "linux/amd64")).toBe("2 image-base");
    expect(refused("churn-1.0.0.slip", "-o", "x", "--base", "oci-layout:nowhere")).toBe("2 oci-layout");
    expect(refused("churn-1.0.0.slip", "-o", "x", "--base", "somewhere")).toBe("2 image-base");
    expect(refused("churn-1.0.0.slip", "-o", "x", "--platform", "windows/amd64")).toBe("2 image-platform");
    expect(refused("churn-1.0.0.slip", "-o", "x.tar", "--docker-archive", "--platform", "linux/amd64,linux/arm64")).toBe("2 image-archive");
    expect(refused("churn-1.0.0.slip", "-o", "x", "-t", "Churn Model")).toBe("2 image-reference");
    expect(refused("churn-1.0.0.slip", "--push", "ghcr.io/acme/churn:1")).toBe("2 image-reference");
    expect(refused("churn-1.0.0.slip", "-o", "x", "--base", "host", "--key", "nowhere.key")).toBe("2 signing-key-file");
    expect(refused("churn-1.0.0.slip")).toBe("2 missing-argument");
    cpSync(at("base"), at("damaged"), { recursive: true });
    const [layer] = readdirSync(at("damaged/blobs/sha256")).filter((name) => readFileSync(at(`damaged/blobs/sha256/${name}`)).readUInt16BE(0) === 0x1f8b);
    writeFileSync(at(`damaged/blobs/sha256/${layer}`), gzipSync("something else"));
    expect(refused("churn-1.0.0.slip", "-o", "x", "--base", "oci-layout:damaged")).toBe("2 oci-digest-mismatch");
    expect(existsSync(at("x"))).toBe(false);
  });

  it("runs from its files alone, as the contract of containers has it", async () => {
    image("churn-1.0.0.slip", "--dockerfile", "context", "--base", "host");
    expect(readFileSync(at("context/Dockerfile"), "utf8")).toMatch(/^FROM --platform=linux\/\S+ scratch$/m);
    mkdirSync(at("rootfs"));
    for (const tar of readdirSync(at("context")).filter((name) => name.endsWith(".tar"))) execFileSync("tar", ["-xf", at(`context/${tar}`), "-C", at("rootfs")]);
    const start = (...args: string[]): ReturnType<typeof spawnSync> => spawnSync(at("rootfs/usr/local/bin/node"), [at("rootfs/opt/slipway/container.js"), ...args], { env: { PORT: "0", _SLIPWAY_IMAGE_ROOT: at("rootfs") }, encoding: "utf8", timeout: 20_000 });
    // Everybody who reaches the port could ask: only where that is said.
    expect(String(start("serve").stderr)).toContain("[unsafe-bind]");
    const child = spawn(at("rootfs/usr/local/bin/node"), [at("rootfs/opt/slipway/container.js"), "serve", "--json"], { env: { PORT: "0", SLIPWAY_INSECURE: "true", _SLIPWAY_IMAGE_ROOT: at("rootfs") }, stdio: ["ignore", "pipe", "ignore"] });
    let out = "";
    for await (const piece of child.stdout) if ((out += String(piece)).includes("\n}")) break;
    const { url } = JSON.parse(out) as { url: string };
    const answer = await fetch(`${url}/predict`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ contract: "one year", internet: "dsl", tenure_months: 14, monthly_charges: null, support_calls: 2, senior: false }) });
    expect(await answer.json()).toMatchObject({ predictions: [{ label: "stays" }], model: { name: "churn", version: "1.0.0" } });
    const script = /<script[^>]* src="([^"]+)"/.exec(await (await fetch(url, { headers: { accept: "text/html" } })).text())![1]!;
    expect((await fetch(new URL(script, url))).status).toBe(200);
    const ended = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
    child.kill("SIGTERM");
    expect(await ended).toBe(0);
    // A base that is in no registry is among the files.
    image("churn-1.0.0.slip", "--dockerfile", "other", "--platform", "linux/arm64", "--base", "oci-layout:base", "--node", "node-arm64");
    expect([readFileSync(at("other/Dockerfile"), "utf8").split("\n")[1], readdirSync(at("other")).length]).toEqual(["FROM --platform=linux/arm64 scratch", 6]);
    // The same files on Lambda, which asks through its own interface.
    const emulator = await LambdaEmulator.start();
    const lambda = spawn(at("rootfs/usr/local/bin/node"), [at("rootfs/opt/slipway/container.js")], { env: { AWS_LAMBDA_RUNTIME_API: emulator.host, _SLIPWAY_IMAGE_ROOT: at("rootfs") }, stdio: "ignore" });
    try {
      await emulator.ready;
      const row = { contract: "one year", internet: "dsl", tenure_months: 14, monthly_charges: null, support_calls: 2, senior: false };
      expect(await emulator.invoke(row)).toMatchObject({ ok: true, payload: { predictions: [{ label: "stays" }] } });
      expect(await emulator.invoke({ rawPath: "/v1/models/churn:predict", requestContext: { http: { method: "POST" } }, headers: { "content-type": "application/json" }, body: JSON.stringify({ instances: [row] }) })).toMatchObject({ ok: true, payload: { statusCode: 200, body: expect.stringContaining("stays") } });
      expect(await emulator.invoke({ contract: 5 })).toMatchObject({ ok: false, payload: { errorType: "request-invalid" } });
    } finally {
      lambda.kill("SIGKILL");
      await emulator.close();
    }
  });
});

/** As much of an ELF file as tells its machine. */
function program(machine: number): Uint8Array {
  const bytes = Buffer.alloc(128);
  bytes.writeUInt32BE(0x7f454c46, 0);
  bytes.writeUInt16LE(machine, 18);
  return bytes;
}

/** An index of two images, each of one layer with files of these names. */
async function baseLayout(path: string, names: readonly string[] = ["usr/lib/libc.so.6", "usr/lib/libstdc++.so.6", "usr/lib/libgcc_s.so.1"]): Promise<void> {
  const store = await LayoutStore.open(path, { create: true });
  const manifests = [];
  for (const architecture of ["amd64", "arm64"]) {
    const tar = writeTar(names.map((name) => ({ path: name, bytes: new TextEncoder().encode(architecture) })));
    const layer = gzipSync(tar);
    const config = toJsonBytes({ architecture, os: "linux", config: { Env: ["LANG=C.UTF-8"] }, rootfs: { type: "layers", diff_ids: [await digestOf(tar)] } });
    const bytes = toJsonBytes({ schemaVersion: 2, mediaType: MEDIA_TYPE.manifest, config: { mediaType: MEDIA_TYPE.imageConfig, digest: await store.writeBlob(config), size: config.length }, layers: [{ mediaType: MEDIA_TYPE.layer, digest: await store.writeBlob(layer), size: layer.length }] });
    const { digest, size } = await store.writeManifest(bytes);
    manifests.push({ mediaType: MEDIA_TYPE.manifest, digest, size, platform: { architecture, os: "linux" } });
  }
  await store.writeManifest(toJsonBytes({ schemaVersion: 2, mediaType: MEDIA_TYPE.index, manifests }), { tag: "12" });
}
