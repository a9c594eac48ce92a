export { buildImage, storeImage, storeIndex, type BuiltImage, type ImageParts, type StoredImage } from "./build-image.ts";
export { readBaseImage, type BaseImage } from "./base-image.ts";
export { hostBase } from "./host-base.ts";
export { imageSbom, SBOM_TYPE } from "./image-sbom.ts";
export { writeArchive } from "./archive.ts";
export { writeDockerContext } from "./dockerfile.ts";
export { ownPlatform, parsePlatforms, platformText, type Platform } from "./platform.ts";
export { imageError } from "./errors.ts";
