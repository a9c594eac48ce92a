// An image's configuration (image-spec 1.1, config.md): what is started, as whom, and what its layers are. No time of day
// goes in but the one that is given.

import { toJsonBytes } from "@slipway/core/package";
import type { BaseImage } from "./base-image.ts";
import { USER } from "./host-base.ts";
import type { Layer } from "./layer.ts";
import { NODE_PATH } from "./node-binary.ts";
import type { Platform } from "./platform.ts";
import { SERVER_MAIN } from "./runtime-files.ts";

export interface ImageConfigParts {
  readonly platform: Platform;
  readonly base: BaseImage;
  /** Above the base, in their order. */
  readonly layers: readonly Layer[];
  /** NAME=VALUE; later ones win, and all win over the base's. */
  readonly env: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly created: string;
  /** Docker's own addition to the format, which OCI does not have. */
  readonly healthcheck: boolean;
}

/** An exec form: there is no shell. SageMaker and others put their own words in place of `Cmd`. */
export const ENTRYPOINT: readonly string[] = [`/${NODE_PATH}`, `/${SERVER_MAIN}`];
export const COMMAND: readonly string[] = ["serve"];
/** What platforms take for the port unless they say another by AIP_HTTP_PORT or PORT. */
export const PORT = 8080;
const SECOND = 1_000_000_000;
/** Times in nanoseconds. */
export const HEALTHCHECK: { readonly Test: readonly string[]; readonly Interval: number; readonly Timeout: number; readonly StartPeriod: number; readonly Retries: number } = {
  Test: ["CMD", ...ENTRYPOINT, "health"], Interval: 30 * SECOND, Timeout: 5 * SECOND, StartPeriod: 60 * SECOND, Retries: 3,
};

export function imageConfig({ platform, base, layers, env, labels, created, healthcheck }: ImageConfigParts): Uint8Array {
  const all = new Map(["PATH=/usr/local/bin:/usr/bin:/bin", ...base.env, "NODE_ENV=production", ...env].map((entry) => [entry.slice(0, entry.indexOf("=")), entry]));
  return toJsonBytes({
    architecture: platform.architecture,
    os: platform.os,
    created,
    config: {
      User: `${USER}:${USER}`,
      ExposedPorts: { [`${PORT}/tcp`]: {} },
      Env: [...all.values()],
      Entrypoint: ENTRYPOINT,
      Cmd: COMMAND,
      WorkingDir: "/",
      Labels: labels,
      StopSignal: "SIGTERM",
      ...(healthcheck ? { Healthcheck: HEALTHCHECK } : {}),
    },
    rootfs: { type: "layers", diff_ids: [...base.layers, ...layers].map((layer) => layer.diffId) },
    history: [...base.layers, ...layers].map((layer) => ({ created, created_by: "slipway image", comment: layer.comment })),
  });
}
