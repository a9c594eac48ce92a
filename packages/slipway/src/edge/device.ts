// For devices: a folder with a program of one file, the package, and a systemd unit; and releases that devices take.

import type { SlipwayError } from "@slipway/core/base";
import { DEVICE_RELEASE_PREDICATE, makeDeviceRelease, parseEnvelope, readDeviceRelease, signStatement, verifyStatement, type SigningKey, type VerificationKey } from "@slipway/core/signing";
import { toJsonBytes, parseJson, writeSlip, type ModelPackage } from "@slipway/core/package";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { edgeFolderError } from "./errors.ts";
import { pageFile } from "./module-files.ts";
import type { EdgePlan } from "./plan.ts";

export interface DeviceSettings {
  /** Public keys of those who may sign releases. */
  readonly keys: readonly VerificationKey[];
  readonly updates: string | undefined;
  readonly home: string | undefined;
  readonly record: "none" | "answers" | "rows";
  readonly everySeconds: number;
  /** What the package counts as: devices take no lower number. */
  readonly release: number;
}
const RELEASE = "release.json";
const PORT = 8080;

/** Adds the program, its configuration and the unit to the plan's files, and takes out what only pages need. @throws edge-unproven */
export async function addDevice(plan: EdgePlan, settings: DeviceSettings): Promise<void> {
  if (plan.engine === "kernel" && !plan.saysSo) throw edgeFolderError("edge-unproven", "the package does not say that Slipway's kernel was proven for its model, and devices do not prove it", { hint: "Pack it with this version (slipway pack), and use the package." });
  const { files, file, package: { manifest: { name, version }, digest } } = plan;
  for (const path of files.keys()) if (path.endsWith(".js")) files.delete(path);
  files.set("device.mjs", await pageFile("edge/device/device.mjs"));
  files.set("device.json", toJsonBytes({
    model: name, factory: { file, sha256: createHash("sha256").update(files.get(file)!).digest("hex"), release: settings.release, version, digest },
    keys: settings.keys.map((key) => key.pem), listen: { host: "127.0.0.1", port: PORT }, updates: settings.updates ?? null, everySeconds: settings.everySeconds,
    home: settings.home ?? null, record: settings.record, queue: { entries: 10_000, bytes: 2 ** 24 },
  }));
  files.set(`slipway-${name}.service`, unit(name));
}

/** The folder is expected under /opt; what it writes is /var/lib/slipway-NAME. */
function unit(name: string): Uint8Array {
  const service = `slipway-${name}`;
  return Buffer.from(`[Unit]
Description=${name}, a model that answers on this device
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=/usr/bin/env node /opt/${service}/device.mjs
Restart=always
RestartSec=2
DynamicUser=yes
StateDirectory=${service}
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
NoNewPrivileges=yes
CapabilityBoundingSet=
RestrictAddressFamilies=AF_INET AF_INET6
RestrictNamespaces=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
LockPersonality=yes
SystemCallArchitectures=native
MemoryMax=1G

[Install]
WantedBy=multi-user.target
`);
}

export interface MadeRelease {
  readonly release: number;
  readonly expires: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/**
 * The package and its signed release, for the folder that devices look into.
 * @param folder where an earlier release may lie: its number is counted on
 * @throws edge-release where that is not ours or not this model's
 */
export async function makeRelease(source: ModelPackage, key: SigningKey, { folder, release, validDays, now = Date.now() }: { readonly folder: string; readonly release?: number | undefined; readonly validDays: number; readonly now?: number }): Promise<MadeRelease> {
  const { name, version } = source.manifest;
  const before = await readRelease(folder, key);
  if (before !== undefined && before.model !== name) throw edgeFolderError("edge-release", `the folder holds releases of ${before.model}, and this is ${name}`, { hint: "Devices follow one model: give each a folder of its own." });
  const number = release ?? (before?.release ?? 1) + 1;
  if (before !== undefined && number <= before.release) throw edgeFolderError("edge-release", `release ${number} is not above ${before.release}, which lies there`, { hint: "Devices take no lower number. Leave --release out to count on." });
  const bytes = writeSlip(source);
  const sha256 = createHash("sha256").update(bytes).digest("hex");
  const file = `${name}-${sha256.slice(0, 16)}.slip`;
  const expires = new Date(now + validDays * 86_400_000).toISOString();
  const statement = makeDeviceRelease({ model: name, version, release: number, issued: new Date(now).toISOString(), expires, file, bytes: bytes.length, sha256, digest: source.digest });
  // The package first: a device that sees the release finds it.
  return { release: number, expires, files: new Map([[file, bytes], [RELEASE, toJsonBytes(await signStatement(statement, [key]))]]) };
}

async function readRelease(folder: string, key: SigningKey): Promise<{ readonly model: string; readonly release: number } | undefined> {
  const bytes = await readFile(join(folder, RELEASE)).catch(() => undefined);
  if (bytes === undefined) return undefined;
  const fail = (message: string): SlipwayError => edgeFolderError("edge-release", `${RELEASE} in the folder: ${message}`, { hint: "It was signed by another key, or is none of ours. Use another folder." });
  try {
    const envelope = parseEnvelope(parseJson(bytes, RELEASE, fail));
    return readDeviceRelease((await verifyStatement(envelope, [key.publicKey], { predicateType: DEVICE_RELEASE_PREDICATE })).statement);
  } catch (error) {
    throw fail(error instanceof Error ? error.message : String(error));
  }
}
