// device.json: what a device is told when its folder is made.

import { JsonObject, parseJson, type Fail } from "@slipway/core/package";
import { readVerificationKey, type VerificationKey } from "@slipway/core/signing";
import { deviceError } from "./errors.ts";

export interface DeviceConfig {
  readonly model: string;
  /** The package that the folder came with, and its release: no lower one is taken. */
  readonly factory: { readonly file: string; readonly sha256: string; readonly release: number; readonly version: string; readonly digest: string };
  /** Those who may sign releases. */
  readonly keys: readonly VerificationKey[];
  readonly listen: { readonly host: string; readonly port: number };
  /** Where release.json lies; none: the device stays as it is. */
  readonly updates: string | undefined;
  readonly everySeconds: number;
  /** Where counters and predictions are sent; none: they are counted only. */
  readonly home: string | undefined;
  /** What of a prediction is kept for home: nothing, its answer, or the row as well. */
  readonly record: "none" | "answers" | "rows";
  readonly queue: { readonly entries: number; readonly bytes: number };
}

const fail: Fail = (message, where) => deviceError("device-config", `device.json: ${message}`, { where });

/** @throws device-config, signing-key-malformed */
export async function parseConfig(bytes: Uint8Array): Promise<DeviceConfig> {
  const top = new JsonObject(parseJson(bytes, "device.json", fail), "", fail);
  const factory = top.object("factory");
  const listen = top.object("listen");
  const queue = top.object("queue");
  const address = (key: string): string | undefined => {
    const text = top.get(key) === null ? undefined : top.optionalString(key);
    if (text !== undefined && !/^https?:\/\//.test(text)) throw fail("expected an address with http or https", key);
    return text;
  };
  return {
    model: top.string("model"),
    factory: { file: factory.string("file"), sha256: factory.string("sha256"), release: factory.count("release"), version: factory.string("version"), digest: factory.string("digest") },
    keys: await Promise.all(top.array("keys", 100, (value, where) => {
      if (typeof value !== "string") throw fail("expected a public key in PEM", where);
      return readVerificationKey(value);
    })),
    listen: { host: listen.string("host"), port: listen.count("port") },
    updates: address("updates"), everySeconds: Math.max(1, top.count("everySeconds")), home: address("home"),
    record: top.oneOf("record", ["none", "answers", "rows"]),
    queue: { entries: queue.count("entries"), bytes: queue.count("bytes") },
  };
}
