// From packages to an image in a store: no daemon, no container, no shell. From below: the base, Node, ONNX Runtime, the
// server, the packages. Only the last changes with a new version of a model; the others are in every registry and on every
// node already. Of a model that Python runs, Python and its packages lie above the base.

import { VERSION } from "@slipway/core/base";
import { toJsonBytes, writeSlip, type ModelPackage } from "@slipway/core/package";
import { BlobCache, cacheFolder, cacheLimit, MEDIA_TYPE, type BlobStore, type Descriptor } from "../oci/index.ts";
import type { BaseImage } from "./base-image.ts";
import { DUCKDB_VERSION, duckdbFiles } from "./duckdb-files.ts";
import { imageConfig } from "./image-config.ts";
import { makeLayer, type Layer } from "./layer.ts";
import { NODE_VERSION, nodeFiles } from "./node-binary.ts";
import type { Platform } from "./platform.ts";
import { pythonAnnotations, pythonLayers, pythonVariables, type PythonModel } from "./python/python-model.ts";
import { onnxRuntimeFiles, serverFiles, type BundledPackage } from "./runtime-files.ts";

export interface ImageParts {
  readonly packages: readonly ModelPackage[];
  /** In their place: one model that Python runs. */
  readonly python?: PythonModel | undefined;
  readonly base: BaseImage;
  readonly platform: Platform;
  /** NAME=VALUE */
  readonly env?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  /** Whether DuckDB goes in, for bulk runs over Parquet, databases and SQL. */
  readonly duckdb?: boolean;
  /** A binary in place of the one from npm. */
  readonly nodeBinary?: string | undefined;
  /** As Docker has it, for archives of Docker. */
  readonly healthcheck?: boolean;
  /** ISO 8601; SOURCE_DATE_EPOCH by default, else what the package says, else 1970. */
  readonly created?: string;
  /** False where the image is not stored but unpacked. */
  readonly compress?: boolean;
  readonly variables?: Readonly<Record<string, string | undefined>>;
}

/** One platform's image, before it is stored. */
export interface BuiltImage {
  readonly platform: Platform;
  readonly base: BaseImage;
  /** All of them, the base's first. */
  readonly layers: readonly Layer[];
  readonly config: Uint8Array;
  /** NAME=VALUE, beside the base's. */
  readonly env: readonly string[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly bundled: readonly BundledPackage[];
  readonly onnxRuntime: string;
  readonly models: readonly ImageModel[];
  readonly python: PythonModel | undefined;
}

/** What is told of a model. */
export interface ImageModel {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly description?: string;
  readonly licenses?: readonly string[];
  readonly created?: string;
}

export interface StoredImage {
  readonly descriptor: Descriptor;
  readonly platform: Platform;
  /** Of what is pulled: manifest, configuration and layers. */
  readonly bytes: number;
}

/** What an image may hold beside the server. */
export const EXTRAS = ["duckdb"] as const;

/** @throws image-node, image-incomplete */
export async function buildImage(parts: ImageParts): Promise<BuiltImage> {
  const { packages, python, base, platform, variables = process.env } = parts;
  const cache = new BlobCache(cacheFolder(variables), cacheLimit(variables));
  const [runtime, server, node, duckdb] = await Promise.all([onnxRuntimeFiles(platform), serverFiles(), nodeFiles(platform, cache.folder, parts.nodeBinary), parts.duckdb === true ? duckdbFiles(platform, cache.folder) : undefined]);
  const kept = parts.compress === false ? undefined : cache;
  const models: readonly ImageModel[] = python === undefined ? packages.map(({ digest, manifest }) => ({ ...manifest, digest })) : [python];
  const files = python === undefined ? packages.map((pkg) => ({ path: `models/${pkg.manifest.name}.slip`, bytes: writeSlip(pkg) })) : python.files;
  const above = [];
  for (const { comment, files: contents } of python === undefined ? [] : pythonLayers(python)) above.push(await makeLayer(comment, contents, kept));
  const layers = [
    ...above,
    await makeLayer(`Node ${parts.nodeBinary === undefined ? NODE_VERSION : "as given"}`, node, kept),
    await makeLayer(`ONNX Runtime ${runtime.version}`, runtime.files, kept),
    ...(duckdb === undefined ? [] : [await makeLayer(`DuckDB ${DUCKDB_VERSION}`, duckdb.files, kept)]),
    await makeLayer(`Slipway ${VERSION}`, server.files, kept),
    await makeLayer(models.map(({ name, version }) => `${name} ${version}`).join(", "), files, kept),
  ];
  await cache.trim();
  const created = parts.created ?? createdOf(models, variables);
  const annotations = { ...annotationsOf(models, base, created), ...(python === undefined ? {} : pythonAnnotations(python)), ...parts.labels };
  const env = [...(python === undefined ? [] : pythonVariables(python)), ...(parts.env ?? [])];
  const config = imageConfig({ platform, base, layers, env, labels: annotations, created, healthcheck: parts.healthcheck === true });
  return { platform, base, layers: [...base.layers, ...layers], config, env, annotations, bundled: [...server.packages, ...(duckdb?.packages ?? [])], onnxRuntime: runtime.version, models, python };
}

/** Blobs first, then the manifest. @param mountFrom another repository of the same registry that holds the base @throws as the store */
export async function storeImage(store: BlobStore, image: BuiltImage, options: { readonly tag?: string | undefined; readonly mountFrom?: string | undefined } = {}): Promise<StoredImage> {
  for (const layer of image.layers) {
    // What is there already need not be read from elsewhere.
    if ((await store.statBlob(layer.digest)) !== layer.size) await store.writeBlob(await layer.read(), { mountFrom: options.mountFrom });
  }
  const config = { mediaType: MEDIA_TYPE.imageConfig, digest: await store.writeBlob(image.config), size: image.config.length };
  const layers = image.layers.map(({ mediaType, digest, size }) => ({ mediaType, digest, size }));
  const manifest = toJsonBytes({ schemaVersion: 2, mediaType: MEDIA_TYPE.manifest, config, layers, annotations: image.annotations });
  const descriptor = await store.writeManifest(manifest, { tag: options.tag });
  return { descriptor, platform: image.platform, bytes: [config, ...layers].reduce((sum, blob) => sum + blob.size, manifest.length) };
}

/** Of several platforms: an index that names them. @throws as the store */
export async function storeIndex(store: BlobStore, images: readonly StoredImage[], annotations: Readonly<Record<string, string>>, tag: string | undefined): Promise<Descriptor> {
  return store.writeManifest(toJsonBytes({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.index,
    manifests: images.map(({ descriptor: { mediaType, digest, size }, platform }) => ({ mediaType, digest, size, platform: { architecture: platform.architecture, os: platform.os } })),
    annotations,
  }), { tag });
}

/** https://reproducible-builds.org/specs/source-date-epoch/ */
function createdOf(models: readonly ImageModel[], variables: Readonly<Record<string, string | undefined>>): string {
  const epoch = variables["SOURCE_DATE_EPOCH"];
  if (epoch !== undefined && /^\d{1,11}$/.test(epoch)) return iso(Number(epoch) * 1000);
  return models.map((model) => model.created).filter((time) => time !== undefined).sort().at(-1) ?? iso(0);
}
function iso(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}

/** image-spec 1.1, annotations.md */
function annotationsOf(models: readonly ImageModel[], base: BaseImage, created: string): Record<string, string> {
  const [first] = models as readonly [ImageModel];
  const prefix = "org.opencontainers.image.";
  const { name, version, description, licenses } = first;
  return {
    [`${prefix}created`]: created,
    [`${prefix}title`]: models.length === 1 ? name : models.map((model) => model.name).join(", "),
    ...(models.length === 1 ? { [`${prefix}version`]: version } : {}),
    ...(models.length === 1 && description !== undefined ? { [`${prefix}description`]: description } : {}),
    ...(models.length === 1 && licenses !== undefined ? { [`${prefix}licenses`]: licenses.join(" AND ") } : {}),
    ...(base.reference === undefined ? {} : { [`${prefix}base.name`]: base.reference }),
    ...(base.digest === undefined ? {} : { [`${prefix}base.digest`]: base.digest }),
    "dev.slipway.version": VERSION,
    "dev.slipway.packages": models.map((model) => model.digest).join(","),
  };
}

