// Where the registry is: in `.slipway` of the working folder, or at the two addresses that the environment gives.

import { existsSync } from "node:fs";
import { join } from "node:path";
import { openDatabase, shownUrl, type Database } from "../database/index.ts";
import { LayoutStore, ociError, parseReference, RegistryStore, type BlobStore } from "../oci/index.ts";
import { registryError } from "./errors.ts";
import { Registry, type RegistryOptions } from "./registry.ts";

export interface RegistryPlace {
  /** sqlite:PATH or postgres://... */
  readonly databaseUrl: string;
  readonly store: { readonly folder: string } | { readonly host: string; readonly repository: string };
  /** For people, without passwords. */
  readonly shown: string;
}
export interface OpenRegistryOptions extends Omit<RegistryOptions, "database" | "blobs"> {
  /** SLIPWAY_DATABASE_URL and SLIPWAY_REGISTRY are looked for here; process.env by default. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** The working folder. */
  readonly folder?: string | undefined;
  /** Makes an embedded registry where there is none yet; true by default. */
  readonly create?: boolean | undefined;
}

/** @throws oci-reference for a SLIPWAY_REGISTRY that is none */
export function registryPlace({ env = process.env, folder = process.cwd() }: Pick<OpenRegistryOptions, "env" | "folder"> = {}): RegistryPlace {
  const databaseUrl = env["SLIPWAY_DATABASE_URL"] || `sqlite:${join(folder, ".slipway", "registry.db")}`;
  const named = env["SLIPWAY_REGISTRY"];
  if (!named) {
    const layout = join(folder, ".slipway", "oci");
    return { databaseUrl, store: { folder: layout }, shown: `${shownUrl(databaseUrl)} and ${layout}` };
  }
  const { host, repository, tag, digest } = parseReference(named.startsWith("oci://") ? named : `oci://${named}`);
  if (tag !== undefined || digest !== undefined) throw ociError("oci-reference", "SLIPWAY_REGISTRY names a repository: HOST/REPOSITORY, without a tag or digest");
  return { databaseUrl, store: { host, repository }, shown: `${shownUrl(databaseUrl)} and ${host}/${repository}` };
}

/** The database and the store. @throws database-*, oci-*, registry-not-found where there is none and none is to be made */
export async function openStores({ env, folder, create = true }: Pick<OpenRegistryOptions, "env" | "folder" | "create"> = {}): Promise<{ readonly database: Database; readonly blobs: BlobStore }> {
  const place = registryPlace({ env, folder });
  if (!create && place.databaseUrl.startsWith("sqlite:") && !existsSync(place.databaseUrl.slice("sqlite:".length))) {
    throw registryError("registry-not-found", `there is no registry here: ${place.databaseUrl.slice("sqlite:".length)} does not exist`, {
      hint: "slipway registry push makes one, or set SLIPWAY_DATABASE_URL and SLIPWAY_REGISTRY to the one of your team." });
  }
  const blobs = await openStore(place.store, env);
  try {
    return { database: await openDatabase(place.databaseUrl), blobs };
  } catch (error) {
    await blobs.close();
    throw error;
  }
}

/** @throws as openStores, and database-newer */
export async function openRegistry({ env, folder, create, ...options }: OpenRegistryOptions = {}): Promise<Registry> {
  const stores = await openStores({ env, folder, create });
  try {
    return await Registry.open({ ...stores, ...options });
  } catch (error) {
    await stores.blobs.close();
    await stores.database.close();
    throw error;
  }
}

function openStore(store: RegistryPlace["store"], env: OpenRegistryOptions["env"]): Promise<BlobStore> {
  return "folder" in store ? LayoutStore.open(store.folder, { create: true }) : RegistryStore.open(store.host, store.repository, env === undefined ? {} : { env });
}
