// Packages in a real registry, as someone with the command line and the tools of others meets them.

import { createHash } from "node:crypto";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { crane, dockerRegistry, htpasswd, openssl, startDockerRegistry, type TestRegistry } from "../oci/testing-registry.ts";
import { goTool, toolOf } from "../../../../scripts/testing-tools.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));
const bin = join(root, "packages", "slipway", "bin", "slipway.mjs");
const example = (file: string): string => join(root, "examples", "churn", file);
const skopeo = toolOf("skopeo", "apt-get install skopeo");
const oras = goTool("oras");
const kit = toolOf("kit", "Build it from https://github.com/kitops-ml/kitops: go build -o .tools/bin/kit .");

const folder = mkdtempSync(join(tmpdir(), "slipway-registries-"));
const cache = join(folder, "cache");
const auth = join(folder, "auth.json");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Done {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}
function run(program: string, args: readonly string[], env: Record<string, string> = {}): Done {
  const done = spawnSync(program, args, { cwd: folder, encoding: "utf8", timeout: 60_000, env: { PATH: process.env["PATH"], HOME: folder, SLIPWAY_CACHE: cache, ...env } });
  return { code: done.status, out: done.stdout, err: done.stderr };
}
function slipway(args: readonly string[], env: Record<string, string> = {}): Done {
  return run(process.execPath, [bin, ...args], env);
}
function good(done: Done): Done {
  expect(done.err).not.toMatch(/\n\s+at /);
  expect({ code: done.code, err: done.code === 0 ? "" : done.err }).toEqual({ code: 0, err: "" });
  return done;
}
const slip = (name: string): Buffer => readFileSync(join(folder, name));

describe.skipIf(dockerRegistry === undefined)("a registry of one's own", () => {
  let registry: TestRegistry;
  let at: (rest: string) => string;
  let digest: string;
  let server: ChildProcess | undefined;
  beforeAll(async () => {
    registry = await startDockerRegistry();
    at = (rest) => `oci://${registry.host}/${rest}`;
    good(slipway(["pack", example("churn.joblib"), "--check", example("check.csv"), "--name", "churn", "--version", "1.2.0", "-o", "churn.slip"]));
    const pushed = JSON.parse(good(slipway(["push", "churn.slip", at("team/churn:1.2.0"), "--json"])).out) as { digest: string; reference: string };
    digest = pushed.digest;
    expect(pushed.reference).toBe(at(`team/churn:1.2.0@${digest}`));
  }, 60_000);
  afterAll(async () => {
    if (server?.kill("SIGTERM") === true) await once(server, "exit");
    await registry.stop();
  });

  it("gives packages back byte for byte, by tag and by digest", () => {
    good(slipway(["pull", at("team/churn:1.2.0"), "-o", "by-tag.slip"]));
    good(slipway(["pull", at(`team/churn@${digest}`), "-o", "by-digest.slip"]));
    expect(slip("by-tag.slip").equals(slip("churn.slip"))).toBe(true);
    expect(slip("by-digest.slip").equals(slip("churn.slip"))).toBe(true);
  });

  it("is named wherever a package goes", async () => {
    const reference = at("team/churn:1.2.0");
    expect(good(slipway(["predict", reference, example("new-customers.csv"), "--json"])).out).toBe(good(slipway(["predict", "churn.slip", example("new-customers.csv"), "--json"])).out);
    expect(good(slipway(["inspect", reference, "--json"])).out).toContain(digest);
    const tested = slipway(["test", reference, "--json"]);
    expect(JSON.stringify(JSON.parse(tested.out))).toContain(digest);
    const served = spawn(process.execPath, [bin, "serve", `mine=${reference}`, "--port", "0", "--json"], { cwd: folder, stdio: ["ignore", "pipe", "inherit"], env: { PATH: process.env["PATH"], HOME: folder, SLIPWAY_CACHE: cache } });
    server = served;
    let text = "";
    for await (const piece of served.stdout) {
      text += String(piece);
      if (text.trimEnd().endsWith("}")) break;
    }
    const { models } = JSON.parse(text) as { models: unknown[] };
    expect(models).toMatchObject([{ name: "mine", version: "1.2.0", digest }]);
  }, 120_000);

  it("moves a package to another repository without its bytes", () => {
    const before = registry.log().length;
    good(slipway(["push", at("team/churn:1.2.0"), at("released/churn:1.2.0")]));
    good(slipway(["pull", at("released/churn:1.2.0"), "-o", "released.slip"]));
    expect(slip("released.slip").equals(slip("churn.slip"))).toBe(true);
    // Mounted: no upload was finished but the manifest's.
    expect(registry.log().slice(before).split("\n").filter((line) => /http\.request\.method=PUT/.test(line) && /response completed/.test(line) && !/manifests/.test(line))).toEqual([]);
  });

  it("is not needed for what is in the cache by digest; what is damaged there is pulled anew", () => {
    const offline = `oci://127.0.0.1:1/team/churn@${digest}`;
    good(slipway(["pull", offline, "-o", "offline.slip"]));
    expect(slip("offline.slip").equals(slip("churn.slip"))).toBe(true);
    const blobs = join(cache, "blobs", "sha256");
    const largest = readdirSync(blobs).map((name) => ({ name, size: statSync(join(blobs, name)).size })).sort((a, b) => b.size - a.size)[0]!;
    truncateSync(join(blobs, largest.name), largest.size - 1);
    const damaged = slip("churn.slip");
    good(slipway(["pull", at(`team/churn@${digest}`), "-o", "healed.slip"]));
    expect(slip("healed.slip").equals(damaged)).toBe(true);
    expect(statSync(join(blobs, largest.name)).size).toBe(largest.size);
    writeFileSync(join(blobs, largest.name), Buffer.alloc(largest.size));
    good(slipway(["pull", at(`team/churn@${digest}`), "-o", "healed.slip"]));
    expect(slip("healed.slip").equals(damaged)).toBe(true);
  });

  it("says what is wrong in a sentence", () => {
    expect(slipway(["pull", at("team/churn:9.9.9")])).toMatchObject({ code: 2, err: expect.stringContaining("[oci-not-found]") });
    expect(slipway(["pull", at("team/churn")])).toMatchObject({ code: 2, err: expect.stringContaining(":latest") });
    expect(slipway(["pull", "oci://127.0.0.1:1/team/churn:1"])).toMatchObject({ code: 3, err: expect.stringContaining("[oci-unavailable]") });
    expect(slipway(["push", "churn.slip", at("Team/churn:1")])).toMatchObject({ code: 2, err: expect.stringContaining("[oci-reference]") });
    expect(slipway(["push", "churn.slip", at("team/churn")])).toMatchObject({ code: 2, err: expect.stringContaining("has no tag") });
  });

  it.skipIf(skopeo === undefined)("is copied by skopeo, to a layout that is a package and back", () => {
    const insecure = ["--src-tls-verify=false", "--dest-tls-verify=false"];
    good(run(skopeo!, ["--insecure-policy", "copy", ...insecure, `docker://${registry.host}/team/churn:1.2.0`, "oci:layout:1.2.0"]));
    expect(good(slipway(["inspect", "layout", "--json"])).out).toContain(digest);
    good(run(skopeo!, ["--insecure-policy", "copy", ...insecure, "oci:layout:1.2.0", `docker://${registry.host}/skopeo/churn:1.2.0`]));
    good(slipway(["pull", at("skopeo/churn:1.2.0"), "-o", "skopeo.slip"]));
    expect(slip("skopeo.slip").equals(slip("churn.slip"))).toBe(true);
    const raw = JSON.parse(good(run(skopeo!, ["inspect", "--raw", "--tls-verify=false", `docker://${registry.host}/team/churn:1.2.0`])).out) as { artifactType: string };
    expect(raw.artifactType).toBe("application/vnd.cncf.model.manifest.v1+json");
  });

  it.skipIf(crane === undefined)("is copied by crane, and found as one of an index", () => {
    expect(good(run(crane!, ["digest", `${registry.host}/team/churn:1.2.0`])).out.trim()).toBe(digest);
    good(run(crane!, ["copy", `${registry.host}/team/churn:1.2.0`, `${registry.host}/crane/churn:1.2.0`]));
    good(slipway(["pull", at("crane/churn:1.2.0"), "-o", "crane.slip"]));
    expect(slip("crane.slip").equals(slip("churn.slip"))).toBe(true);
    good(run(crane!, ["index", "append", "-m", `${registry.host}/team/churn:1.2.0`, "-t", `${registry.host}/team/churn:index`]));
    good(slipway(["pull", at("team/churn:index"), "-o", "index.slip"]));
    expect(slip("index.slip").equals(slip("churn.slip"))).toBe(true);
  });

  it.skipIf(oras === undefined)("is pulled as files by ORAS, and what ORAS pushes is understood", () => {
    good(run(oras!, ["pull", "--plain-http", `${registry.host}/team/churn:1.2.0`, "-o", "files"]));
    expect(readdirSync(join(folder, "files")).sort()).toEqual(["card.md", "checks.json", "model.onnx", "profile.json", "sbom.cdx.json", "signature.json", "slipway.json"]);
    good(run(oras!, ["cp", "--from-plain-http", "--to-plain-http", `${registry.host}/team/churn:1.2.0`, `${registry.host}/oras/churn:1.2.0`]));
    good(run(oras!, ["cp", "--from-plain-http", `${registry.host}/team/churn:1.2.0`, "--to-oci-layout", "oras-layout:1.2.0"]));
    expect(good(slipway(["inspect", "oras-layout", "--json"])).out).toContain(digest);
    good(slipway(["pull", at("oras/churn:1.2.0"), "-o", "oras.slip"]));
    expect(slip("oras.slip").equals(slip("churn.slip"))).toBe(true);
    // Some other artifact: refused as what it is.
    writeFileSync(join(folder, "notes.txt"), "hello");
    good(run(oras!, ["push", "--plain-http", `${registry.host}/oras/notes:1`, "notes.txt:text/plain"]));
    expect(slipway(["pull", at("oras/notes:1")])).toMatchObject({ code: 2, err: expect.stringContaining("[package-not-a-package]") });
  });
});

describe.skipIf(dockerRegistry === undefined)("a ModelKit in a registry", () => {
  let registry: TestRegistry;
  let reference: string;
  beforeAll(async () => {
    registry = await startDockerRegistry();
    reference = `${registry.host}/kits/churn:1.2.0`;
    good(slipway(["keys", "signing", "create", "kit.key"]));
    good(slipway(["pack", example("churn.joblib"), "--check", example("check.csv"), "--name", "churn", "--version", "1.2.0", "--sign", "kit.key", "-o", "kit.slip"]));
  }, 60_000);
  afterAll(() => registry.stop());

  it("is the Kitfile as KitOps has it, with a layer for each of its parts", async () => {
    const pushed = JSON.parse(good(slipway(["push", "kit.slip", `oci://${reference}`, "--format", "modelkit", "--json"])).out) as { digest: string; package: string };
    const get = async (what: string): Promise<Buffer> => Buffer.from(await (await fetch(`http://${registry.host}/v2/kits/churn/${what}`, { headers: { accept: "application/vnd.oci.image.manifest.v1+json" } })).arrayBuffer());
    const bytes = await get("manifests/1.2.0");
    expect(`sha256:${createHash("sha256").update(bytes).digest("hex")}`).toBe(pushed.digest);
    const manifest = JSON.parse(bytes.toString()) as { config: { digest: string; mediaType: string }; layers: { mediaType: string; digest: string; size: number }[] };
    expect([manifest.config.mediaType, ...manifest.layers.map((l) => l.mediaType)]).toEqual([
      "application/vnd.kitops.modelkit.config.v1+json", "application/vnd.kitops.modelkit.model.v1.tar", "application/vnd.kitops.modelkit.docs.v1.tar"]);
    const kitfile = JSON.parse((await get(`blobs/${manifest.config.digest}`)).toString()) as { model: object; docs: object[] };
    const [model, docs] = manifest.layers.map((l) => l.digest);
    expect(kitfile).toMatchObject({
      manifestVersion: "1.0.0", package: { name: "churn", version: "1.2.0" },
      model: { name: "churn", path: "model.slip", digest: model, diffId: model, parameters: { package: pushed.package } }, docs: [{ path: "card.md", digest: docs, diffId: docs }],
    });
    expect(slipway(["push", "kit.slip", "oci-layout:kits:1", "--format", "modelkit"])).toMatchObject({ code: 2, err: expect.stringContaining("a ModelKit goes to a registry") });
    expect(slipway(["push", "kit.slip", `oci://${reference}`, "--format", "zip"])).toMatchObject({ code: 2, err: expect.stringContaining("modelpack or modelkit") });
  });

  it.skipIf(kit === undefined)("is pulled, looked at and unpacked by kit, to the package byte for byte", () => {
    good(slipway(["push", "kit.slip", `oci://${reference}`, "--format", "modelkit"]));
    const ask = (...args: string[]): Done => good(run(kit!, ["--config", join(folder, "kit-home"), "--progress", "none", ...args]));
    ask("pull", "--plain-http", reference);
    expect(ask("list").out).toContain("churn");
    const { manifest } = JSON.parse(ask("inspect", reference).out) as { manifest: { layers: object[] } };
    expect(manifest.layers).toHaveLength(2);
    expect(ask("info", reference).out).toMatch(/name: churn[\s\S]*path: model\.slip[\s\S]*path: card\.md/);
    ask("unpack", reference, "-d", "unpacked");
    expect(readdirSync(join(folder, "unpacked")).sort()).toEqual(["Kitfile", "card.md", "model.slip"]);
    expect(slip("unpacked/model.slip").equals(slip("kit.slip"))).toBe(true);
    expect(good(slipway(["verify", "unpacked/model.slip", "--key", "kit.key.pub"])).out).toContain("verified");
    expect(good(slipway(["predict", "unpacked/model.slip", example("new-customers.csv"), "--json"])).out).toBe(good(slipway(["predict", "kit.slip", example("new-customers.csv"), "--json"])).out);
  }, 60_000);
});

describe.skipIf(dockerRegistry === undefined || htpasswd === undefined || openssl === undefined || skopeo === undefined)("a registry with TLS and passwords", () => {
  let registry: TestRegistry;
  beforeAll(async () => {
    registry = await startDockerRegistry({ tls: true, user: { name: "ada", password: "correct horse" } });
  });
  afterAll(() => registry.stop());

  it("is reached with what skopeo login stored", () => {
    good(run(skopeo!, ["login", "--authfile", auth, "--cert-dir", dirname(registry.ca!), "-u", "ada", "-p", "correct horse", registry.host]));
    const env = { REGISTRY_AUTH_FILE: auth, SLIPWAY_REGISTRY_CA: registry.ca! };
    const reference = `oci://${registry.host}/private/churn:1`;
    good(slipway(["pack", example("churn.joblib"), "--name", "churn", "-o", "private.slip"]));
    good(slipway(["push", "private.slip", reference], env));
    good(slipway(["pull", reference, "-o", "private-back.slip", "--ca", registry.ca!], { REGISTRY_AUTH_FILE: auth }));
    expect(slip("private-back.slip").equals(slip("private.slip"))).toBe(true);
    expect(slipway(["pull", reference], { SLIPWAY_REGISTRY_CA: registry.ca! })).toMatchObject({ code: 3, err: expect.stringContaining("[oci-unauthenticated]") });
    expect(slipway(["pull", reference], { REGISTRY_AUTH_FILE: auth })).toMatchObject({ code: 2, err: expect.stringContaining("[oci-certificate]") });
  });
});

describe("an image layout on disk", () => {
  it("is pushed to and pulled from, an export of the registry too, and other tools read it", () => {
    good(slipway(["pack", example("churn.joblib"), "--name", "sticked", "-o", "sticked.slip"]));
    expect(good(slipway(["push", "sticked.slip", "oci-layout:stick:1.2.0"])).out).toMatch(/oci-layout:stick:1\.2\.0@sha256:[0-9a-f]{64}\n\nnext: slipway serve oci-layout:stick:1\.2\.0/);
    good(slipway(["pull", "stick:1.2.0", "-o", "back.slip"]));
    good(slipway(["pull", "stick", "-o", "oci-layout:other:rc"]));
    good(slipway(["registry", "push", "oci-layout:other:rc"]));
    good(slipway(["registry", "export", "exported"]));
    good(slipway(["pull", "oci-layout:exported:sticked-v1", "-o", "exported.slip"]));
    for (const file of ["back.slip", "exported.slip"]) expect(readFileSync(join(folder, file)).equals(readFileSync(join(folder, "sticked.slip"))), file).toBe(true);
    if (skopeo !== undefined) expect(JSON.parse(good(run(skopeo, ["inspect", "--raw", "oci:other:rc"])).out)).toMatchObject({ artifactType: "application/vnd.cncf.model.manifest.v1+json" });
  }, 60_000);
});
