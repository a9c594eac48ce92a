// The platforms that images are made for, in OCI's words (image-spec 1.1, config.md: GOOS and GOARCH) and in Node's.

import { imageError } from "./errors.ts";

export interface Platform {
  readonly os: "linux";
  readonly architecture: "amd64" | "arm64";
}

export const NODE_ARCHITECTURE = { amd64: "x64", arm64: "arm64" } as const;

export function platformText({ os, architecture }: Platform): string {
  return `${os}/${architecture}`;
}

/** "linux/amd64,linux/arm64"; each once. @throws image-platform */
export function parsePlatforms(text: string): Platform[] {
  const names = [...new Set(text.split(",").map((part) => part.trim()))];
  return names.map((name) => {
    const architecture = /^linux\/(amd64|arm64)(?:\/v8)?$/.exec(name)?.[1];
    if (architecture === undefined) throw imageError("image-platform", `there are no images for ${JSON.stringify(name.slice(0, 60))}`, { hint: "Give linux/amd64, linux/arm64, or both with a comma between them." });
    return { os: "linux", architecture: architecture as Platform["architecture"] };
  });
}

/** Of this machine's processor. */
export function ownPlatform(): Platform {
  return { os: "linux", architecture: process.arch === "arm64" ? "arm64" : "amd64" };
}
