// What is to be checked, as files: an image's layers unpacked over each other into a folder, and what its configuration
// says. From a layout, an archive, a registry; of a package an image is made, on this machine's C libraries.

import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { safePath } from "@slipway/core/formats";
import { JsonObject, parseJson, toJsonBytes, type Fail } from "@slipway/core/package";
import { buildImage, hostBase, ownPlatform, platformText, tarNames, unpacked, type Layer, type Platform } from "../../image/index.ts";
import { findLayoutReference, isOciReference, LayoutStore, MEDIA_TYPE, parseManifest, parseReference, RegistryStore, type BlobStore, type RegistryOptions, type StoredManifest } from "../../oci/index.ts";
import { openModel } from "../../runtime/index.ts";
import { deployError } from "../errors.ts";
import type { ImageFacts } from "./contract.ts";

export interface OpenedImage {
  /** The root file system, unpacked. */
  readonly rootfs: string;
  /** A folder beside it for whatever the check needs. */
  readonly work: string;
  readonly facts: ImageFacts;
  close(): Promise<void>;
}

const run = promisify(execFile);
const MAX_CONFIG = 4 << 20;
const MAX_LAYER = 1 << 30;
const fail: Fail = (message, where) => deployError("deploy-image", message, { where });

/** @throws deploy-image, deploy-check-here, and what opening a package, a layout or a registry throws */
export async function openImage(argument: string, options: RegistryOptions = {}): Promise<OpenedImage> {
  if (process.platform !== "linux") throw deployError("deploy-check-here", `this machine runs ${process.platform}`, { hint: "Check the image on Linux, such as in your pipeline." });
  const work = await mkdtemp(join(tmpdir(), "slipway-check-"));
  try {
    const rootfs = join(work, "rootfs");
    await mkdir(rootfs);
    const facts = await unpackInto(rootfs, work, argument, options);
    return { rootfs, work, facts, close: () => rm(work, { recursive: true, force: true }) };
  } catch (error) {
    await rm(work, { recursive: true, force: true });
    throw error;
  }
}

async function unpackInto(rootfs: string, work: string, argument: string, options: RegistryOptions): Promise<ImageFacts> {
  if (isOciReference(argument)) {
    const { host, repository, tag, digest } = parseReference(argument);
    const store = await RegistryStore.open(host, repository, options);
    try {
      return (await imageIn(store, digest ?? tag ?? "latest", rootfs, argument)) ?? (await imageOf(argument, rootfs));
    } finally {
      await store.close();
    }
  }
  const layout = (await findLayoutReference(argument)) ?? (await archived(argument, work));
  if (layout === undefined) return imageOf(argument, rootfs);
  const store = await LayoutStore.open(layout.folder);
  return (await imageIn(store, layout.digest ?? layout.tag ?? (await onlyOne(store, argument)), rootfs, argument)) ?? imageOf(argument, rootfs);
}

/** An archive's layout, unpacked; undefined for packages, which are archives of layouts too, and for everything else. */
async function archived(path: string, work: string): Promise<{ readonly folder: string; readonly tag: undefined; readonly digest: undefined } | undefined> {
  const info = await stat(path).catch(() => undefined);
  if (info?.isFile() !== true || !path.endsWith(".tar")) return undefined;
  const folder = join(work, "layout");
  await mkdir(folder);
  await run("tar", ["-xf", path, "-C", folder]).catch((cause: unknown) => Promise.reject(deployError("deploy-image", `${JSON.stringify(path)} cannot be unpacked`, { cause })));
  const docker = await readFile(join(folder, "manifest.json")).catch(() => undefined);
  if (docker !== undefined && (await stat(join(folder, "oci-layout")).catch(() => undefined)) === undefined) await layoutOf(folder, docker);
  return { folder, tag: undefined, digest: undefined };
}

/** Makes a layout of what `docker save` writes. */
async function layoutOf(folder: string, docker: Uint8Array): Promise<void> {
  const list = parseJson(docker, "manifest.json", fail);
  if (!Array.isArray(list) || list.length !== 1) throw fail(`it holds ${Array.isArray(list) ? list.length : 0} images, and must hold one`, "manifest.json");
  const image = new JsonObject(list[0], "manifest.json", fail);
  const store = await LayoutStore.open(folder, { create: true });
  const blob = async (name: string): Promise<{ readonly bytes: Uint8Array; readonly digest: string; readonly size: number }> => {
    const path = safePath(name);
    const bytes = path === undefined ? undefined : await readFile(join(folder, path)).catch(() => undefined);
    if (bytes === undefined) throw fail(`there is no ${JSON.stringify(name.slice(0, 200))}`, "manifest.json");
    return { bytes, digest: await store.writeBlob(bytes), size: bytes.length };
  };
  const layers = [];
  for (const name of image.array("Layers", 1000, String)) {
    const { bytes, digest, size } = await blob(name);
    layers.push({ mediaType: bytes[0] === 0x1f && bytes[1] === 0x8b ? MEDIA_TYPE.layer : MEDIA_TYPE.plainLayer, digest, size });
  }
  const { digest, size } = await blob(image.string("Config"));
  await store.writeManifest(toJsonBytes({ schemaVersion: 2, mediaType: MEDIA_TYPE.manifest, config: { mediaType: MEDIA_TYPE.imageConfig, digest, size }, layers }), { tag: "archive" });
}

async function onlyOne(store: LayoutStore, argument: string): Promise<string> {
  const tags: string[] = [];
  for await (const tag of store.tags()) tags.push(tag);
  const digests = new Set(await Promise.all(tags.map((tag) => store.resolve(tag))));
  if (digests.size === 1) return tags[0]!;
  throw deployError("deploy-image", `${JSON.stringify(argument)} holds ${tags.length === 0 ? "nothing with a tag" : `the tags ${tags.slice(0, 20).join(", ")}`}`, { hint: "Say which one: oci-layout:FOLDER:TAG." });
}

/** Undefined where the reference names a package, of which an image is to be made. */
async function imageIn(store: BlobStore, reference: string, rootfs: string, argument: string): Promise<ImageFacts | undefined> {
  const top = await store.readManifest(reference);
  const index = parseManifest(top.bytes, top.digest, top.mediaType).kind === "index";
  const entries = index ? platformsOf(top) : [];
  const own = platformText(ownPlatform());
  const chosen = index ? entries.find((entry) => entry.platform === own) : undefined;
  if (index && chosen === undefined) throw deployError("deploy-check-here", `${argument} is for ${entries.map((e) => e.platform).join(", ") || "no platform"}, and this machine is ${own}`);
  const manifest = chosen === undefined ? top : await store.readManifest(chosen.digest);
  const { blobs: [config, ...layers] } = parseManifest(manifest.bytes, manifest.digest);
  if (config?.mediaType !== MEDIA_TYPE.imageConfig && config?.mediaType !== "application/vnd.docker.container.image.v1+json") return undefined;
  const document = new JsonObject(parseJson(await store.readBlob(config.digest, { maxBytes: MAX_CONFIG, size: config.size }), "config", fail), "config", fail);
  const platform = `${document.string("os")}/${document.string("architecture")}`;
  if (platform !== own) throw deployError("deploy-check-here", `${argument} is for ${platform.slice(0, 60)}, and this machine is ${own}`);
  const settings = document.object("config");
  const texts = (key: string): string[] => (settings.has(key) && settings.get(key) !== null ? settings.array(key, 1000, String) : []);
  for (const layer of layers) {
    await unpackLayer(rootfs, await unpacked({ comment: "", diffId: "", ...layer, read: () => store.readBlob(layer.digest, { maxBytes: MAX_LAYER, size: layer.size }) }, argument));
  }
  return {
    index, platforms: index ? entries.map((e) => e.platform) : [platform], bytes: layers.reduce((sum, layer) => sum + layer.size, 0),
    entrypoint: texts("Entrypoint"), command: texts("Cmd"), user: settings.optionalString("User") ?? "", env: texts("Env"),
  };
}

function platformsOf(index: StoredManifest): { readonly digest: string; readonly platform: string }[] {
  return new JsonObject(parseJson(index.bytes, index.digest, fail), index.digest, fail).array("manifests", 1000, (value, where) => {
    const entry = new JsonObject(value, where, fail);
    const platform = entry.has("platform") ? entry.object("platform") : undefined;
    return { digest: entry.string("digest"), platform: `${platform?.optionalString("os") ?? "?"}/${platform?.optionalString("architecture") ?? "?"}` };
  });
}

async function imageOf(argument: string, rootfs: string): Promise<ImageFacts> {
  const platform: Platform = ownPlatform();
  const { package: pkg } = await openModel(argument);
  const image = await buildImage({ packages: [pkg], base: await hostBase(platform, undefined), platform, compress: false });
  await unpackImage(image, rootfs);
  const { config } = JSON.parse(new TextDecoder().decode(image.config)) as { config: { Entrypoint: string[]; Cmd: string[]; User: string; Env: string[] } };
  return { index: false, platforms: [platformText(platform)], bytes: image.layers.reduce((sum: number, layer: Layer) => sum + layer.size, 0), entrypoint: config.Entrypoint, command: config.Cmd, user: config.User, env: config.Env };
}

/** @throws deploy-image */
export async function unpackImage({ layers }: { readonly layers: readonly Layer[] }, rootfs: string): Promise<void> {
  for (const layer of layers) await unpackLayer(rootfs, await unpacked(layer, layer.comment));
}

/** By tar, which follows no link out of the folder; then what the layer says is gone (image-spec 1.1, layer.md, whiteouts). */
async function unpackLayer(rootfs: string, tar: Uint8Array): Promise<void> {
  const child = run("tar", ["-x", "-f", "-", "-C", rootfs, "--no-same-owner", "--exclude=.wh.*", "--exclude=dev/*"]);
  child.child.stdin!.on("error", () => undefined).end(tar);
  await child.catch((cause: unknown) => Promise.reject(deployError("deploy-image", `a layer cannot be unpacked: ${(cause as { stderr?: string }).stderr?.split("\n", 1)[0]?.slice(0, 200) ?? ""}`, { cause })));
  for (const name of tarNames(tar)) {
    const [, folder = "", gone] = /^(?:\.\/)?((?:[^/]+\/)*)\.wh\.([^/]+)$/.exec(name) ?? [];
    if (gone === undefined || gone === ".wh..opq" || `${folder}${gone}`.split("/").includes("..")) continue;
    await rm(join(rootfs, folder, gone), { recursive: true, force: true });
  }
}
