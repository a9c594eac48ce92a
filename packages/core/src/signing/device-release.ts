// A release for devices as an in-toto statement: its subject is the package's file, its predicate the number that only
// grows (against rolling back), until when it may be believed (against freezing), and which package it is.

import { JsonObject, type Fail } from "../package/json.ts";
import { signingError } from "./errors.ts";
import { makeStatement, type Statement } from "./statement.ts";

export const DEVICE_RELEASE_PREDICATE = "urn:slipway:device-release:v1";

export interface DeviceRelease {
  readonly model: string;
  /** The package's semantic version: for people. */
  readonly version: string;
  /** What devices compare: each release has a higher number than all before it. */
  readonly release: number;
  /** ISO 8601, UTC. */
  readonly issued: string;
  readonly expires: string;
  /** The package's file, beside the statement. */
  readonly file: string;
  readonly bytes: number;
  /** 64 hex digits of that file. */
  readonly sha256: string;
  /** The package's own digest, "sha256:...". */
  readonly digest: string;
}

const FILE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,200}\.slip$/;
const fail: Fail = (message, where) => signingError("statement-malformed", message, { where });

export function makeDeviceRelease({ file, sha256, ...predicate }: DeviceRelease): Statement {
  return makeStatement([{ name: file, digest: sha256 }], DEVICE_RELEASE_PREDICATE, predicate);
}

/** @throws statement-malformed */
export function readDeviceRelease({ subject, predicate }: Statement): DeviceRelease {
  const object = new JsonObject(predicate, "predicate", fail);
  const [one, ...others] = subject;
  const sha256 = one?.digest["sha256"];
  if (one === undefined || others.length > 0 || sha256 === undefined || !/^[0-9a-f]{64}$/.test(sha256)) throw fail("a release is about one file by its SHA-256", "subject");
  if (!FILE.test(one.name)) throw fail(`${JSON.stringify(one.name.slice(0, 100))} is no name of a package's file`, "subject[0].name");
  const time = (key: string): string => {
    const text = object.string(key);
    if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(text) || Number.isNaN(Date.parse(text))) throw fail("expected a time such as 2026-01-31T12:00:00Z", `predicate.${key}`);
    return text;
  };
  return {
    model: object.string("model"), version: object.string("version"), release: object.count("release"), issued: time("issued"), expires: time("expires"),
    file: one.name, bytes: object.count("bytes"), sha256, digest: object.string("digest"),
  };
}
