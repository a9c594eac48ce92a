// Requests to Azure Resource Manager: REST with a token of who asks.

import { cloudError } from "../errors.ts";
import { output } from "../output.ts";
import { textAt, type Answer, type CloudOptions, type CloudRequest, type Json, type Wait } from "../plan.ts";

export const MANAGEMENT = "https://management.azure.com";

/** @throws SlipwayError cloud-options */
export function groupOf({ subscription, resourceGroup }: CloudOptions): string {
  const id = subscription ?? process.env["AZURE_SUBSCRIPTION_ID"];
  if (id === undefined || !/^[0-9a-fA-F-]{36}$/.test(id)) throw cloudError("cloud-options", "the subscription is not told", { hint: "--subscription ID (36 digits and -), or AZURE_SUBSCRIPTION_ID." });
  if (resourceGroup === undefined || !/^[\w.()-]{1,90}$/.test(resourceGroup)) throw cloudError("cloud-options", "the resource group is not told", { hint: "--resource-group NAME." });
  return `${MANAGEMENT}/subscriptions/${id}/resourceGroups/${resourceGroup}/providers`;
}
/** @throws SlipwayError cloud-options */
export function locationOf({ region }: CloudOptions): string {
  if (region === undefined || !/^[a-z0-9]{3,40}$/.test(region)) throw cloudError("cloud-options", "the location is not told", { hint: "--region westeurope." });
  return region;
}

/** Asked at the resource's own address until it was provisioned. */
export function provisioned(url: string): Wait {
  const state = ({ body }: Answer): string | undefined => textAt(body, "properties", "provisioningState");
  return {
    request: { method: "GET", url }, done: (answer) => state(answer) === "Succeeded",
    failed: (answer) => (/^(?:Failed|Canceled)$/.test(state(answer) ?? "") ? (textAt(answer.body, "error", "message") ?? textAt(answer.body, "properties", "provisioningState")) : undefined),
  };
}
export const isGone = (answer: Answer): boolean => answer.status === 404 || answer.status === 204;

let token: { readonly value: string; readonly until: number } | undefined;

/** @throws SlipwayError cloud-credentials, cloud-denied */
export async function signed(request: CloudRequest): Promise<{ readonly url: string; readonly headers: Readonly<Record<string, string>>; readonly body: string | undefined }> {
  token = token !== undefined && token.until > Date.now() ? token : { value: await newToken(), until: Date.now() + 45 * 60_000 };
  const given = process.env["SLIPWAY_AZURE_ENDPOINT"];
  const asked = new URL(request.url);
  return {
    url: given === undefined ? request.url : new URL(asked.pathname + asked.search, given).href,
    headers: { authorization: `Bearer ${token.value}`, ...(request.body === undefined ? {} : { "content-type": "application/json" }), ...request.headers }, body: request.body === undefined ? undefined : JSON.stringify(request.body),
  };
}

/** In this order: AZURE_ACCESS_TOKEN, a service principal (AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET), az. */
async function newToken(): Promise<string> {
  const { AZURE_ACCESS_TOKEN: given, AZURE_TENANT_ID: tenant, AZURE_CLIENT_ID: client, AZURE_CLIENT_SECRET: secret } = process.env;
  if (given !== undefined && given !== "") return given;
  if (tenant !== undefined && client !== undefined && secret !== undefined) {
    const answer = await fetch(`https://login.microsoftonline.com/${encodeURIComponent(tenant)}/oauth2/v2.0/token`, { method: "POST", body: new URLSearchParams({ grant_type: "client_credentials", client_id: client, client_secret: secret, scope: `${MANAGEMENT}/.default` }), signal: AbortSignal.timeout(30_000) }).catch((cause: unknown) => { throw cloudError("cloud-unavailable", "Azure's token service does not answer", { cause }); });
    const body = (await answer.json().catch(() => ({}))) as Json;
    const value = textAt(body, "access_token");
    if (value === undefined) throw cloudError("cloud-denied", `Azure gives ${client} no token: ${(textAt(body, "error_description") ?? String(answer.status)).slice(0, 300)}`);
    return value;
  }
  const printed = await output("az", ["account", "get-access-token", "--resource", MANAGEMENT, "--query", "accessToken", "-o", "tsv"]);
  if (printed === undefined) throw cloudError("cloud-credentials", "nobody is found who may ask Azure", { hint: "az login; or AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET; or AZURE_ACCESS_TOKEN." });
  return printed;
}
