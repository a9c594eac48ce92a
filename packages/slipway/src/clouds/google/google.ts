// Requests to Google's services: REST with a token of who asks, and operations that take their time.

import { readFileSync } from "node:fs";
import { importPKCS8, SignJWT } from "jose";
import { cloudError } from "../errors.ts";
import { output } from "../output.ts";
import { at, textAt, type Answer, type CloudOptions, type CloudRequest, type Json, type Wait } from "../plan.ts";

const SCOPE = "https://www.googleapis.com/auth/cloud-platform";

/** @throws SlipwayError cloud-options */
export function placeOf({ project, region }: CloudOptions): { readonly project: string; readonly region: string } {
  const found = project ?? process.env["GOOGLE_CLOUD_PROJECT"] ?? process.env["CLOUDSDK_CORE_PROJECT"];
  if (found === undefined || !/^[a-z0-9:.-]{4,60}$/.test(found)) throw cloudError("cloud-options", "the project is not told", { hint: "--project NAME, or GOOGLE_CLOUD_PROJECT." });
  const place = region ?? process.env["GOOGLE_CLOUD_REGION"] ?? process.env["CLOUDSDK_RUN_REGION"];
  if (place === undefined || !/^[a-z]+-[a-z]+\d+$/.test(place)) throw cloudError("cloud-options", "the region is not told", { hint: "--region europe-west1, or GOOGLE_CLOUD_REGION." });
  return { project: found, region: place };
}

/** Waits for the operation that an answer names. */
export function operationAt(base: string): Wait {
  return {
    request: ({ body }) => {
      const name = textAt(body, "name");
      return name === undefined || at(body, "done") === true ? undefined : { method: "GET", url: `${base}/${name}` };
    },
    done: ({ body }) => at(body, "done") === true,
    failed: ({ body }) => (at(body, "error") === undefined ? undefined : (textAt(body, "error", "message") ?? "it failed")),
  };
}

let token: { readonly value: string; readonly until: number } | undefined;

/** @throws SlipwayError cloud-credentials, cloud-denied */
export async function signed(request: CloudRequest): Promise<{ readonly url: string; readonly headers: Readonly<Record<string, string>>; readonly body: string | undefined }> {
  token = token !== undefined && token.until > Date.now() ? token : { value: await newToken(), until: Date.now() + 45 * 60_000 };
  const given = process.env["SLIPWAY_GOOGLE_ENDPOINT"];
  const asked = new URL(request.url);
  return {
    url: given === undefined ? request.url : new URL(asked.pathname + asked.search, given).href,
    headers: { authorization: `Bearer ${token.value}`, ...(request.body === undefined ? {} : { "content-type": "application/json" }), ...request.headers }, body: request.body === undefined ? undefined : JSON.stringify(request.body),
  };
}

/** In this order: GOOGLE_OAUTH_ACCESS_TOKEN, the key of a service account (GOOGLE_APPLICATION_CREDENTIALS), gcloud. */
async function newToken(): Promise<string> {
  const given = process.env["GOOGLE_OAUTH_ACCESS_TOKEN"];
  if (given !== undefined && given !== "") return given;
  const file = process.env["GOOGLE_APPLICATION_CREDENTIALS"];
  if (file !== undefined && file !== "") return ofServiceAccount(file);
  const printed = await output("gcloud", ["auth", "print-access-token"]);
  if (printed === undefined) throw cloudError("cloud-credentials", "nobody is found who may ask Google", { hint: "gcloud auth login, GOOGLE_APPLICATION_CREDENTIALS with the key file of a service account, or GOOGLE_OAUTH_ACCESS_TOKEN." });
  return printed;
}

async function ofServiceAccount(file: string): Promise<string> {
  let key: Json;
  try {
    key = JSON.parse(readFileSync(file, "utf8")) as Json;
  } catch (cause) {
    throw cloudError("cloud-credentials", `the key file of GOOGLE_APPLICATION_CREDENTIALS cannot be read`, { where: file, cause });
  }
  const [email, pem, uri] = [textAt(key, "client_email"), textAt(key, "private_key"), textAt(key, "token_uri")];
  if (textAt(key, "type") !== "service_account" || email === undefined || pem === undefined || uri === undefined) throw cloudError("cloud-credentials", "GOOGLE_APPLICATION_CREDENTIALS is no key file of a service account", { where: file, hint: "Other kinds: gcloud auth print-access-token gives GOOGLE_OAUTH_ACCESS_TOKEN." });
  const assertion = await new SignJWT({ scope: SCOPE }).setProtectedHeader({ alg: "RS256", typ: "JWT" }).setIssuer(email).setAudience(uri).setIssuedAt().setExpirationTime("1h").sign(await importPKCS8(pem, "RS256"));
  const answer = await fetch(uri, { method: "POST", body: new URLSearchParams({ grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion }), signal: AbortSignal.timeout(30_000) }).catch((cause: unknown) => { throw cloudError("cloud-unavailable", "Google's token service does not answer", { cause }); });
  const body = (await answer.json().catch(() => ({}))) as Json;
  const value = textAt(body, "access_token");
  if (value === undefined) throw cloudError("cloud-denied", `Google gives ${email} no token: ${textAt(body, "error_description") ?? answer.status}`);
  return value;
}

export const isThere = (answer: Answer): boolean => answer.status === 409;
export const isGone = (answer: Answer): boolean => answer.status === 404;
