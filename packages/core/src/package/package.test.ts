import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { SlipwayError } from "../base/index.ts";
import { writeTar } from "../formats/index.ts";
import { buildPackage, MEDIA, writeLayout, writeSlip } from "./oci.ts";
import { readLayout, readSlip } from "./read.ts";
import { checkName, checkVersion, nameFromFile } from "./manifest.ts";
import { digestOf } from "./sha256.ts";
import { exampleManifest, exampleParts } from "./testing.ts";
import type { ModelPackage } from "./types.ts";

async function codeOf(run: Promise<unknown>): Promise<string> {
  try {
    await run;
  } catch (error) {
    if (error instanceof SlipwayError) return error.code;
    throw error;
  }
  return "none";
}
const files = (pkg: ModelPackage): Map<string, Uint8Array> => new Map([...writeLayout(pkg)].map((e) => [e.path, e.bytes]));
const reader = (layout: ReadonlyMap<string, Uint8Array>) => (path: string): Promise<Uint8Array | undefined> => Promise.resolve(layout.get(path));
const parsed = (bytes: Uint8Array): Record<string, unknown> => JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

/** A layout whose manifest was changed, with a correct digest for it. */
async function withManifest(pkg: ModelPackage, change: (manifest: Record<string, unknown>) => void): Promise<Map<string, Uint8Array>> {
  const layout = files(pkg);
  const manifest = parsed(pkg.blobs.get(pkg.digest)!);
  change(manifest);
  const bytes = bytesOf(manifest);
  const digest = await digestOf(bytes);
  layout.set(`blobs/${digest.replace(":", "/")}`, bytes);
  layout.set("index.json", bytesOf({ schemaVersion: 2, manifests: [{ mediaType: MEDIA.manifest, digest, size: bytes.length }] }));
  return layout;
}

describe("package", () => {
  it("comes back from a .slip as it went in", async () => {
    const parts = exampleParts();
    const pkg = await buildPackage(parts);
    const back = await readSlip(writeSlip(pkg));
    expect(back).toEqual(pkg);
    expect(back.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(writeSlip(back)).toEqual(writeSlip(pkg));
  });

  it("is the same byte for byte, whatever order the library versions come in", async () => {
    const a = await buildPackage(exampleParts());
    const manifest = exampleManifest();
    const producer = Object.fromEntries(Object.entries(manifest.source.producer).reverse());
    const b = await buildPackage(exampleParts({ manifest: { ...manifest, source: { ...manifest.source, producer } } }));
    expect(b.digest).toBe(a.digest);
    expect(writeSlip(b)).toEqual(writeSlip(a));
    // A digest that changes with a release would make every stored package a different one.
    const plain = await buildPackage(exampleParts({ card: "# churn\n", sbom: {} }));
    expect(plain.digest).toBe("sha256:e35b32d76cd4206cdc90bfc5c6cf1eb7f832123af214a9595823bf0e94e1749c");
  });

  it("can do without checks and profile", async () => {
    const pkg = await buildPackage(exampleParts({ checks: null, profile: undefined }));
    const back = await readSlip(writeSlip(pkg));
    expect(back.checks).toBeNull();
    expect(back.profile).toBeNull();
  });

  it("gives the model without copying it", async () => {
    const slip = writeSlip(await buildPackage(exampleParts()));
    expect((await readSlip(slip)).model.buffer).toBe(slip.buffer);
  });

  it("follows the ModelPack and image layout specifications", async () => {
    const pkg = await buildPackage(exampleParts({ manifest: exampleManifest({ created: "2026-01-31T12:00:00Z" }) }));
    const manifest = parsed(pkg.blobs.get(pkg.digest)!) as { config: { digest: string }; layers: { mediaType: string; digest: string; annotations: Record<string, string> }[] };
    expect(manifest).toMatchObject({
      schemaVersion: 2, mediaType: "application/vnd.oci.image.manifest.v1+json", artifactType: "application/vnd.cncf.model.manifest.v1+json",
      config: { mediaType: "application/vnd.cncf.model.config.v1+json" },
    });
    expect(manifest.layers.map((l) => [l.annotations["org.cncf.model.filepath"], l.mediaType.slice("application/vnd.cncf.model.".length)])).toEqual([
      ["model.onnx", "weight.v1.raw"], ["slipway.json", "weight.config.v1.raw"], ["signature.json", "weight.config.v1.raw"],
      ["checks.json", "weight.config.v1.raw"], ["profile.json", "weight.config.v1.raw"], ["card.md", "doc.v1.raw"], ["sbom.cdx.json", "doc.v1.raw"],
    ]);
    expect(parsed(pkg.blobs.get(manifest.config.digest)!)).toEqual({
      descriptor: { createdAt: "2026-01-31T12:00:00Z", name: "churn", version: "1.2.0" },
      modelfs: { type: "layers", diffIds: manifest.layers.map((l) => l.digest) },
      config: { architecture: "sklearn.pipeline.Pipeline", format: "onnx", capabilities: { inputTypes: ["other"], outputTypes: ["other"] } },
    });
    expect([...files(pkg).keys()]).toEqual([...files(pkg).keys()].sort());
  });

  it("finds every changed byte of a blob", async () => {
    const pkg = await buildPackage(exampleParts());
    for (const [path, bytes] of files(pkg)) {
      if (!path.startsWith("blobs/")) continue;
      const changed = bytes.slice();
      changed[changed.length >> 1]! ^= 1;
      expect(await codeOf(readLayout(reader(new Map(files(pkg)).set(path, changed))))).toBe("package-corrupt");
      expect(await codeOf(readLayout(reader(new Map(files(pkg)).set(path, bytes.subarray(1)))))).toBe("package-corrupt");
      const without = files(pkg);
      without.delete(path);
      expect(await codeOf(readLayout(reader(without)))).toBe("package-missing-part");
    }
  });

  it("says what is not a package", async () => {
    expect(await codeOf(readSlip(writeTar([{ path: "a", bytes: new Uint8Array(3) }])))).toBe("package-not-a-package");
    expect(await codeOf(readSlip(new Uint8Array()))).toBe("package-not-a-package");
    expect(await codeOf(readSlip(new TextEncoder().encode("not a tar".repeat(100))))).toBe("tar-malformed");
    const pkg = await buildPackage(exampleParts());
    expect(await codeOf(readLayout(reader(await withManifest(pkg, (m) => delete m["artifactType"]))))).toBe("package-not-a-package");
    expect(await codeOf(readLayout(reader(await withManifest(pkg, (m) => (m["layers"] as unknown[]).splice(0, 1)))))).toBe("package-missing-part");
    expect(await codeOf(readLayout(reader(await withManifest(pkg, (m) => (m["layers"] as unknown[]).push((m["layers"] as unknown[])[0])))))).toBe("package-malformed");
  });

  it("refuses sizes beyond its caps before reading the blob", async () => {
    const pkg = await buildPackage(exampleParts());
    const layout = await withManifest(pkg, (m) => ((m["layers"] as { size: number }[])[0]!.size = 2 ** 40));
    expect(await codeOf(readLayout(reader(layout)))).toBe("package-too-large");
  });

  it("passes over layers it does not know, but proves them too", async () => {
    const pkg = await buildPackage(exampleParts());
    const extra = new TextEncoder().encode("something of another tool");
    const digest = await digestOf(extra);
    const layout = await withManifest(pkg, (m) => (m["layers"] as unknown[]).push({ mediaType: "application/x-unknown", digest, size: extra.length }));
    layout.set(`blobs/${digest.replace(":", "/")}`, extra);
    const back = await readLayout(reader(layout));
    expect(back.signature).toEqual(pkg.signature);
    expect(back.blobs.get(digest)).toEqual(extra);
    expect((await readSlip(writeSlip(back))).digest).toBe(back.digest);
    layout.set(`blobs/${digest.replace(":", "/")}`, extra.slice().fill(0));
    expect(await codeOf(readLayout(reader(layout)))).toBe("package-corrupt");
  });

  it("chooses by reference where a layout holds several packages", async () => {
    const a = await buildPackage(exampleParts());
    const b = await buildPackage(exampleParts({ manifest: exampleManifest({ version: "2.0.0" }) }));
    const layout = new Map([...files(a), ...files(b)]);
    const entry = (pkg: ModelPackage): unknown => (parsed(files(pkg).get("index.json")!)["manifests"] as unknown[])[0];
    layout.set("index.json", bytesOf({ schemaVersion: 2, manifests: [entry(a), entry(b)] }));
    expect(await codeOf(readLayout(reader(layout)))).toBe("package-ambiguous");
    expect((await readLayout(reader(layout), { reference: "2.0.0" })).digest).toBe(b.digest);
    expect((await readLayout(reader(layout), { reference: a.digest })).digest).toBe(a.digest);
    expect(await codeOf(readLayout(reader(layout), { reference: "3.0.0" }))).toBe("package-not-found");
  });

  it("refuses bad names and versions when packing", async () => {
    expect(await codeOf(buildPackage(exampleParts({ manifest: exampleManifest({ name: "../x" }) })))).toBe("package-name");
    expect(await codeOf(buildPackage(exampleParts({ manifest: exampleManifest({ version: "1.0" }) })))).toBe("package-version");
    expect(await codeOf(buildPackage(exampleParts({ manifest: exampleManifest({ lineage: ["x"] }) })))).toBe("package-manifest");
    for (const version of ["0.0.1", "1.2.3-rc.1+build.5", "10.20.30"]) expect(() => checkVersion(version)).not.toThrow();
  });

  it("makes a name out of any file name", () => {
    expect(nameFromFile("/data/Churn model (v2).pkl")).toBe("churn-model-v2");
    expect(nameFromFile("C:\\models\\Ünder.joblib.gz")).toBe("u-nder");
    expect(nameFromFile("...")).toBe("model");
    fc.assert(fc.property(fc.string({ maxLength: 300, unit: "binary" }), (name) => checkName(nameFromFile(name))));
  });

  it("answers mutated packages with the package or a coded error", async () => {
    const slip = writeSlip(await buildPackage(exampleParts({ model: new Uint8Array(40) })));
    await fc.assert(fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(slip.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }), fc.option(fc.nat(slip.length)),
      async (changes, cut) => {
        const bytes = slip.slice(0, cut ?? slip.length);
        for (const [at, value] of changes) bytes[at] = value;
        await codeOf(readSlip(bytes));
      },
    ), { numRuns: 1500 });
  });

  it("answers any JSON in any part with the package or a coded error", async () => {
    const pkg = await buildPackage(exampleParts({ model: new Uint8Array(40) }));
    const paths = ["slipway.json", "signature.json", "checks.json", "profile.json", "sbom.cdx.json"];
    await fc.assert(fc.asyncProperty(fc.constantFrom(...paths), fc.json({ maxDepth: 4 }), fc.nat(), async (path, json, seed) => {
      const layers = parsed(pkg.blobs.get(pkg.digest)!)["layers"] as { digest: string; annotations: Record<string, string> }[];
      const layer = layers.find((l) => l.annotations["org.cncf.model.filepath"] === path)!;
      const original = new TextDecoder().decode(pkg.blobs.get(layer.digest)!);
      const bytes = new TextEncoder().encode(seed % 2 === 0 ? json : replaceValue(original, seed, json));
      const digest = await digestOf(bytes);
      const layout = await withManifest(pkg, (m) => {
        const at = layers.indexOf(layer);
        (m["layers"] as object[])[at] = { ...layer, digest, size: bytes.length };
      });
      layout.set(`blobs/${digest.replace(":", "/")}`, bytes);
      await codeOf(readLayout(reader(layout)));
    }), { numRuns: 800 });
  });
});

/** The document with one of its values, somewhere, replaced. */
function replaceValue(document: string, seed: number, json: string): string {
  const root: unknown = JSON.parse(document);
  const places: [object, string][] = [];
  const walk = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    for (const key of Object.keys(value)) {
      places.push([value, key]);
      walk((value as Record<string, unknown>)[key]);
    }
  };
  walk(root);
  const [object, key] = places[seed % places.length]!;
  (object as Record<string, unknown>)[key] = JSON.parse(json) as unknown;
  return JSON.stringify(root);
}
