// For tests: the registry behind an application, and people with keys.

import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Database } from "../database/index.ts";
import type { BlobStore } from "../oci/index.ts";
import { createServer, makeKey, type App, type KeyRecord, type Role } from "../server/index.ts";
import { inject, type Injected, type InjectedAnswer } from "../server/testing.ts";
import { openRegistryService, registryProtocol, type RegistryService, type RegistryServiceOptions } from "./index.ts";

export interface Person {
  readonly key: string;
  readonly record: KeyRecord;
}
export function personWith(name: string, roles: readonly Role[], groups: readonly string[] = [], models?: readonly string[]): Person {
  return makeKey({ name, roles, groups, models });
}

export interface TestRegistry {
  readonly app: App;
  readonly service: RegistryService;
  /** Another application over it, which knows the keys that were made over the interface. */
  withKeyFile(): { readonly app: App };
  ask(person: Person | undefined, method: string, path: string, body?: unknown, more?: Partial<Injected>): Promise<InjectedAnswer>;
  close(): Promise<void>;
}

export async function openTestRegistry(store: { readonly database: Database; readonly blobs: BlobStore }, keys: readonly KeyRecord[], options: Partial<RegistryServiceOptions> = {}): Promise<TestRegistry> {
  const folder = mkdtempSync(join(tmpdir(), "slipway-api-"));
  const service = await openRegistryService({ ...store, folder, keyFile: join(folder, "keys.json"), background: false, secretsKey: randomBytes(32).toString("base64"), ...options });
  const keyFile = join(folder, "keys.json");
  const app = createServer({ models: [], options: { auth: { keys: { keys } }, protocols: [registryProtocol(service)] } });
  return {
    app, service,
    withKeyFile: () => ({ app: createServer({ models: [], options: { auth: { keys: { path: keyFile } }, protocols: [registryProtocol(service)] } }) }),
    ask: (person, method, path, body, more = {}) => inject(app, {
      method, url: `/api/v1${path}`, headers: person === undefined ? {} : { authorization: `Bearer ${person.key}` },
      ...(body === undefined ? {} : { payload: Buffer.isBuffer(body) || typeof body === "string" ? body : JSON.stringify(body) }), ...more,
    }),
    async close() {
      await service.close();
      await service.registry.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
