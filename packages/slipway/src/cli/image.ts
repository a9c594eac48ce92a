// slipway image PKG -t NAME:TAG -o layout/ | -o image.tar | --push oci://HOST/REPOSITORY:TAG

import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { makeAttachment, type ModelPackage } from "@slipway/core/package";
import { buildImage, EXTRAS, imageError, imageSbom, ownPlatform, parsePlatforms, platformText, SBOM_TYPE, storeImage, storeIndex, writeArchive, writeDockerContext, type BuiltImage, type StoredImage } from "../image/index.ts";
import { formatReference, isOciReference, LayoutStore, parseReference, RegistryStore, writeAttachments, type BlobStore, type Descriptor, type OciReference } from "../oci/index.ts";
import { openModel } from "../runtime/index.ts";
import { signManifest } from "../signing/index.ts";
import { defineCommand, usageError, type Command, type Invocation } from "./command.ts";
import { DEFAULT_BASE, openBase, type OpenedBase } from "./image-base.ts";
import { DEFAULT_PYTHON_BASE, openPythonModel, pythonImageOptions, wantsPython, type OpenedPythonModel } from "./image-python.ts";
import { printJson, printNote, printResult, progress } from "./output.ts";
import { registryFlags, registryOptions } from "./registry-flags.ts";
import { passwordOption, signingKeyOf } from "./signing-key.ts";
import { size } from "./size.ts";
import { textTable } from "./table.ts";
import { requireSignatureOption, trustedSigners } from "./trusted-option.ts";

export const image: Command = defineCommand({
  name: "image",
  summary: "a container image of a package, without Docker",
  usage: "PKG ... [-t NAME:TAG] (-o DIR | -o FILE.tar | --push oci://HOST/REPOSITORY:TAG | --dockerfile DIR)",
  arguments: [{ name: "PKG", help: "packages, saved models, or references to them", package: true, many: true }],
  options: {
    tag: { type: "string", short: "t", value: "NAME:TAG", help: "how the image is called; the package's name and version by default" },
    output: { type: "string", short: "o", value: "PATH", help: "an OCI layout's folder, or a file that ends in .tar" },
    push: { type: "string", value: "REF", help: "into a registry: oci://HOST/REPOSITORY:TAG" },
    "docker-archive": { type: "boolean", help: "let FILE.tar be what `docker load` of any version takes, with a health check" },
    dockerfile: { type: "string", value: "DIR", help: "write the layers' files and a Dockerfile that makes the same image of them" },
    platform: { type: "string", value: "LIST", help: `linux/amd64, linux/arm64 or both (${platformText(ownPlatform())} by default)` },
    base: { type: "string", value: "BASE", help: `oci://HOST/REPOSITORY:TAG or @sha256:..., oci-layout:DIR[:TAG], or host: this machine's C libraries (${DEFAULT_BASE} by default)` },
    node: { type: "string", value: "FILE", help: "Node's binary for the platform, in place of the one from npm" },
    with: { type: "string", value: "EXTRA", multiple: true, help: "duckdb: for bulk runs in the image over Parquet, databases and SQL (23 MB more)" },
    env: { type: "string", value: "NAME=VALUE", multiple: true, help: "a variable in the image; may be repeated" },
    label: { type: "string", value: "NAME=VALUE", multiple: true, help: "a label and annotation of the image; may be repeated" },
    ...pythonImageOptions,
    insecure: { type: "boolean", help: "let the image answer whoever reaches its port; otherwise it wants keys or tokens where no platform asks for them" },
    "require-signature": requireSignatureOption,
    key: { type: "string", value: "KEY", help: "sign the image with this private key (PEM), as cosign does" },
    "password-file": passwordOption,
    ...registryFlags,
  },
  examples: ["slipway image churn.slip -t churn:1.2.0 -o churn.tar", "slipway image churn.slip --push oci://ghcr.io/acme/churn:1.2.0 --platform linux/amd64,linux/arm64", "slipway image churn.slip -o ./layout --base oci-layout:./base", "slipway image churn.slip -o churn.tar --with duckdb", "slipway image churn.slip -o churn.tar --docker-archive --base host --insecure", "slipway image model --engine python --trust sha256:... --check check.csv --base oci://docker.io/library/python:3.12-slim -o rules.tar"],
  async run(call) {
    const [output, push, dockerfile] = [call.text("output"), call.text("push"), call.text("dockerfile")];
    if (output === undefined && push === undefined && dockerfile === undefined) throw usageError("missing-argument", "image needs to know where to", { hint: "-o DIR, -o FILE.tar, --push oci://HOST/REPOSITORY:TAG or --dockerfile DIR." });
    const platforms = parsePlatforms(call.text("platform") ?? platformText(ownPlatform()));
    for (const extra of call.texts("with")) if (!EXTRAS.some((known) => known === extra)) throw usageError("bad-argument", `--with ${JSON.stringify(extra.slice(0, 60))} is none of ${EXTRAS.join(", ")}`);
    const docker = call.flag("docker-archive");
    if ((docker || dockerfile !== undefined) && platforms.length > 1) throw imageError("image-archive", `${docker ? "--docker-archive" : "--dockerfile"} is for one platform, and ${platforms.length} are asked for`, { hint: `--platform ${platformText(platforms[0]!)}` });
    if (docker && output?.endsWith(".tar") !== true) throw usageError("bad-argument", "--docker-archive is for -o FILE.tar");
    const target = push === undefined ? undefined : pushTarget(push);
    const env = [...pairs(call, "env"), ...(call.flag("insecure") ? ["SLIPWAY_INSECURE=true"] : [])];
    const labels = Object.fromEntries(pairs(call, "label").map((pair): [string, string] => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
    const key = call.text("key") === undefined ? undefined : await signingKeyOf(call, call.text("key")!);
    if (key !== undefined && target === undefined) throw usageError("bad-argument", "--key signs what is pushed: a signature names the repository", { hint: "Add --push, or sign after pushing: slipway sign." });
    const trusted = await trustedSigners(call.texts("require-signature"));
    const line = progress();
    const bases: OpenedBase[] = [];
    let model: OpenedPythonModel | undefined;
    try {
      line.update("reading ...");
      const packages: ModelPackage[] = [];
      if (wantsPython(call)) model = await openPythonModel(call);
      for (const argument of model === undefined ? call.args : []) {
        const { package: pkg, imported } = await openModel(argument, { trusted });
        for (const warning of imported?.compiled.warnings ?? []) printNote(`note: ${warning}`);
        if (packages.some((other) => other.manifest.name === pkg.manifest.name)) throw usageError("bad-argument", `two of the packages are called ${pkg.manifest.name}`, { hint: "An image holds one version of each model." });
        packages.push(pkg);
      }
      const name = imageName(call.text("tag"), model ?? packages[0]!.manifest);
      const built: BuiltImage[] = [];
      for (const platform of platforms) {
        line.update(`building for ${platformText(platform)} ...`);
        const base = await openBase(call.text("base") ?? (model === undefined ? DEFAULT_BASE : DEFAULT_PYTHON_BASE), platform, registryOptions(call), model?.hostPython);
        bases.push(base);
        built.push(await buildImage({ packages, python: await model?.forPlatform(base.image, platform), base: base.image, platform, env, labels, nodeBinary: call.text("node"), duckdb: call.texts("with").includes("duckdb"), healthcheck: docker, compress: output !== undefined || target !== undefined }));
      }
      line.update("writing ...");
      if (dockerfile !== undefined) await writeDockerContext(dockerfile, built[0]!);
      const written = [
        ...(output === undefined ? [] : [await writeOutput(output, built, name, { docker, givenNode: call.text("node") !== undefined })]),
        ...(target === undefined ? [] : [await pushImage(target, call, built, bases, key)]),
      ];
      line.done();
      report(call, name, built, written, dockerfile);
      return 0;
    } finally {
      line.done();
      model?.close();
      for (const base of bases) await base.close();
    }
  },
});

interface Written {
  readonly where: string;
  readonly top: Descriptor;
  readonly images: readonly StoredImage[];
}

async function writeOutput(output: string, built: readonly BuiltImage[], name: string, { docker, givenNode }: { readonly docker: boolean; readonly givenNode: boolean }): Promise<Written> {
  if (!output.endsWith(".tar")) {
    const store = await LayoutStore.open(output, { create: true });
    const { top, images } = await storeAll(store, built, name.slice(name.lastIndexOf(":") + 1));
    await attachBoms(store, built, images, givenNode);
    return { where: output, top, images };
  }
  const parent = dirname(resolve(output));
  await mkdir(parent, { recursive: true }).catch((cause: unknown) => Promise.reject(cannotWrite(output, cause)));
  const work = await mkdtemp(join(parent, `.${basename(output)}-`)).catch((cause: unknown) => Promise.reject(cannotWrite(output, cause)));
  try {
    const store = await LayoutStore.open(work, { create: true });
    const { top, images } = await storeAll(store, built, name.slice(name.lastIndexOf(":") + 1));
    await writeArchive(store, output, { dockerName: name, manifest: top.digest, docker }).catch((cause: unknown) => Promise.reject(cannotWrite(output, cause)));
    return { where: output, top, images };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function pushImage(target: OciReference & { readonly tag: string }, call: Invocation, built: readonly BuiltImage[], bases: readonly OpenedBase[], key: Awaited<ReturnType<typeof signingKeyOf>> | undefined): Promise<Written> {
  const store = await RegistryStore.open(target.host, target.repository, registryOptions(call));
  try {
    const from = bases[0]?.reference;
    const { top, images } = await storeAll(store, built, target.tag, from?.host === target.host ? from.repository : undefined);
    await attachBoms(store, built, images, call.text("node") !== undefined);
    const repository = `${target.host}/${target.repository}`;
    // Whoever pulls one platform's image verifies that one.
    if (key !== undefined) for (const { digest, size, mediaType } of new Map([top, ...images.map((i) => i.descriptor)].map((d) => [d.digest, d])).values()) await signManifest(store, repository, { digest, size, mediaType }, key);
    return { where: formatReference({ ...target, digest: top.digest }), top, images };
  } finally {
    await store.close();
  }
}

/** One platform: its manifest, as those want it who refuse an index (SageMaker, Lambda). Several: an index, and each by TAG-ARCHITECTURE. */
async function storeAll(store: BlobStore, built: readonly BuiltImage[], tag: string, mountFrom?: string): Promise<{ readonly top: Descriptor; readonly images: readonly StoredImage[] }> {
  const images: StoredImage[] = [];
  for (const one of built) images.push(await storeImage(store, one, { tag: built.length === 1 ? tag : `${tag}-${one.platform.architecture}`, mountFrom }));
  return { images, top: images.length === 1 ? images[0]!.descriptor : await storeIndex(store, images, built[0]!.annotations, tag) };
}

async function attachBoms(store: BlobStore, built: readonly BuiltImage[], images: readonly StoredImage[], givenNode: boolean): Promise<void> {
  for (const [i, stored] of images.entries()) {
    const bytes = imageSbom(built[i]!, stored, givenNode);
    await writeAttachments(store, [await makeAttachment(stored.descriptor, { artifactType: SBOM_TYPE, bytes })]);
  }
}

function report(call: Invocation, name: string, built: readonly BuiltImage[], written: readonly Written[], dockerfile: string | undefined): void {
  const { base } = built[0]!;
  const first = written[0];
  if (call.flag("json")) {
    printJson({
      name, base: { name: base.name, digest: base.digest ?? null }, written: written.map((w) => ({ where: w.where, digest: w.top.digest })), ...(dockerfile === undefined ? {} : { dockerfile }),
      platforms: built.map((one, i) => ({ platform: platformText(one.platform), digest: first?.images[i]!.descriptor.digest ?? null, bytes: first?.images[i]!.bytes ?? null, layers: one.layers.map(({ comment, digest, size: bytes }) => ({ comment, digest, bytes })) })),
    });
    return;
  }
  for (const [i, one] of built.entries()) {
    const stored = first?.images[i];
    printResult(`${name}   ${platformText(one.platform)}${stored === undefined ? "" : `   ${size(stored.bytes)}   ${stored.descriptor.digest}`}\n`);
    printResult(`${textTable(["layer", "compressed", "digest"], one.layers.map((layer) => [layer.comment, size(layer.size), layer.digest]))}\n`);
  }
  for (const { where } of written) printResult(`written to ${where}`);
  if (dockerfile !== undefined) printResult(`written to ${dockerfile}\n\nnext: docker build -t ${name} ${dockerfile}`);
  if (base.digest !== undefined && !base.name.includes("@")) printNote(`note: built on ${base.name}, now ${base.digest}; --base ${base.name}@${base.digest} builds on the same again`);
  const tar = written.find((w) => w.where.endsWith(".tar"));
  if (tar !== undefined) printResult(`\nnext: podman load -i ${tar.where} && podman run --rm -p 127.0.0.1:8080:8080 ${name}`);
}

function pushTarget(text: string): OciReference & { readonly tag: string } {
  if (!isOciReference(text)) throw imageError("image-reference", `${JSON.stringify(text.slice(0, 200))} is not a registry's`, { hint: "Write --push oci://HOST/REPOSITORY:TAG." });
  const target = parseReference(text);
  if (target.tag === undefined || target.digest !== undefined) throw imageError("image-reference", `${JSON.stringify(text.slice(0, 200))} must have a tag, and no digest`, { hint: `Name it, for example oci://${target.host}/${target.repository}:1.0.0.` });
  return { ...target, tag: target.tag };
}

/** distribution-spec 1.1; a version's "+" cannot stand in a tag. */
function imageName(given: string | undefined, model: { readonly name: string; readonly version: string }): string {
  const name = given ?? `${model.name.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "")}:${model.version.replace(/[^A-Za-z0-9._-]/g, "_")}`;
  if (!/^(?:[a-zA-Z0-9.-]+(?::\d+)?\/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*:[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/.test(name)) {
    throw imageError("image-reference", `${JSON.stringify(name.slice(0, 200))} cannot name an image`, { hint: "-t NAME:TAG: the name in lower case, for example -t acme/churn:1.2.0." });
  }
  return name;
}

function pairs(call: Invocation, option: "env" | "label"): readonly string[] {
  for (const pair of call.texts(option)) if (!/^[A-Za-z_][A-Za-z0-9_./-]*=[^\0\n\r]*$/.test(pair)) throw usageError("bad-argument", `--${option} is ${JSON.stringify(pair.slice(0, 100))}`, { hint: "Write NAME=VALUE." });
  return call.texts(option);
}

function cannotWrite(path: string, cause: unknown): unknown {
  const code = (cause as NodeJS.ErrnoException).code;
  return code === undefined || !/^E[A-Z]+$/.test(code) ? cause : usageError("cannot-write", `${JSON.stringify(path)} cannot be written (${code})`, { hint: "Check that the folder exists, that you may write there, and that its disk has room.", cause });
}
