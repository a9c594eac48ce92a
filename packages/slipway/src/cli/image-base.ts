// --base: what an image is built on.

import { SlipwayError } from "@slipway/core/base";
import { hostBase, imageError, readBaseImage, type BaseImage, type Interpreter, type Platform } from "../image/index.ts";
import { BlobCache, cacheFolder, cacheLimit, findLayoutReference, isOciReference, LayoutStore, ociError, parseReference, RegistryStore, type BlobStore, type OciReference, type RegistryOptions } from "../oci/index.ts";

/** glibc, libstdc++, certificates and a user; no shell. The digest that its tag names is told, and written into the image. */
export const DEFAULT_BASE: string = process.env["SLIPWAY_IMAGE_BASE"] || "oci://gcr.io/distroless/cc-debian12:nonroot";

export interface OpenedBase {
  readonly image: BaseImage;
  /** Of a base in a registry. */
  readonly reference?: OciReference;
  /** Layers can be read until then. */
  close(): Promise<void>;
}

/** @param hostPython goes in where the base is this machine @throws image-base, image-platform, and as the store */
export async function openBase(text: string, platform: Platform, options: RegistryOptions, hostPython?: Interpreter): Promise<OpenedBase> {
  const cache = new BlobCache(cacheFolder(process.env), cacheLimit(process.env));
  if (text === "host") return { image: await hostBase(platform, cache, hostPython), close: () => Promise.resolve() };
  const layout = isOciReference(text) ? undefined : await findLayoutReference(text);
  if (layout !== undefined) {
    const store = await LayoutStore.open(layout.folder);
    return { image: await readBaseImage(store, text, layout.digest ?? layout.tag ?? (await onlyTag(store)), platform), close: () => store.close() };
  }
  if (!isOciReference(text)) throw imageError("image-base", `--base is ${JSON.stringify(text.slice(0, 200))}`, { hint: "Write oci://HOST/REPOSITORY:TAG, oci-layout:DIR[:TAG], or host." });
  const reference = parseReference(text);
  const store = await RegistryStore.open(reference.host, reference.repository, options).catch((error: unknown) => { throw withoutNetwork(error, text); });
  try {
    const image = await readBaseImage(cached(store, cache), text, reference.digest ?? reference.tag ?? "latest", platform);
    return { image, reference, close: () => store.close() };
  } catch (error) {
    await store.close();
    throw withoutNetwork(error, text);
  }
}

/** Nobody who is refused the default base named a registry: what to do is to name another base. */
function withoutNetwork(error: unknown, base: string): unknown {
  if (base !== DEFAULT_BASE || !(error instanceof SlipwayError) || error.code !== "oci-unavailable") return error;
  return ociError("oci-unavailable", `the base image ${base}: ${error.message}`, { hint: "--base host takes this machine's own C libraries, with no registry asked; --base oci-layout:DIR an image in a folder (elsewhere: skopeo copy docker://gcr.io/distroless/cc-debian12:nonroot oci:DIR:nonroot); --base oci://... or SLIPWAY_IMAGE_BASE names a mirror.", cause: error });
}

/** Layers that were pulled before are not pulled again. */
function cached(store: BlobStore, cache: BlobCache): Pick<BlobStore, "location" | "readManifest" | "readBlob"> {
  return {
    location: store.location,
    readManifest: (reference) => store.readManifest(reference),
    readBlob: async (digest, limits) => {
      const kept = await cache.read(digest, limits);
      if (kept !== undefined) return kept;
      const bytes = await store.readBlob(digest, limits);
      await cache.write(digest, bytes);
      return bytes;
    },
  };
}

async function onlyTag(store: LayoutStore): Promise<string> {
  const tags: string[] = [];
  for await (const tag of store.tags()) tags.push(tag);
  if (tags.length === 1) return tags[0]!;
  throw imageError("image-base", `${store.location} holds ${tags.length === 0 ? "nothing with a tag" : `the tags ${tags.slice(0, 20).join(", ")}`}`, { hint: `Say which one: --base oci-layout:${store.location}:TAG.` });
}
