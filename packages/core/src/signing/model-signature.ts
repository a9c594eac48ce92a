// OpenSSF Model Signing (OMS) 1.0, as the reference tool `model-signing` writes and verifies it: a sigstore bundle around a
// DSSE envelope around an in-toto statement whose predicate lists every file with its SHA-256. The statement's subject is
// SHA-256 over the files' digests (as bytes), in the order listed. Files may also be listed in shards, "name:start:end".
// https://github.com/sigstore/model-transparency; https://github.com/ossf/model-signing-spec

import { JsonObject, type Fail } from "../package/json.ts";
import { safePath } from "../formats/index.ts";
import { concat, fromHex, toHex } from "./bytes.ts";
import { BUNDLE_TYPE, keyHint, readBundle, writeBundle } from "./bundle.ts";
import { signEnvelope } from "./dsse.ts";
import { signingError } from "./errors.ts";
import { verificationKeyOfSpki, type SigningKey, type VerificationKey } from "./keys.ts";
import { IN_TOTO_PAYLOAD, STATEMENT_TYPE, verifyStatement, type Statement } from "./statement.ts";
import { subtle } from "./subtle.ts";
import { verifyChain } from "./x509.ts";

export const MODEL_SIGNATURE = "https://model_signing/signature/v1.0";

/** A model's files, wherever they are: a folder, one file, a package. */
export interface ModelFiles {
  /** What the model is called; for people. */
  readonly name: string;
  /** Sizes in bytes by path, with "/" between folders. One file that is the whole model has the path ".". */
  readonly sizes: ReadonlyMap<string, number>;
  /** 64 hexadecimal digits: of the file, or of the part of it from `start` up to `end`. */
  sha256(path: string, start: number, end: number): Promise<string>;
}

export interface SignedResource {
  readonly name: string;
  readonly sha256: string;
}

/** What a valid signature says. */
export interface SignedModel {
  readonly name: string;
  readonly resources: readonly SignedResource[];
  /** Bytes of a shard where files are listed in shards. */
  readonly shardSize?: number;
  /** Paths the signer left out; files at or below them are not signed. */
  readonly ignored: readonly string[];
  /** Which of the given keys signed, or the key of the signer's certificate. */
  readonly key: VerificationKey;
  /** The common name of the signer's certificate, where it was verified by one. */
  readonly certificate?: string;
}

/** Whose signatures are believed: keys, or whoever has a certificate that leads to one of the roots (X.509 in DER). */
export type Trusted = readonly VerificationKey[] | { readonly keys: readonly VerificationKey[]; readonly roots: readonly Uint8Array[] };

const MAX_RESOURCES = 1_000_000;
const SHA256 = /^[0-9a-f]{64}$/;

const fail: Fail = (message, where) => signingError("statement-malformed", message, { where });

/** The statement about these files. `ignored` are paths that are left out of it. @throws signed-name */
export async function modelStatement(model: ModelFiles, ignored: readonly string[] = []): Promise<Statement> {
  const names = [...model.sizes.keys()].filter((name) => !isIgnored(name, ignored)).sort(byParts);
  const resources: { readonly algorithm: "sha256"; readonly name: string; readonly digest: string }[] = [];
  for (const name of names) {
    if (!nameable(name)) throw signingError("signed-name", `${JSON.stringify(name.slice(0, 200))} cannot be signed: it is absolute, leads outside, or holds characters that no file name may have`);
    resources.push({ algorithm: "sha256", name, digest: await model.sha256(name, 0, model.sizes.get(name)!) });
  }
  return {
    _type: STATEMENT_TYPE,
    subject: [{ name: model.name, digest: { sha256: await rootDigest(resources.map((r) => r.digest)) } }],
    predicateType: MODEL_SIGNATURE,
    predicate: {
      resources,
      serialization: { method: "files", hash_type: "sha256", allow_symlinks: false, ...(ignored.length === 0 ? {} : { ignore_paths: ignored }) },
    },
  };
}

/** Signs the files: the bytes of a signature file. `certificates` (DER, the signer's own first) stand in it in place of the key's hint. @throws signed-name */
export async function signModel(model: ModelFiles, key: SigningKey, { ignored, certificates = [] }: { readonly ignored?: readonly string[]; readonly certificates?: readonly Uint8Array[] } = {}): Promise<Uint8Array> {
  // Indented as the reference tool writes it.
  const payload = new TextEncoder().encode(JSON.stringify(await modelStatement(model, ignored), undefined, 2));
  const envelope = await signEnvelope(IN_TOTO_PAYLOAD, payload, [key], { keyIds: false });
  return writeBundle({ envelope, keyHint: await keyHint(key.publicKey), certificates });
}

/**
 * Who signed what, whatever files there are now.
 * @throws bundle-malformed, bundle-unsupported, envelope-malformed, statement-malformed, statement-mismatch, signature-invalid, certificate-untrusted, certificate-malformed
 */
export async function readModelSignature(bytes: Uint8Array, trusted: Trusted): Promise<SignedModel> {
  const { envelope, certificates } = readBundle(bytes);
  // The reference tool looks at the first signature only; a bundle has one.
  if (envelope.signatures.length > 1) throw signingError("bundle-malformed", `the bundle holds ${envelope.signatures.length} signatures; one is allowed`);
  const { keys, roots } = trustedOf(trusted);
  const signer = certificates.length > 0 && roots.length > 0 ? await verifyChain(certificates, roots) : undefined;
  const { statement, keys: signers } = await verifyStatement(envelope, signer === undefined ? keys : [await verificationKeyOfSpki(signer.spki)], { predicateType: MODEL_SIGNATURE });
  return { ...(await parsePredicate(statement)), key: signers[0]!, ...(signer === undefined ? {} : { certificate: signer.commonName }) };
}

/**
 * Verifies that a trusted key signed exactly these files.
 * @param own files that are left out though nobody signed that, such as the signature's own
 * @param strict whether what the signer left out may not be there either
 * @throws as readModelSignature, and signed-files-differ
 */
export async function verifyModel(model: ModelFiles, bytes: Uint8Array, trusted: Trusted, { own = [], strict = false }: { readonly own?: readonly string[]; readonly strict?: boolean } = {}): Promise<SignedModel> {
  const signed = await readModelSignature(bytes, trusted);
  const expected = new Map(signed.resources.map((r) => [r.name, r.sha256]));
  const left = [...own, ...(strict ? [] : signed.ignored)];
  const changed: string[] = [];
  const added: string[] = [];
  for (const [path, size] of [...model.sizes].sort(([a], [b]) => byParts(a, b))) {
    if (isIgnored(path, left)) continue;
    for (const [name, start, end] of partsOf(path, size, signed.shardSize)) {
      const digest = expected.get(name);
      expected.delete(name);
      if (digest === undefined) added.push(name);
      else if ((await model.sha256(path, start, end)) !== digest) changed.push(name);
    }
  }
  const missing = [...expected.keys()];
  if (changed.length + added.length + missing.length > 0) throw filesDiffer({ changed, added, missing });
  return signed;
}

export function trustedOf(trusted: Trusted): { readonly keys: readonly VerificationKey[]; readonly roots: readonly Uint8Array[] } {
  return Array.isArray(trusted) ? { keys: trusted as readonly VerificationKey[], roots: [] } : (trusted as Exclude<Trusted, readonly unknown[]>);
}

/** The type under which a signature is attached to a package, and what registries show of it. */
export const MODEL_SIGNATURE_ATTACHMENT: { readonly artifactType: string; readonly annotations: Readonly<Record<string, string>> } = bundleAttachment(MODEL_SIGNATURE);

/** How cosign, too, attaches a bundle to an OCI artifact. */
export function bundleAttachment(predicateType: string): { readonly artifactType: string; readonly annotations: Readonly<Record<string, string>> } {
  return { artifactType: BUNDLE_TYPE, annotations: { "dev.sigstore.bundle.content": "dsse-envelope", "dev.sigstore.bundle.predicateType": predicateType } };
}

async function parsePredicate({ _type, subject, predicate }: Statement): Promise<Omit<SignedModel, "key" | "certificate">> {
  if (_type !== STATEMENT_TYPE) throw fail(`a model's signature is a statement of the type ${STATEMENT_TYPE}`, "statement._type");
  if (subject.length !== 1) throw fail(`the statement has ${subject.length} subjects; a model's signature has one`, "statement.subject");
  const object = new JsonObject(predicate, "predicate", fail);
  const serialization = object.object("serialization");
  const method = serialization.oneOf("method", ["files", "shards"]);
  const hash = serialization.string("hash_type");
  if (hash !== "sha256") throw signingError("bundle-unsupported", `the files were hashed with ${JSON.stringify(hash.slice(0, 40))}; only sha256 is verified`);
  const shardSize = method === "shards" ? serialization.count("shard_size") : undefined;
  if (shardSize === 0) throw fail("shards of no bytes", "predicate.serialization.shard_size");
  const seen = new Set<string>();
  const resources = object.array("resources", MAX_RESOURCES, (item, where) => {
    const resource = new JsonObject(item, where, fail);
    const name = resource.string("name");
    const digest = resource.string("digest");
    if (resource.string("algorithm") !== (shardSize === undefined ? "sha256" : `sha256-sharded-${shardSize}`) || !SHA256.test(digest)) throw fail("the digest is not SHA-256 in 64 hexadecimal digits", where);
    if (!nameable(method === "shards" ? name.replace(/:\d+:\d+$/, "") : name)) throw signingError("signed-name", `the signature names ${JSON.stringify(name.slice(0, 200))}, which is absolute or leads outside the model`);
    if (seen.has(name)) throw signingError("signed-name", `the signature names ${JSON.stringify(name.slice(0, 200))} twice`);
    seen.add(name);
    return { name, sha256: digest };
  });
  const root = await rootDigest(resources.map((r) => r.sha256));
  if (subject[0]!.digest["sha256"] !== root) throw signingError("statement-mismatch", `the statement is about sha256:${subject[0]!.digest["sha256"] ?? "?"}, but its files' digests make sha256:${root}`);
  return {
    name: subject[0]!.name, resources, ...(shardSize === undefined ? {} : { shardSize }),
    ignored: serialization.has("ignore_paths") ? serialization.array("ignore_paths", 1000, (item, where) => {
      if (typeof item !== "string" || safePath(item) === undefined) throw fail("a path to leave out is no path inside the model", where);
      return safePath(item)!;
    }) : [],
  };
}

async function rootDigest(digests: readonly string[]): Promise<string> {
  return toHex(new Uint8Array(await subtle().digest("SHA-256", concat(...digests.map(fromHex)))));
}

function filesDiffer(found: { readonly changed: readonly string[]; readonly added: readonly string[]; readonly missing: readonly string[] }): Error {
  const list = (what: string, names: readonly string[]): string[] => names.length === 0 ? []
    : [`${what} ${names.slice(0, 5).map((n) => JSON.stringify(n.slice(0, 200))).join(", ")}${names.length > 5 ? ` and ${names.length - 5} more` : ""}`];
  return signingError("signed-files-differ", `not what was signed: ${[...list("changed", found.changed), ...list("not signed", found.added), ...list("missing", found.missing)].join("; ")}`, {
    data: { changed: found.changed.slice(0, 1000), added: found.added.slice(0, 1000), missing: found.missing.slice(0, 1000) } });
}

function* partsOf(path: string, size: number, shardSize: number | undefined): Iterable<readonly [name: string, start: number, end: number]> {
  if (shardSize === undefined) yield [path, 0, size];
  else for (let start = 0; start < size; start += shardSize) yield [`${path}:${start}:${Math.min(size, start + shardSize)}`, start, Math.min(size, start + shardSize)];
}

function nameable(name: string): boolean {
  return name === "." || safePath(name) === name;
}

function isIgnored(path: string, ignored: readonly string[]): boolean {
  return ignored.some((p) => path === p || path.startsWith(`${p}/`));
}

/** Python's order of paths: folder by folder, each by code points. */
function byParts(a: string, b: string): number {
  const [left, right] = [a.split("/"), b.split("/")];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const order = byCodePoints(left[i]!, right[i]!);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

function byCodePoints(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const order = left[i]!.codePointAt(0)! - right[i]!.codePointAt(0)!;
    if (order !== 0) return order;
  }
  return left.length - right.length;
}
