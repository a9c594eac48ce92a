import { defineErrors, type ErrorMaker } from "@slipway/core/base";

const table = {
  "oci-reference": { kind: "usage", doc: "Not a reference to an artifact. Write oci://HOST[:PORT]/REPOSITORY:TAG, or @sha256:DIGEST in place of the tag; repositories are in lower case." },
  "oci-not-found": { kind: "not-found", doc: "The registry or layout holds no artifact, tag or blob of this name or digest. A registry may also answer so to those who may not see it: check the credentials." },
  "oci-malformed": { kind: "invalid", doc: "A manifest, an index or an answer of the registry does not follow the OCI specifications." },
  "oci-digest-mismatch": { kind: "refused", doc: "What was received or stored does not have the digest or size that its name states. It was damaged or changed on its way; get it again, or ask whoever runs the registry." },
  "oci-too-large": { kind: "limit", doc: "A manifest, blob, list or answer is larger, longer or deeper than allowed." },
  "oci-unauthenticated": { kind: "unauthenticated", doc: "The registry wants to know who asks, and the credentials are missing or not accepted. `docker login HOST` (or podman, skopeo, crane, oras) stores them where Slipway finds them." },
  "oci-denied": { kind: "unauthenticated", doc: "The registry knows who asks, and does not allow it. Ask its owner for the right to pull from or push to this repository." },
  "oci-credentials": { kind: "usage", doc: "The file of registry credentials (REGISTRY_AUTH_FILE, or config.json of docker) cannot be used, or a credential helper that it names failed." },
  "oci-cache": { kind: "usage", doc: "SLIPWAY_CACHE_LIMIT is not a size. Write a number of bytes, or with K, M, G or T: 20G. 0 keeps nothing." },
  "oci-unavailable": { kind: "unavailable", doc: "The registry cannot be reached or failed, also when asked again. Check the host, the port and the network." },
  "oci-rate-limited": { kind: "exhausted", doc: "The registry takes no more requests for now (429), also when asked again. Wait, or log in: many registries allow more to those they know." },
  "oci-timeout": { kind: "timeout", doc: "The registry did not answer in time, or sends too slowly." },
  "oci-refused": { kind: "unavailable", doc: "The registry refused the request with an answer that is none of the expected ones; the message holds what it said." },
  "oci-unsupported": { kind: "unsupported", doc: "This registry or store does not offer the operation (deleting, for example, is often switched off)." },
  "oci-insecure": { kind: "refused", doc: "The registry would be asked without encryption, or sends elsewhere without it. Plain HTTP is used for this machine's own addresses only; for another host name it in SLIPWAY_REGISTRY_PLAIN_HTTP." },
  "oci-certificate": { kind: "refused", doc: "The registry's certificate is not trusted, or is another host's. For an own certificate authority name its certificate in SLIPWAY_REGISTRY_CA or put it where docker looks (/etc/docker/certs.d/HOST/ca.crt)." },
  "oci-redirect": { kind: "refused", doc: "The registry redirects too often, or to an address that is not followed." },
  "oci-layout": { kind: "invalid", doc: "The folder is not an OCI image layout of version 1, or its index.json cannot be read." },
  "oci-incomplete": { kind: "conflict", doc: "A manifest names a blob that is not stored. Blobs are written first, then the manifest; write them again if a clean-up has taken them." },
  "oci-busy": { kind: "timeout", doc: "Another process has held the layout's lock for too long. Try again; if no process uses the layout, its disk may be hanging." },
  "oci-storage": { kind: "unavailable", doc: "The folder cannot be read or written: it is full, read-only, or belongs to someone else." },
} as const;

export const ociError: ErrorMaker<typeof table> = defineErrors(table);
