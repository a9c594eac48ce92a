export { CHECK_TARGETS, checkImage, type ImageCheck } from "./check/check-image.ts";
export { openImage, unpackImage, type OpenedImage } from "./check/open-image.ts";
export { runc, startContainer } from "./check/container.ts";
export type { Finding } from "./check/contract.ts";
export { deployError } from "./errors.ts";
export * from "./kubernetes/index.ts";
