// One update, step by step: the signed release, its number and its time; the package into the slot that is not in use; its
// checked rows; only then is it the active one. Whatever happens in between, the slot in use is not touched.

import { createHash } from "node:crypto";
import { parseJson } from "@slipway/core/package";
import { DEVICE_RELEASE_PREDICATE, parseEnvelope, readDeviceRelease, verifyStatement, type DeviceRelease } from "@slipway/core/signing";
import type { LocalModel } from "../open-model.ts";
import { replaceFile } from "./disk.ts";
import { deviceError } from "./errors.ts";
import { slotPath, type Running, type SlotOptions, type Slots } from "./slots.ts";
import type { Installed } from "./state.ts";

const MAX_RELEASE_BYTES = 2 ** 20;
const MAX_PACKAGE_BYTES = 2 ** 31;
const ANSWER_MS = 30_000;
const IDLE_MS = 60_000;
const MAX_ATTEMPTS = 3;
/** How far the remembered time may lag behind: each change is a write to the disk. */
const TIME_STEP_MS = 3_600_000;

export type UpdateOutcome = { readonly kind: "current"; readonly release: number } | { readonly kind: "updated"; readonly release: number; readonly running: Running };
export interface UpdaterOptions extends SlotOptions {
  readonly slots: Slots;
  readonly fetch?: typeof fetch;
  readonly now?: () => number;
}

/** @throws SlipwayError device-*, signature-*, envelope-malformed, statement-* and what opening a package throws: the model in use stays */
export async function update(options: UpdaterOptions): Promise<UpdateOutcome> {
  const { state, config, slots, log } = options;
  const release = await fetchRelease(options);
  await admit(release, options);
  const { active, previous, bad, trying } = state.current;
  if ((active ?? config.factory).sha256 === release.sha256) return { kind: "current", release: release.release };
  if (bad.includes(release.sha256)) throw deviceError("device-release-bad", `release ${release.release} (${release.version}) was tried here before and was not good`);

  const slot = active?.slot === "a" ? "b" : "a";
  const path = slotPath(options.stateFolder, slot);
  // From here on this slot holds nothing to fall back to.
  if (previous?.slot === slot) await state.change({ previous: null });
  const there = await options.disk.read(path).catch(() => undefined);
  if (there === undefined || createHash("sha256").update(there).digest("hex") !== release.sha256) await replaceFile(options.disk, path, packageParts(release, options));

  const attempts = trying?.sha256 === release.sha256 ? trying.attempts : 0;
  if (attempts >= MAX_ATTEMPTS) {
    await state.change({ trying: null, bad: [...bad, release.sha256] });
    throw deviceError("device-release-bad", `release ${release.release} (${release.version}) ended the process ${attempts} times while it was tried`);
  }
  await state.change({ trying: { sha256: release.sha256, attempts: attempts + 1 } });
  let model: LocalModel;
  try {
    model = await slots.open(path, release.sha256, release.digest);
  } catch (error) {
    await state.change({ trying: null, bad: [...bad, release.sha256] });
    throw error;
  }
  const installed: Installed = { slot, sha256: release.sha256, release: release.release, version: release.version, digest: release.digest };
  await state.change({ active: installed, previous: active, trying: null, trial: { starts: 0 } });
  log(`release ${release.release} (${release.version}) is active, in slot ${slot}`);
  return { kind: "updated", release: release.release, running: { model, from: slot, release: release.release } };
}

/** Whether it may be taken at all. What was seen of it is remembered before anything else is done. */
async function admit(release: DeviceRelease, { state, config, now = Date.now }: UpdaterOptions): Promise<void> {
  const { highest, time } = state.current;
  const latest = Math.max(now(), time);
  if (Date.parse(release.expires) <= latest) throw deviceError("device-release-expired", `release ${release.release} expired on ${release.expires}; it is ${new Date(latest).toISOString()}`);
  if (release.model !== config.model) throw deviceError("device-release-other", `the release is of ${JSON.stringify(release.model.slice(0, 100))}, this device's model is ${JSON.stringify(config.model)}`);
  const seen = highest ?? config.factory;
  if (release.release < seen.release) throw deviceError("device-release-older", `release ${release.release} is older than ${seen.release}, which this device has seen`);
  if (release.release === seen.release && release.sha256 !== seen.sha256) throw deviceError("device-release-older", `release ${release.release} is another package than before`);
  const changes = { ...(latest - time > TIME_STEP_MS ? { time: latest } : {}), ...(release.release > seen.release ? { highest: { release: release.release, sha256: release.sha256 } } : {}) };
  if (Object.keys(changes).length > 0) await state.change(changes);
}

async function fetchRelease({ config, fetch: ask = fetch }: UpdaterOptions): Promise<DeviceRelease> {
  const address = new URL("release.json", folderOf(config.updates!));
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of body(await answer(ask, address), address, ANSWER_MS)) {
    size += part.length;
    if (size > MAX_RELEASE_BYTES) throw deviceError("device-update-failed", `${address.href} is larger than a release can be`);
    parts.push(part);
  }
  const envelope = parseEnvelope(parseJson(Buffer.concat(parts), address.href, (message, where) => deviceError("device-update-failed", message, { where })));
  const { statement } = await verifyStatement(envelope, config.keys, { predicateType: DEVICE_RELEASE_PREDICATE });
  return readDeviceRelease(statement);
}

/** Exactly the bytes that the release names, or an error. */
async function* packageParts(release: DeviceRelease, { config, fetch: ask = fetch }: UpdaterOptions): AsyncGenerator<Uint8Array> {
  const address = new URL(release.file, folderOf(config.updates!));
  if (release.bytes > MAX_PACKAGE_BYTES) throw deviceError("device-update-failed", `a package of ${release.bytes} bytes is too large`);
  const hash = createHash("sha256");
  let size = 0;
  for await (const part of body(await answer(ask, address), address, IDLE_MS)) {
    size += part.length;
    if (size > release.bytes) throw deviceError("device-update-failed", `${address.href} is larger than the ${release.bytes} bytes that the release names`);
    hash.update(part);
    yield part;
  }
  if (size !== release.bytes) throw deviceError("device-update-failed", `${address.href} ended after ${size} of ${release.bytes} bytes`);
  const found = hash.digest("hex");
  if (found !== release.sha256) throw deviceError("device-update-failed", `${address.href} is not the package that was signed: its SHA-256 is ${found}`);
}

function folderOf(address: string): string {
  return address.endsWith("/") ? address : `${address}/`;
}

async function answer(ask: typeof fetch, address: URL): Promise<Response> {
  let response: Response;
  // Until the answer begins: its body may take as long as a slow line needs, while something comes.
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error(`nothing came for ${ANSWER_MS / 1000} s`)), ANSWER_MS);
  try {
    response = await ask(address, { signal: late.signal, cache: "no-store" });
  } catch (cause) {
    throw deviceError("device-update-failed", `${address.href} gave no answer: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  } finally {
    clearTimeout(timer);
  }
  if (response.status !== 200) throw deviceError("device-update-failed", `${address.href} answered ${response.status}`);
  return response;
}

async function* body(response: Response, address: URL, idleMs: number): AsyncGenerator<Uint8Array> {
  const reader = response.body!.getReader();
  try {
    for (;;) {
      let timer: NodeJS.Timeout | undefined;
      const silence = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new Error(`nothing came for ${idleMs / 1000} s`)), idleMs)));
      const { done, value } = await Promise.race([reader.read(), silence]).finally(() => clearTimeout(timer));
      if (done) return;
      yield value;
    }
  } catch (cause) {
    throw deviceError("device-update-failed", `${address.href} broke off: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
