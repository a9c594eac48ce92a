// What a platform asks of a container, as data: each target under `targets` is one of these.

import type { Signature } from "@slipway/core/package";

/** One line of the table. `ok` is null where it could not be tried here. */
export interface Finding {
  readonly check: string;
  readonly required: string;
  readonly found: string;
  readonly ok: boolean | null;
}

/** What is known of the image without running it. */
export interface ImageFacts {
  readonly index: boolean;
  readonly platforms: readonly string[];
  /** Of one platform, as stored; of an image that was made for the check, unpacked. */
  readonly bytes: number;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly user: string;
  /** Of the image, and those that the container is given beside the platform's. */
  readonly env: readonly string[];
}

/** By POST, as JSON. */
export interface AskedPath {
  readonly path: string;
  readonly body: unknown;
}

export interface HttpContract {
  readonly kind: "http";
  readonly name: string;
  /** Where the platform asks. */
  readonly port: number;
  /** In place of the image's command. */
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** A folder that the platform makes; with the package in it, or empty. */
  readonly folder?: { readonly path: string; readonly filled: boolean };
  /** The path that must answer 200, how soon after the start, and how soon each time. */
  readonly health: { readonly path: string; readonly startMs: number; readonly answerMs: number };
  /** Other paths that must answer 200. */
  readonly also: readonly string[];
  readonly predict: (model: { readonly name: string; readonly signature: Signature }) => AskedPath;
  readonly answerMs: number;
  /** The largest body that the platform hands on. */
  readonly payloadBytes: number;
  /** How soon a connection is taken, where the platform says. */
  readonly acceptMs?: number;
  /** From SIGTERM to SIGKILL. */
  readonly stopMs: number;
  readonly readOnly: boolean;
  readonly image: (facts: ImageFacts) => readonly Finding[];
}

export interface LambdaContract {
  readonly kind: "lambda";
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly initMs: number;
  readonly answerMs: number;
  readonly payloadBytes: number;
  readonly image: (facts: ImageFacts) => readonly Finding[];
}

export type Contract = HttpContract | LambdaContract;

export function defineContract<T extends Contract>(contract: T): T {
  return contract;
}

/** A manifest for one platform, not an index of several. */
export function singleManifest(facts: ImageFacts): Finding {
  return { check: "manifest", required: "one platform, no index", found: facts.index ? `an index of ${facts.platforms.join(", ")}` : facts.platforms.join(", "), ok: !facts.index };
}
export function sizeBelow(facts: ImageFacts, gigabytes: number): Finding {
  return { check: "size", required: `at most ${gigabytes} GB`, found: `${(facts.bytes / 1e6).toFixed(1)} MB`, ok: facts.bytes <= gigabytes * 1e9 };
}
/** Words and not a line for a shell; the program by its whole path. */
export function execForm({ entrypoint }: ImageFacts): Finding {
  return { check: "entry point", required: "exec form, an absolute path", found: entrypoint.join(" ") || "none", ok: entrypoint.length > 0 && entrypoint[0]!.startsWith("/") && !/\/(?:ba)?sh$/.test(entrypoint[0]!) };
}
/** Kubernetes cannot tell of a name whether it is root's. */
export function numericUser({ user }: ImageFacts): Finding {
  return { check: "user", required: "a number, not 0", found: user || "root", ok: /^[1-9]\d*(?::\d+)?$/.test(user) };
}
export function hasPlatform({ platforms }: ImageFacts, wanted: string): Finding {
  return { check: "platform", required: wanted, found: platforms.join(", "), ok: platforms.includes(wanted) };
}
