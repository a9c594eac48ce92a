// Images of models that Python runs: made of a base with Python, of wheels that pip brings from a folder, and run by runc.

import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readTar, writeTar } from "@slipway/core/formats";
import { toJsonBytes } from "@slipway/core/package";
import { runc, startTestContainer } from "../../../../scripts/testing-container.ts";
import { freePort } from "../../../../scripts/testing-postgres.ts";
import { makeWheels } from "../../../../scripts/testing-wheels.ts";
import { hostBase, hostInterpreter, ownPlatform, tarNames, type Layer } from "../image/index.ts";
import { digestOf, LayoutStore, MEDIA_TYPE } from "../oci/index.ts";

const bin = fileURLToPath(new URL("../../bin/slipway.mjs", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "slipway-image-python-"));
const at = (name: string): string => join(folder, name);
const usable = process.platform === "linux" && spawnSync("python3", ["-c", "import sys, pip._vendor.packaging; sys.exit(sys.version_info < (3, 8))"]).status === 0;
if (!usable) console.warn("SKIPPED: images of models in Python need Linux, and python3 with pip. apt-get install python3-pip");
const env: NodeJS.ProcessEnv = { ...process.env, SLIPWAY_CACHE: join(tmpdir(), "slipway-test-cache"), HOME: folder, PIP_NO_INDEX: "1", PIP_FIND_LINKS: at("wheels") };

interface Told {
  readonly written: readonly { readonly where: string; readonly digest: string }[];
  readonly platforms: readonly { readonly digest: string; readonly layers: readonly { readonly comment: string; readonly digest: string }[] }[];
}
function slipway(...args: string[]): { readonly status: number | null; readonly out: string; readonly err: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...args], { cwd: folder, env, encoding: "utf8" });
  return { status, out: stdout, err: stderr };
}
function image(model: string, ...args: string[]): Told {
  const { status, out, err } = slipway("image", model, "--engine", "python", "--trust", trusted(model), ...args, "--json");
  expect([status, err.replace(/^note:.*\n/gm, "")]).toEqual([0, ""]);
  return JSON.parse(out) as Told;
}
const refused = (model: string, ...args: string[]): string => slipway("image", model, "--engine", "python", "--trust", trusted(model), "-o", "never", ...args).err;
/** The digest that is told to whoever trusts nothing yet. */
function trusted(model: string): string {
  const known = digests.get(model) ?? /is (sha256:[0-9a-f]{64})/.exec(slipway("image", model, "--engine", "python", "-o", "never").err)![1]!;
  digests.set(model, known);
  return known;
}
const digests = new Map<string, string>();

function files(name: string, contents: Readonly<Record<string, string>>): string {
  mkdirSync(at(name), { recursive: true });
  for (const [path, text] of Object.entries(contents)) writeFileSync(join(at(name), path), text);
  return name;
}

const FACTOR = { name: "slipway-fixture", files: { "slipway_fixture/__init__.py": "FACTOR = 2\n", "slipway_fixture/__init__.pyc": "never\n", "slipway_fixture-2.0.0.data/scripts/tell": "#!python\nimport slipway_fixture\nprint(slipway_fixture.FACTOR)\n", "slipway_fixture-2.0.0.data/data/share/told.txt": "told\n", "slipway_fixture-2.0.0.dist-info/entry_points.txt": "[console_scripts]\nsay = slipway_fixture:FACTOR.bit_length\n" } };
const tagged = (tag: string, factor: number) => ({ name: "slipway-native", version: "1.0.0", tag, files: { "slipway_native.py": `TAG = "${tag}"\nFACTOR = ${factor}\n` } });
const MODEL = `import os, socket
from slipway_fixture import FACTOR
INPUT = "records"
def tried(f):
  try:
    f()
    return "done"
  except OSError:
    return "refused"
def predict(rows):
  if rows[0]["amount"] == 13:
    os._exit(3)
  return [{"value": r["amount"] * FACTOR, "net": tried(lambda: socket.create_connection(("127.0.0.1", 1), 1)), "root": tried(lambda: open("/written", "w")), "model": tried(lambda: open(__file__, "a")), "own": tried(lambda: open(os.environ["TMPDIR"] + "/x", "w")), "user": os.getuid()} for r in rows]
`;
let lock = "";
let nativeLock = "";

beforeAll(async () => {
  if (!usable) return;
  mkdirSync(at("wheels"));
  const [hash] = makeWheels(at("wheels"), [{ ...FACTOR, version: "2.0.0", metadata: ["License-Expression: MIT"] }]);
  const hashes = makeWheels(at("wheels"), [tagged("cp312-cp312-manylinux_2_17_aarch64", 1), tagged("cp312-cp312-manylinux_2_28_aarch64", 2), tagged("cp312-cp312-manylinux_2_34_aarch64", 3), tagged("cp312-cp312-manylinux_2_17_x86_64", 4), tagged("cp311-cp311-manylinux_2_17_aarch64", 5)]);
  const python = await hostInterpreter("python3");
  lock = `# pip, Python ${python.full}, linux x64; by hand\nslipway-fixture==2.0.0 --hash=sha256:${hash!}\nslipway-absent==1.0 ; sys_platform == 'win32' --hash=sha256:${"0".repeat(64)}\n`;
  nativeLock = `slipway-native==1.0.0 ${hashes.map((h) => `--hash=sha256:${h}`).join(" ")}\n`;
  const own = await hostBase(ownPlatform(), undefined, python);
  await layout(at("base"), ownPlatform().architecture, own.layers, own.env);
  await layout(at("bare"), ownPlatform().architecture, (await hostBase(ownPlatform(), undefined)).layers, []);
  const text = (name: string, content: string) => ({ path: name, bytes: new TextEncoder().encode(content) });
  const small = [...["usr/lib/libstdc++.so.6", "usr/lib/libgcc_s.so.1", "usr/local/bin/python3.12", "usr/local/lib64/python3.12/os.py", "usr/local/bin/python3.13", "usr/local/lib/python3.13/os.py"].map((name) => text(name, "x")), text("usr/lib/libc.so.6", "GNU C Library (Debian GLIBC 2.28-10) stable release version 2.28.")];
  // Its second layer takes a Python away.
  await layout(at("arm"), "arm64", [await plain(writeTar(small)), await plain(writeTar([text("usr/local/lib/.wh.python3.13", "")]))], ["PYTHON_VERSION=3.12.4"]);
  const program = Buffer.alloc(128);
  program.writeUInt32BE(0x7f454c46, 0);
  program.writeUInt16LE(183, 18);
  writeFileSync(at("node-arm64"), program);
  files("model", { "predict.py": MODEL, "requirements.lock": lock });
  writeFileSync(at("check.csv"), "amount,value,net,root,model,own,user\n1.5,3,refused,refused,refused,done,65532\n");
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(!usable)("slipway image --engine python", () => {
  it.skipIf(!runc)("makes an image that runs without privileges and writes nowhere, is healthy, and is back when its Python ends", async () => {
    image("model", "-o", "run", "--base", "oci-layout:base", "--check", "check.csv", "--name", "rules", "--model-version", "1.2.0");
    const { rootfs, config } = await unpack(at("run"), "1.2.0", at("rootfs"));
    const variables = config.Env as string[];
    expect(variables).toContain(`SLIPWAY_TRUST=${trusted("model")}`);
    const container = startTestContainer(rootfs, at("container"), { args: [...(config.Entrypoint as string[]), ...(config.Cmd as string[]), "--json"], env: [...variables, "SLIPWAY_HOST=127.0.0.1", `PORT=${await freePort()}`] });
    try {
      await container.printed("\n}");
      const { url } = JSON.parse(/^\{\n[^]*?\n\}/m.exec(container.output())![0]) as { url: string };
      expect(container.output()).toMatch(/kept from the rest by: .*no network/);
      const ask = async (amount: number): Promise<{ status: number; body: unknown }> => {
        const answer = await fetch(`${url}/predict`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ amount }) });
        return { status: answer.status, body: await answer.json() };
      };
      const good = (value: number) => ({ status: 200, body: expect.objectContaining({ predictions: [{ value, net: "refused", root: "refused", model: "refused", own: "done", user: 65532 }], model: { name: "rules", version: "1.2.0", digest: trusted("model") } }) as unknown });
      expect(await ask(4)).toEqual(good(8));
      expect(container.exec([...(config.Entrypoint as string[]), "health"])).toEqual({ status: 0, out: "ready\n" });
      // Killed from outside, and by its own doing.
      const [pid, ...others] = container.processes("worker.py");
      expect(others).toEqual([]);
      process.kill(pid!, "SIGKILL");
      await expect.poll(() => ask(5), { timeout: 30_000 }).toEqual(good(10));
      expect(container.processes("worker.py")).not.toContain(pid);
      expect(await ask(13)).toMatchObject({ status: 503, body: { error: { code: "worker-lost" } } });
      await expect.poll(() => ask(6), { timeout: 30_000 }).toEqual(good(12));
      expect(await (await fetch(`${url}/models`)).json()).toMatchObject({ models: [{ name: "rules", engine: "python" }] });
      // The packages are installed as an installer does it.
      expect(container.exec(["/opt/venv/bin/tell"])).toEqual({ status: 0, out: "2\n" });
      expect(container.exec(["/opt/venv/bin/say"]).status).toBe(2);
      expect(container.exec(["/opt/venv/bin/python", "-c", "import importlib.metadata as m; d = m.distribution('slipway-fixture'); print(d.read_text('INSTALLER').strip(), [str(f) for f in d.files if not f.locate().exists()])"]).out).toBe("slipway []\n");
    } finally {
      expect(await container.stop()).toBe(0);
    }
  }, 600_000);

  it("makes the same bytes again, and with a new model only its own layer anew; labels, card and bill of materials say what runs", async () => {
    const first = image("model", "-o", "one", "--base", "oci-layout:base", "--name", "rules");
    expect(image("model", "-o", "two", "--base", "oci-layout:base", "--name", "rules").written[0]!.digest).toBe(first.written[0]!.digest);
    cpSync(at("model"), at("newer"), { recursive: true });
    writeFileSync(at("newer/predict.py"), MODEL.replace("* FACTOR", "* FACTOR + 1"));
    const next = image("newer", "-o", "one", "--base", "oci-layout:base", "--name", "rules", "--model-version", "2.0.0");
    expect(next.platforms[0]!.layers.filter((layer, i) => layer.digest !== first.platforms[0]!.layers[i]!.digest).map((l) => l.comment)).toEqual(["rules 2.0.0"]);
    const { config, layers } = await unpack(at("one"), "2.0.0");
    expect(config.Labels).toMatchObject({ "dev.slipway.engine": "python", "dev.slipway.trusted": trusted("newer"), "dev.slipway.python": expect.stringMatching(/^3\.\d+/) as unknown });
    const card = new TextDecoder().decode(readTar(layers.at(-1)!).find(({ path }) => path === "opt/model/card.md")!.bytes);
    expect(card).toContain(`whoever made the image trusted ${trusted("newer")}`);
    expect(card).toContain("slipway-fixture 2.0.0");
    const packages = layers.map((tar) => [...tarNames(tar)]).find((names) => names.includes("opt/venv/pyvenv.cfg"))!;
    expect(packages).toEqual(expect.arrayContaining(["opt/venv/bin/tell", "opt/venv/share/told.txt"]));
    expect(packages.filter((path) => path.endsWith(".pyc"))).toEqual([]);
    const bom = readdirSync(at("one/blobs/sha256")).map((name) => readFileSync(at(`one/blobs/sha256/${name}`))).filter((bytes) => bytes[0] === 0x7b).map((bytes) => JSON.parse(bytes.toString()) as { bomFormat?: string; components?: { purl?: string; licenses?: unknown }[] }).find((d) => d.bomFormat === "CycloneDX");
    expect(bom!.components).toContainEqual(expect.objectContaining({ purl: "pkg:pypi/slipway-fixture@2.0.0", licenses: [{ license: { name: "MIT" } }] }));
    // What docker build is given unpacks to the same.
    image("newer", "--dockerfile", "context", "--base", "oci-layout:base", "--name", "rules", "--model-version", "2.0.0");
    const dockerfile = readFileSync(at("context/Dockerfile"), "utf8");
    for (const line of [`ENV SLIPWAY_TRUST="${trusted("newer")}"`, 'ENV SLIPWAY_ENGINE="python"', 'LABEL dev.slipway.engine="python"']) expect(dockerfile.split("\n")).toContain(line);
    const tars = readdirSync(at("context")).filter((name) => name.endsWith(".tar")).sort();
    expect(await Promise.all(tars.map(async (name) => digestOf(readFileSync(at(`context/${name}`)))))).toEqual(await Promise.all(layers.map((tar) => digestOf(tar))));
  }, 600_000);

  it("takes the wheels of the image's platform, Python and C library, not this machine's", async () => {
    files("native", { "predict.py": "from slipway_native import TAG\n", "requirements.lock": nativeLock });
    image("native", "-o", "arm-image", "--base", "oci-layout:arm", "--platform", "linux/arm64", "--node", "node-arm64");
    const { layers } = await unpack(at("arm-image"), "0.0.0");
    const found = layers.flatMap((tar) => ([...tarNames(tar)].includes("opt/venv/lib/python3.12/site-packages/slipway_native.py") ? [Buffer.from(tar).toString("latin1")] : []));
    expect(found).toHaveLength(1);
    // glibc 2.28: the newest that fits.
    expect(found[0]).toContain('TAG = "cp312-cp312-manylinux_2_28_aarch64"');
    expect(found[0]).toContain("home = /usr/local/bin\ninclude-system-site-packages = false\nversion = 3.12.4\n");
  }, 600_000);

  it("puts in the interpreter that it is given, where the base has none", async () => {
    const { version } = await standalone(at("standalone"));
    image("model", "-o", "given", "--base", "oci-layout:bare", "--interpreter", "standalone", "--name", "rules");
    const { layers } = await unpack(at("given"), "0.0.0");
    const names = layers.flatMap((tar) => [...tarNames(tar)]);
    expect(names).toEqual(expect.arrayContaining([`opt/python/bin/python${version}`, `opt/python/lib/python${version}/os.py`, `opt/venv/lib/python${version}/site-packages/slipway_fixture/__init__.py`]));
    expect(names.filter((name) => /\/__pycache__|\/test\//.test(name))).toEqual([]);
    expect(layers.some((tar) => Buffer.from(tar).includes("home = /opt/python/bin\n"))).toBe(true);
  }, 600_000);

  it.skipIf(!runc)("is deployed as any other, and does what SageMaker and Vertex AI ask", () => {
    const { status, out } = slipway("deploy", "model", "--engine", "python", "--trust", trusted("model"), "--to", "kubernetes", "--image", `oci://registry.invalid/rules@${trusted("model")}`, "--insecure", "--name", "rules", "--print");
    expect([status, out]).toEqual([0, expect.stringContaining(`slipway.dev/package: ${trusted("model")}`)]);
    image("model", "-o", "deployed", "--base", "oci-layout:base", "--check", "check.csv", "--name", "rules");
    for (const target of ["sagemaker", "vertex"]) {
      const told = JSON.parse(slipway("deploy", "oci-layout:deployed:0.0.0", "--check", target, "--json").out) as { ok: boolean; findings: { check: string; found: string; ok: boolean | null }[] };
      expect(told.findings.filter((f) => f.ok === false), target).toEqual([]);
      expect(told.findings.find((f) => f.check.startsWith("POST "))!.found).toContain("the same");
    }
  }, 600_000);

  it("refuses what cannot become such an image, by name", async () => {
    expect(slipway("image", "model", "--engine", "python", "-o", "never").err).toContain("[python-untrusted]");
    expect(slipway("image", "model", "--trust", trusted("model"), "-o", "never").err).toContain("--trust goes with --engine python");
    expect(refused("model", "--base", "oci-layout:arm", "--platform", "linux/arm64", "--node", "node-arm64")).toMatch(/has Python 3\.12\.4, and the model's lock is for Python 3\.\d+ \[image-python\]/);
    expect(refused("model", "--base", "oci-layout:bare")).toMatch(/has no Python.*\[image-python\]/);
    files("unlocked", { "predict.py": "def predict(rows): return rows\n", "requirements.txt": "slipway-fixture\n" });
    expect(refused("unlocked", "--base", "oci-layout:base")).toMatch(/are not locked \[python-wheels\]/);
    // Only a source distribution, which would have to be run to be built.
    execFileSync("tar", ["-czf", at("wheels/slipway-source-1.0.0.tar.gz"), "-C", folder, "unlocked"]);
    files("source", { "predict.py": "def predict(rows): return rows\n", "requirements.lock": `slipway-source==1.0.0 --hash=sha256:${(await digestOf(readFileSync(at("wheels/slipway-source-1.0.0.tar.gz")))).slice(7)}\n` });
    expect(refused("source", "--base", "oci-layout:base")).toMatch(/there is no wheel of slipway-source==1\.0\.0 for linux\/\S+, Python 3\.\d+, glibc 2\.\d+ \[python-wheels\]/);
    files("other", { "predict.py": "def predict(rows): return rows\n", "requirements.lock": `slipway-fixture==2.0.0 --hash=sha256:${"0".repeat(64)}\n` });
    expect(refused("other", "--base", "oci-layout:base")).toMatch(/\[python-wheels\]/);
    files("several", { "models.pkl": "not looked at before" });
    expect(slipway("image", "several/models.pkl#first", "--engine", "python", "--trust", `sha256:${createHash("sha256").update("not looked at before").digest("hex")}`, "-o", "never").err).toContain("names an entry of a file");
    expect(refused("model", "--base", "host", "--interpreter", "wheels")).toMatch(/is no folder of an interpreter.*\[image-python\]/);
  }, 600_000);
});

/** This machine's Python in a folder of its own, as those that are whole in themselves are laid out. */
async function standalone(path: string): Promise<{ readonly version: string }> {
  const { version, executable, files: contents } = await hostInterpreter("python3");
  const lib = `/lib/python${version}/`;
  for (const { path: from, bytes } of contents) {
    const to = `/${from}` === executable ? join(path, "bin", `python${version}`) : `/${from}`.includes(lib) ? join(path, lib, `/${from}`.slice(`/${from}`.indexOf(lib) + lib.length)) : undefined;
    if (to === undefined) continue;
    mkdirSync(dirname(to), { recursive: true });
    writeFileSync(to, bytes, { mode: 0o755 });
  }
  return { version };
}

async function plain(tar: Uint8Array): Promise<Layer> {
  const digest = await digestOf(tar);
  return { comment: "", diffId: digest, digest, mediaType: MEDIA_TYPE.plainLayer, size: tar.length, read: () => Promise.resolve(tar) };
}

/** A base image, as others make them. */
async function layout(path: string, architecture: string, layers: readonly Layer[], variables: readonly string[]): Promise<void> {
  const store = await LayoutStore.open(path, { create: true });
  const config = toJsonBytes({ architecture, os: "linux", config: { Env: variables }, rootfs: { type: "layers", diff_ids: layers.map((l) => l.diffId) } });
  const descriptors = [];
  for (const { mediaType, size, read } of layers) descriptors.push({ mediaType, digest: await store.writeBlob(await read()), size });
  await store.writeManifest(toJsonBytes({ schemaVersion: 2, mediaType: MEDIA_TYPE.manifest, config: { mediaType: MEDIA_TYPE.imageConfig, digest: await store.writeBlob(config), size: config.length }, layers: descriptors }), { tag: "base" });
}

/** What an image's manifest names: its settings, and its layers as tars; unpacked where a folder is named. */
async function unpack(path: string, tag: string, rootfs?: string): Promise<{ readonly rootfs: string; readonly config: Record<string, unknown>; readonly layers: Uint8Array[] }> {
  const store = await LayoutStore.open(path);
  const manifest = JSON.parse(new TextDecoder().decode((await store.readManifest(tag)).bytes)) as { config: { digest: string }; layers: { digest: string; mediaType: string }[] };
  const blob = (digest: string): string => join(path, "blobs", digest.replace(":", "/"));
  const layers = manifest.layers.map(({ digest, mediaType }) => (mediaType.endsWith("gzip") ? execFileSync("gzip", ["-dc", blob(digest)], { maxBuffer: 1 << 30 }) : readFileSync(blob(digest))));
  if (rootfs !== undefined) {
    mkdirSync(rootfs);
    for (const tar of layers) execFileSync("tar", ["-x", "-f", "-", "-C", rootfs, "--no-same-owner"], { input: tar });
  }
  return { rootfs: rootfs ?? "", config: (JSON.parse(readFileSync(blob(manifest.config.digest), "utf8")) as { config: Record<string, unknown> }).config, layers };
}
