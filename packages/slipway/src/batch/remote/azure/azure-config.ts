// What an address in Azure's Blob storage names, and who asks: from the variables of Azure's own tools
// (https://learn.microsoft.com/azure/storage/blobs/authorize-data-operations-cli) and libraries. Who is named first counts:
// a token in the address (SAS), a connection string, a key, a token, an application of Entra ID.

import { readFileSync } from "node:fs";
import { batchError } from "../../errors.ts";
import { CredentialChain } from "../aws/credentials.ts";
import { text, type Environment } from "../aws/profile-files.ts";
import type { Place } from "../object-store.ts";
import { askForToken, type Token } from "../oauth-token.ts";

export type AzureAuth =
  | { readonly kind: "key"; readonly account: string; readonly key: Buffer }
  | { readonly kind: "sas"; readonly query: URLSearchParams }
  | { readonly kind: "token"; readonly chain: CredentialChain<Token> }
  | { readonly kind: "nobody" };
export interface AzureConfig {
  /** With the account in its path where it is not in the host's name, as Azurite has it. */
  readonly endpoint: URL;
  readonly account: string;
  readonly auth: AzureAuth;
}
export interface AzureAddress {
  readonly place: Place;
  /** Undefined: the account is told by who asks. */
  readonly host: string | undefined;
  /** Of an address as it was given, one of a place in it. */
  readonly form: "az" | "abfss" | "https";
  /** What stands behind ? in an https:// address. */
  readonly sas: string;
}

const CONTAINER = /^(?:\$root|\$web|\$logs|[a-z0-9](?:-?[a-z0-9]){2,62})$/;
const HOST = /^([a-z0-9-]+)(?:\.z\d+)?\.(?:blob|dfs)\.(?:core\.(?:windows\.net|chinacloudapi\.cn|usgovcloudapi\.net)|storage\.azure\.net)$/i;
const HINT = "It is az://CONTAINER/NAME, abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/NAME or https://ACCOUNT.blob.core.windows.net/CONTAINER/NAME.";
/** Of Azurite, as its makers publish it: it opens nothing but the emulator of a machine. */
const EMULATOR = "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;";

/** @throws SlipwayError batch-source-address */
export function parseAzure(address: string): AzureAddress {
  // The address is not shown: there may be a token in it.
  const wrong = (): never => {
    throw batchError("batch-source-address", "an address in Azure's storage is not one", { hint: HINT });
  };
  const of = (form: AzureAddress["form"], host: string | undefined, bucket: string, key: string, sas = ""): AzureAddress => (CONTAINER.test(bucket) && (host === undefined || HOST.test(host)) ? { place: { bucket, key }, host: host?.toLowerCase(), form, sas } : wrong());
  const [, scheme, first, rest = ""] = /^(az|azure|abfss?):\/\/([^/]+)(?:\/(.*))?$/is.exec(address) ?? [];
  if (first !== undefined) {
    const [container, host] = first.split("@");
    if (host !== undefined) return /^abfs/i.test(scheme!) ? of("abfss", host, container!, rest) : wrong();
    if (!first.includes(".")) return of("az", undefined, first, rest);
    const slash = rest.indexOf("/");
    return of("abfss", first, slash < 0 ? rest : rest.slice(0, slash), slash < 0 ? "" : rest.slice(slash + 1));
  }
  const url = URL.parse(address);
  const [, container, key = ""] = /^\/([^/]+)(?:\/(.*))?$/s.exec(url?.pathname ?? "") ?? [];
  if (url?.protocol !== "https:" || url.username !== "" || container === undefined) return wrong();
  try {
    return of("https", url.host, decodeURIComponent(container), decodeURIComponent(key), url.search.slice(1));
  } catch {
    return wrong();
  }
}
export function azureAddress({ host, form }: Pick<AzureAddress, "host" | "form">, { bucket, key }: Place): string {
  if (form === "https") return `https://${host!}/${bucket}/${key.split("/").map(encodeURIComponent).join("/")}`;
  return form === "abfss" ? `abfss://${bucket}@${host!}/${key}` : `az://${bucket}/${key}`;
}

/** @throws SlipwayError batch-source-address, batch-source-denied */
export function readAzureConfig({ host, sas }: Pick<AzureAddress, "host" | "sas">, env: Environment = process.env): AzureConfig {
  const given = text(env, "AZURE_STORAGE_CONNECTION_STRING");
  const settings = given === undefined ? new Map<string, string>() : connectionOf(given);
  const named = settings.get("accountname") ?? accountIn(settings.get("blobendpoint")) ?? text(env, "AZURE_STORAGE_ACCOUNT") ?? text(env, "AZURE_STORAGE_ACCOUNT_NAME");
  const account = host === undefined ? named : HOST.exec(host)![1]!;
  if (account === undefined || !/^[a-z0-9-]{3,63}$/.test(account)) throw batchError("batch-source-address", "the storage account is not told", { hint: "Set AZURE_STORAGE_ACCOUNT or AZURE_STORAGE_CONNECTION_STRING, or name the account in the address: abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/NAME." });
  // Keys and tokens are of one account, and nobody else is given them.
  const own = host === undefined || named === undefined || account === named;
  const endpoint = (own ? URL.parse(settings.get("blobendpoint") ?? "") : null) ?? URL.parse(`https://${host?.replace(/\.dfs\./, ".blob.") ?? `${account}.blob.${settings.get("endpointsuffix") ?? "core.windows.net"}`}`);
  if (endpoint === null || !/^https?:$/.test(endpoint.protocol) || endpoint.username !== "") throw batchError("batch-source-address", "the endpoint of AZURE_STORAGE_CONNECTION_STRING is no address", { where: "AZURE_STORAGE_CONNECTION_STRING" });
  return { endpoint, account, auth: authOf(account, own, sas, settings, env) };
}

function authOf(account: string, own: boolean, sas: string, settings: ReadonlyMap<string, string>, env: Environment): AzureAuth {
  if (sas !== "") return { kind: "sas", query: new URLSearchParams(sas) };
  const key = own ? settings.get("accountkey") ?? (settings.has("sharedaccesssignature") ? undefined : text(env, "AZURE_STORAGE_KEY") ?? text(env, "AZURE_STORAGE_ACCOUNT_KEY")) : undefined;
  if (key !== undefined) {
    if (!/^[A-Za-z0-9+/]{8,512}={0,2}$/.test(key)) throw batchError("batch-source-denied", "the key of the storage account is none", { hint: "It is in base64: AZURE_STORAGE_KEY, or AccountKey in AZURE_STORAGE_CONNECTION_STRING." });
    return { kind: "key", account, key: Buffer.from(key, "base64") };
  }
  const token = own ? settings.get("sharedaccesssignature") ?? text(env, "AZURE_STORAGE_SAS_TOKEN") : undefined;
  if (token !== undefined) return { kind: "sas", query: new URLSearchParams(token.replace(/^\?/, "")) };
  return entraOf(env) ?? { kind: "nobody" };
}

/** An application of Entra ID: by its secret, or by the token that Kubernetes gives a pod (workload identity). */
function entraOf(env: Environment): AzureAuth | undefined {
  const [tenant, client, secret, file] = ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_FEDERATED_TOKEN_FILE"].map((name) => text(env, name));
  if (tenant === undefined || client === undefined || (secret === undefined && file === undefined)) return undefined;
  const authority = URL.parse(text(env, "AZURE_AUTHORITY_HOST") ?? "https://login.microsoftonline.com");
  if (authority === null || !/^https?:$/.test(authority.protocol)) throw batchError("batch-source-address", "AZURE_AUTHORITY_HOST is no address", { where: "AZURE_AUTHORITY_HOST" });
  const url = new URL(`/${encodeURIComponent(tenant)}/oauth2/v2.0/token`, authority);
  const ask = (by: Readonly<Record<string, string>>): Promise<Token> => askForToken(url, { grant_type: "client_credentials", client_id: client, scope: "https://storage.azure.com/.default", ...by }, "Entra ID", "Check AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET or AZURE_FEDERATED_TOKEN_FILE.");
  return { kind: "token", chain: new CredentialChain([async () => ask(secret === undefined ? { client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", client_assertion: assertionIn(file!) } : { client_secret: secret })]) };
}
/** Read each time: it is replaced when it ends. */
function assertionIn(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (cause) {
    throw batchError("batch-source-denied", `the token of AZURE_FEDERATED_TOKEN_FILE cannot be read (${String((cause as NodeJS.ErrnoException).code)})`, { where: file, cause });
  }
}

/** By names in lower case. */
function connectionOf(given: string): ReadonlyMap<string, string> {
  const settings = new Map(given.split(";").filter((part) => part.includes("=")).map((part) => [part.slice(0, part.indexOf("=")).trim().toLowerCase(), part.slice(part.indexOf("=") + 1).trim()]));
  return settings.get("usedevelopmentstorage") === "true" ? connectionOf(EMULATOR) : settings;
}
/** In the host's name, or in the path where the host is none of Azure's. */
function accountIn(endpoint: string | undefined): string | undefined {
  const url = URL.parse(endpoint ?? "");
  return url === null ? undefined : HOST.exec(url.host)?.[1] ?? /^\/([^/]+)/.exec(url.pathname)?.[1];
}
