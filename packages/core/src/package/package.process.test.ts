// What other people's tools say of our packages: skopeo (containers/image), GNU tar, the CycloneDX schema.
// Without --raw skopeo reads container images only and says so of any artifact.
// A tool that is not installed skips its test and says so.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pythonWith } from "../../../../scripts/testing-python.ts";
import { exampleColumn, exampleManifest, exampleParts, exampleSignature } from "./testing.ts";
import { buildPackage, writeLayout, writeSlip } from "./oci.ts";
import { readLayout, readSlip } from "./read.ts";
import { withMetrics, writeSbom } from "./sbom.ts";
import type { ModelPackage } from "./types.ts";

let folder: string;
let pkg: ModelPackage;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-package-"));
  pkg = await buildPackage(exampleParts());
  for (const { path, bytes } of writeLayout(pkg)) {
    mkdirSync(dirname(join(folder, "layout", path)), { recursive: true });
    writeFileSync(join(folder, "layout", path), bytes);
  }
  writeFileSync(join(folder, "churn.slip"), writeSlip(pkg));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (command: string, ...args: string[]): string => execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
const works = (command: string, ...args: string[]): boolean => {
  try {
    run(command, ...args);
    return true;
  } catch {
    return false;
  }
};

/** Skips the test, where the reader of the log sees it too. */
const skipFor = (skip: (note: string) => never, note: string): never => {
  console.warn(`SKIPPED: ${note}`);
  return skip(note);
};

describe("package, seen by other tools", () => {
  it("is read and copied by skopeo with the same digest", async ({ skip }) => {
    if (!works("skopeo", "--version")) skipFor(skip, "skopeo is not installed");
    const layout = `oci:${join(folder, "layout")}:1.2.0`;
    const raw = run("skopeo", "inspect", "--raw", layout);
    expect(raw).toBe(new TextDecoder().decode(pkg.blobs.get(pkg.digest)));
    writeFileSync(join(folder, "manifest.json"), raw);
    expect(run("skopeo", "manifest-digest", join(folder, "manifest.json")).trim()).toBe(pkg.digest);

    // The .slip itself is an "OCI archive", and what skopeo writes can be read again.
    run("skopeo", "copy", "--insecure-policy", `oci-archive:${join(folder, "churn.slip")}`, `oci-archive:${join(folder, "copy.tar")}:1.2.0`);
    expect(await readSlip(readFileSync(join(folder, "copy.tar")))).toEqual(pkg);
    run("skopeo", "copy", "--insecure-policy", layout, `oci:${join(folder, "copied")}:other`);
    const read = (path: string): Promise<Uint8Array> => Promise.resolve(new Uint8Array(readFileSync(join(folder, "copied", path))));
    expect((await readLayout(read)).digest).toBe(pkg.digest);
  });

  it("is listed and unpacked by tar", ({ skip }) => {
    if (!works("tar", "--version")) skipFor(skip, "tar is not installed");
    const listed = run("tar", "tf", join(folder, "churn.slip")).trim().split("\n");
    expect(listed).toEqual([...writeLayout(pkg)].map((e) => e.path));
    mkdirSync(join(folder, "unpacked"));
    run("tar", "xf", join(folder, "churn.slip"), "-C", join(folder, "unpacked"));
    for (const { path, bytes } of writeLayout(pkg)) expect(new Uint8Array(readFileSync(join(folder, "unpacked", path)))).toEqual(bytes);
  });

  it("reads a .slip that tar packed again", async ({ skip }) => {
    if (!works("tar", "--version")) skipFor(skip, "tar is not installed");
    for (const format of ["ustar", "pax", "gnu"]) {
      const file = join(folder, `${format}.tar`);
      run("tar", `--format=${format}`, "-cf", file, "-C", join(folder, "layout"), ".");
      expect((await readSlip(readFileSync(file))).digest).toBe(pkg.digest);
    }
  });

  it("carries a bill of materials that follows the CycloneDX 1.6 schema", ({ skip }) => {
    const python = pythonWith("cyclonedx.validation.json", "jsonschema");
    if (python === undefined) return skip();
    const full = writeSbom({
      manifest: exampleManifest({ created: "2026-01-31T12:00:00Z", description: "Who leaves", authors: ["Ada"], licenses: ["MIT", "Apache-2.0"] }),
      signature: { ...exampleSignature(), columns: [exampleColumn("a")] },
      modelSha256: "12".repeat(32),
      opsets: { "": 21, "ai.onnx.ml": 5, "com.microsoft": 1 },
      facts: { purpose: "p", owner: "o", users: ["u"], limitations: ["l"], ethicalConsiderations: ["e"], data: "d", metrics: [{ name: "auc", value: "0.9", slice: "all" }] },
      comparison: { passed: true, rows: 1, values: 1, rowsBeyond: 0, labelFlips: 0, maxAbs: 0, maxRelative: 0, rounded: 0, outputs: [], worst: [] },
    });
    const measured = withMetrics(full, [{ name: "accuracy", value: 0.9, low: 0.85, high: 0.94 }, { name: "accuracy", value: 0.5, slice: "plan=pro" }]);
    expect(measured).toMatchObject({ version: 2, metadata: { component: { modelCard: { quantitativeAnalysis: { performanceMetrics: expect.arrayContaining([{ type: "accuracy", value: "0.9", confidenceInterval: { lowerBound: "0.85", upperBound: "0.94" } }, { type: "accuracy", value: "0.5", slice: "plan=pro" }]) as unknown } } } } });
    for (const bom of [pkg.sbom, full, measured]) {
      const file = join(folder, "bom.json");
      writeFileSync(file, JSON.stringify(bom));
      const program = "import sys\nfrom cyclonedx.schema import SchemaVersion\nfrom cyclonedx.validation.json import JsonStrictValidator\nerror = JsonStrictValidator(SchemaVersion.V1_6).validate_str(open(sys.argv[1]).read())\nprint('valid' if error is None else repr(error)[:2000])";
      expect(run(python, "-c", program, file).trim()).toBe("valid");
    }
  });
});
