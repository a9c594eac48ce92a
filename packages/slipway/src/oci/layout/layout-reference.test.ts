import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { examplePackage } from "../../../../../scripts/testing-packages.ts";
import { LayoutStore } from "./layout-store.ts";
import { findLayoutReference, formatLayoutReference, pinLayoutReference, readFromLayout, writeToLayout } from "./layout-reference.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-layout-reference-"));
afterAll(() => rmSync(folder, { recursive: true }));
const place = (name: string): string => join(folder, name);
const code = (work: Promise<unknown>): Promise<string> => work.then(() => "none", (error: { code?: string }) => error.code ?? String(error));
const DIGEST = `sha256:${"a".repeat(64)}`;

describe("a reference to a layout", () => {
  it("is what begins with oci-layout:, or names a folder that is one", async () => {
    await LayoutStore.open(place("one"), { create: true });
    await LayoutStore.open(place("with:colon"), { create: true });
    mkdirSync(place("plain"));
    const at = (name: string): string => `${folder}/${name}`;
    for (const [text, wanted] of [
      ["oci-layout:made/here:1.2.0", { folder: "made/here", tag: "1.2.0", digest: undefined }], ["oci-layout:made/here", { folder: "made/here", tag: undefined, digest: undefined }],
      ["oci-layout:a:b/c", { folder: "a:b/c", tag: undefined, digest: undefined }], [`oci-layout:x:t@${DIGEST}`, { folder: "x", tag: "t", digest: DIGEST }],
      [at("one"), { folder: at("one"), tag: undefined, digest: undefined }], [at("one:t"), { folder: at("one"), tag: "t", digest: undefined }], [at(`one@${DIGEST}`), { folder: at("one"), tag: undefined, digest: DIGEST }],
      [at("with:colon"), { folder: at("with:colon"), tag: undefined, digest: undefined }], [at("plain"), undefined], [at("plain:t"), undefined], ["churn:3", undefined], ["oci://host/repository:tag", undefined],
    ] as const) expect([text, await findLayoutReference(text)]).toEqual([text, wanted]);
    for (const text of ["oci-layout:", "oci-layout::tag", "oci-layout:x:no tag", "oci-layout:x@sha256:12"]) expect([text, await code(findLayoutReference(text))]).toEqual([text, "oci-reference"]);
  });

  it("gives the package back, by tag, by digest and where there is only one", async () => {
    const [first, second] = [await examplePackage("churn", 1), await examplePackage("churn", 2)];
    const layout = { folder: place("many"), tag: undefined, digest: undefined };
    const written = await writeToLayout({ ...layout, tag: "rc" }, first);
    expect(formatLayoutReference(written)).toBe(`oci-layout:${layout.folder}:rc@${first.digest}`);
    // Its version is the tag where none is named; two tags of one package are one package.
    expect((await writeToLayout(layout, first)).tag).toBe(first.manifest.version);
    expect((await readFromLayout(layout)).digest).toBe(first.digest);
    await writeToLayout({ ...layout, tag: "next" }, second);
    expect(await code(readFromLayout(layout))).toBe("oci-reference");
    expect((await readFromLayout({ ...layout, tag: "next" })).digest).toBe(second.digest);
    expect((await readFromLayout({ ...layout, digest: first.digest })).blobs).toEqual(first.blobs);
    expect(await pinLayoutReference({ ...layout, tag: "next" })).toEqual({ ...layout, tag: "next", digest: second.digest });
    expect(await code(readFromLayout({ ...layout, tag: "none" }))).toBe("oci-not-found");
    expect(await code(readFromLayout({ folder: place("nowhere"), tag: "a", digest: undefined }))).toBe("oci-layout");
    mkdirSync(place("empty"));
    await LayoutStore.open(place("empty"), { create: true });
    expect(await code(readFromLayout({ folder: place("empty"), tag: undefined, digest: undefined }))).toBe("oci-reference");
    writeFileSync(place("file"), "");
    expect(await code(writeToLayout({ folder: place("file"), tag: "a", digest: undefined }, first))).toBe("oci-storage");
  });
});
