// Reading a package: from a `.slip` file's bytes or from a layout read file by file.
// Nothing is believed: paths, sizes and media types are checked, and every blob is hashed before it is used.

import { readTar } from "../formats/index.ts";
import { MAX_ATTACHMENT_BYTES, MAX_ATTACHMENTS } from "./attachment.ts";
import { parseChecks } from "./checks.ts";
import { packageError } from "./errors.ts";
import { JsonObject, parseJson, type Fail } from "./json.ts";
import { DIGEST, parseManifest } from "./manifest.ts";
import { FILEPATH, MEDIA, PARTS, REF_NAME } from "./oci.ts";
import { parseRecommending } from "./recommending.ts";
import { parseSignature } from "./parse-signature.ts";
import { sha256 } from "./sha256.ts";
import type { Attachment, ModelPackage } from "./types.ts";

/** Gives a file's bytes by its path in the layout; should refuse to load more than `maxBytes`. */
export type ReadFile = (path: string, maxBytes: number) => Promise<Uint8Array | undefined>;

export interface ReadOptions {
  /** Which package, when the layout holds several: a reference name or a digest. */
  readonly reference?: string;
}

const MAX_JSON_BYTES = 4 << 20;
const MAX_PART_BYTES = 64 << 20;
/** Protobuf's own limit. */
const MAX_MODEL_BYTES = 2 ** 31 - 1;
const MAX_PACKAGE_BYTES = 2 ** 32;
const MAX_LAYERS = 1000;

const malformed: Fail = (message, where) => packageError("package-malformed", message, { where });

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly annotations: Readonly<Record<string, string>>;
  readonly artifactType: string | undefined;
}

/** Reads a `.slip` file. The parts are views of `bytes`: do not change them afterwards. */
export async function readSlip(bytes: Uint8Array, options: ReadOptions = {}): Promise<ModelPackage> {
  const files = new Map(readTar(plain(bytes)).map((entry) => [entry.path, entry.bytes]));
  return readLayout((path) => Promise.resolve(files.get(path)), options);
}

export async function readLayout(readFile: ReadFile, options: ReadOptions = {}): Promise<ModelPackage> {
  const layout = await readFile("oci-layout", MAX_JSON_BYTES);
  const indexBytes = await readFile("index.json", MAX_JSON_BYTES);
  if (layout === undefined || indexBytes === undefined) {
    throw packageError("package-not-a-package", `there is no ${layout === undefined ? "oci-layout" : "index.json"}`, {
      hint: "Give a .slip file or a folder that slipway pack made." });
  }
  const version = new JsonObject(json(layout, "oci-layout"), "oci-layout", malformed).string("imageLayoutVersion");
  if (!/^1\.\d+\.\d+$/.test(version)) throw malformed(`the layout's version is ${JSON.stringify(version.slice(0, 50))}, not 1.0.0`, "oci-layout");

  const index = new JsonObject(json(indexBytes, "index.json"), "index.json", malformed);
  const entry = chooseEntry(index, options.reference);
  const blobs = new Map<string, Uint8Array>();
  const manifestBytes = await readBlob(readFile, entry, "manifest", MAX_JSON_BYTES, blobs);
  const manifest = new JsonObject(json(manifestBytes, "manifest"), "manifest", malformed);
  const artifactType = manifest.optionalString("artifactType");
  if (artifactType !== MEDIA.artifact) {
    throw packageError("package-not-a-package", `the layout holds ${artifactType === undefined ? "an image" : `an artifact of type ${JSON.stringify(artifactType.slice(0, 100))}`}, not a model package`);
  }
  const config = descriptor(manifest.get("config"), "manifest.config");
  const layers = manifest.array("layers", MAX_LAYERS, descriptor);
  const total = layers.reduce((sum, layer) => sum + layer.size, config.size);
  if (total > MAX_PACKAGE_BYTES) {
    throw packageError("package-too-large", `the package has ${total} bytes; at most ${MAX_PACKAGE_BYTES} are allowed`, { where: "manifest.layers" });
  }
  const byPath = new Map<string, Descriptor>();
  layers.forEach((layer, i) => {
    const path = Object.hasOwn(layer.annotations, FILEPATH) ? layer.annotations[FILEPATH]! : undefined;
    if (path === undefined) return;
    if (byPath.has(path)) throw malformed(`two layers hold ${JSON.stringify(path.slice(0, 100))}`, `manifest.layers[${i}]`);
    byPath.set(path, layer);
  });
  await Promise.all([
    readBlob(readFile, config, "config", MAX_JSON_BYTES, blobs),
    ...layers.map((layer, i) => {
      const own = byPath.get(PARTS.model) === layer || byPath.get(PARTS.vectors) === layer;
      const known = Object.values(PARTS).some((path) => byPath.get(path) === layer);
      return readBlob(readFile, layer, `manifest.layers[${i}]`, own || !known ? MAX_MODEL_BYTES : MAX_PART_BYTES, blobs);
    }),
  ]);
  const part = (path: string): Uint8Array | undefined => {
    const layer = byPath.get(path);
    return layer === undefined ? undefined : blobs.get(layer.digest);
  };
  const required = (path: string): Uint8Array => {
    const bytes = part(path);
    if (bytes === undefined) {
      throw packageError("package-missing-part", `the package holds no ${path}`, {
        where: "manifest.layers", hint: "It may be a ModelPack artifact that another tool made. Pack the model with slipway." });
    }
    return bytes;
  };
  const optionalJson = (path: string): unknown => {
    const bytes = part(path);
    return bytes === undefined ? null : json(bytes, path);
  };
  const checks = optionalJson(PARTS.checks);
  const tokenized = optionalJson(PARTS.text);
  const recommend = optionalJson(PARTS.recommend);
  const vectors = part(PARTS.vectors);
  return {
    manifest: parseManifest(json(required(PARTS.manifest), PARTS.manifest)),
    model: required(PARTS.model),
    signature: parseSignature(json(required(PARTS.signature), PARTS.signature)),
    checks: checks === null ? null : parseChecks(checks),
    profile: optionalJson(PARTS.profile),
    card: text(part(PARTS.card) ?? new Uint8Array(), PARTS.card),
    sbom: optionalJson(PARTS.sbom),
    ...(tokenized === null ? {} : { text: tokenized }),
    ...(recommend === null ? {} : { recommend: parseRecommending(recommend) }),
    ...(vectors === undefined ? {} : { vectors }),
    digest: entry.digest,
    blobs,
    attachments: await readAttachments(readFile, index, entry.digest),
  };
}

/** The artifacts of the layout that name this package as their subject. */
async function readAttachments(readFile: ReadFile, index: JsonObject, subject: string): Promise<Attachment[]> {
  const others = index.array("manifests", 10_000, descriptor).filter((d) => d.mediaType === MEDIA.manifest && d.artifactType !== undefined && d.artifactType !== MEDIA.artifact);
  const attachments: Attachment[] = [];
  const blobs = new Map<string, Uint8Array>();
  for (const entry of others) {
    const where = `attachment ${entry.digest}`;
    const bytes = await readBlob(readFile, entry, where, MAX_JSON_BYTES, blobs);
    const manifest = new JsonObject(json(bytes, where), where, malformed);
    if (!manifest.has("subject") || descriptor(manifest.get("subject"), manifest.at("subject")).digest !== subject) continue;
    if (attachments.length >= MAX_ATTACHMENTS) throw packageError("package-too-large", `the package has more than ${MAX_ATTACHMENTS} attachments`, { where: "index.json" });
    const [layer, ...more] = manifest.array("layers", MAX_LAYERS, descriptor);
    // What other tools attach may have several parts; ours have one.
    if (layer === undefined || more.length > 0) continue;
    attachments.push({
      artifactType: entry.artifactType!, mediaType: layer.mediaType,
      bytes: await readBlob(readFile, layer, where, MAX_ATTACHMENT_BYTES, blobs),
      annotations: manifest.has("annotations") ? manifest.texts("annotations") : {},
      manifest: bytes, digest: entry.digest,
    });
  }
  return attachments;
}

function chooseEntry(index: JsonObject, reference: string | undefined): Descriptor {
  const all = index.array("manifests", 10_000, descriptor).filter((d) => d.mediaType === MEDIA.manifest);
  const typed = all.filter((d) => d.artifactType === MEDIA.artifact);
  // Tools that copy artifacts may drop artifactType from the index; then the manifest itself tells.
  const candidates = typed.length > 0 ? typed : all.filter((d) => d.artifactType === undefined);
  const named = (d: Descriptor): string | undefined => (Object.hasOwn(d.annotations, REF_NAME) ? d.annotations[REF_NAME] : undefined);
  const found = reference === undefined ? candidates : candidates.filter((d) => d.digest === reference || named(d) === reference);
  // The same package under several names is one package.
  const digests = new Set(found.map((d) => d.digest));
  if (digests.size === 1) return found[0]!;
  const names = candidates.slice(0, 20).map((d) => named(d) ?? d.digest);
  if (digests.size > 1) {
    throw packageError("package-ambiguous", `the layout holds ${digests.size} packages`, {
      where: "index.json", hint: `Say which one: ${names.map((n) => n.slice(0, 100)).join(", ")}.` });
  }
  if (reference === undefined || candidates.length === 0) throw packageError("package-not-a-package", "the layout holds no model package", { where: "index.json" });
  throw packageError("package-not-found", `the layout holds no package ${JSON.stringify(reference.slice(0, 100))}`, {
    where: "index.json", hint: `It holds ${names.map((n) => n.slice(0, 100)).join(", ")}.` });
}

/** An OCI descriptor. Unknown media types are fine; a digest that is not SHA-256 is not. */
function descriptor(value: unknown, where: string): Descriptor {
  const d = new JsonObject(value, where, malformed);
  const digest = d.string("digest");
  if (!DIGEST.test(digest)) throw malformed(`the digest ${JSON.stringify(digest.slice(0, 100))} is not sha256: and 64 hex digits`, d.at("digest"));
  return {
    mediaType: d.string("mediaType"),
    digest,
    size: d.count("size"),
    annotations: d.has("annotations") ? d.texts("annotations") : {},
    artifactType: d.optionalString("artifactType"),
  };
}

/** Reads a blob and proves it; a blob named twice is read once. */
async function readBlob(readFile: ReadFile, d: Descriptor, where: string, maxBytes: number, blobs: Map<string, Uint8Array>): Promise<Uint8Array> {
  if (d.size > maxBytes) {
    throw packageError("package-too-large", `a part of ${d.size} bytes; at most ${maxBytes} are allowed`, { where });
  }
  let bytes = blobs.get(d.digest);
  const fresh = bytes === undefined;
  bytes ??= await readFile(`blobs/${d.digest.replace(":", "/")}`, d.size);
  if (bytes === undefined) {
    throw packageError("package-missing-part", `the blob ${d.digest} is not there`, { where, hint: "The package was copied incompletely. Copy it again." });
  }
  if (bytes.length !== d.size) {
    throw packageError("package-corrupt", `the blob ${d.digest} has ${bytes.length} bytes, but ${d.size} are stated`, { where });
  }
  if (fresh) {
    const actual = `sha256:${await sha256(bytes)}`;
    if (actual !== d.digest) throw packageError("package-corrupt", `the blob ${d.digest} has the digest ${actual}`, { where });
    bytes = plain(bytes);
    blobs.set(d.digest, bytes);
  }
  return bytes;
}

/** A view that is a Uint8Array and nothing more: Node's Buffer has a `slice` that does not copy. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

function json(bytes: Uint8Array, where: string): unknown {
  if (bytes.length > MAX_PART_BYTES) throw packageError("package-too-large", `${bytes.length} bytes of JSON; at most ${MAX_PART_BYTES} are allowed`, { where });
  return parseJson(bytes, where, malformed);
}

function text(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw malformed("not valid UTF-8 text", where);
  }
}
