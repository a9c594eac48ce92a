// Who asks Google, in the order of its own libraries (https://cloud.google.com/docs/authentication/application-default-credentials):
// a token that was given, the file of GOOGLE_APPLICATION_CREDENTIALS, the one that gcloud leaves, and, where GCE_METADATA_HOST names it,
// the metadata service of a machine or a pod.

import { createSign } from "node:crypto";
import { join } from "node:path";
import { batchError } from "../../errors.ts";
import { askLocal, objectOf } from "../aws/ask-local.ts";
import { CredentialChain } from "../aws/credentials.ts";
import { readText, text, type Environment } from "../aws/profile-files.ts";
import { askForToken, tokenIn, type Token } from "../oauth-token.ts";

const SCOPE = "https://www.googleapis.com/auth/devstorage.read_write";
const USERS = "https://oauth2.googleapis.com/token";
const SECONDS = 3600;
const SHOWN = "Google's token service";
const MACHINE = "the metadata service of GCE_METADATA_HOST";

/** Gives nobody where none is set up: requests carry no token, which public buckets take. */
export function googleTokens(env: Environment, home: string): CredentialChain<Token> {
  return new CredentialChain<Token>([
    async () => {
      const token = text(env, "GOOGLE_OAUTH_ACCESS_TOKEN") ?? text(env, "CLOUDSDK_AUTH_ACCESS_TOKEN");
      return token === undefined ? undefined : { token };
    },
    async () => {
      const file = text(env, "GOOGLE_APPLICATION_CREDENTIALS");
      return file === undefined ? undefined : ofFile(file, readText(file), "GOOGLE_APPLICATION_CREDENTIALS");
    },
    async () => {
      const file = join(text(env, "CLOUDSDK_CONFIG") ?? join(home, ".config", "gcloud"), "application_default_credentials.json");
      const found = readText(file);
      return found === undefined ? undefined : ofFile(file, found, "gcloud auth application-default login");
    },
    async () => {
      const host = text(env, "GCE_METADATA_HOST");
      return host === undefined ? undefined : ofMachine(host);
    },
  ]);
}

/** `by`: what names the file. @throws SlipwayError batch-source-denied, batch-source-unavailable */
async function ofFile(file: string, found: string | undefined, by: string): Promise<Token> {
  const said = found === undefined ? undefined : objectOf(found);
  const of = (name: string): string | undefined => (typeof said?.[name] === "string" && said[name] !== "" ? said[name] : undefined);
  const wrong = (what: string): never => {
    throw batchError("batch-source-denied", `${by}: ${what}`, { where: file, hint: "It is the key file of a service account, or what gcloud auth application-default login leaves. For others: GOOGLE_OAUTH_ACCESS_TOKEN=$(gcloud auth print-access-token)." });
  };
  if (said === undefined) return wrong(found === undefined ? "the file cannot be read" : "the file holds no JSON");
  if (of("type") === "service_account") {
    const [email, key, uri] = [of("client_email"), of("private_key"), URL.parse(of("token_uri") ?? USERS)];
    if (email === undefined || key === undefined || uri === null) return wrong("the key file is not whole");
    let assertion: string;
    try {
      assertion = signedBy(key, { iss: email, aud: uri.href, scope: SCOPE });
    } catch {
      return wrong("the private key cannot be used");
    }
    return askForToken(uri, { grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion }, SHOWN, `Check the key file of ${by}: the key may be revoked, or this machine's clock wrong.`);
  }
  if (of("type") === "authorized_user") {
    const [id, secret, token] = [of("client_id"), of("client_secret"), of("refresh_token")];
    if (id === undefined || secret === undefined || token === undefined) return wrong("the file is not whole");
    return askForToken(new URL(of("token_uri") ?? USERS), { grant_type: "refresh_token", client_id: id, client_secret: secret, refresh_token: token }, SHOWN, "gcloud auth application-default login gives a new one.");
  }
  return wrong(`a file of the kind ${JSON.stringify(String(said["type"]).slice(0, 40))} is not read`);
}

/** A signed word of who asks (JWT, RFC 7523; RS256). */
function signedBy(key: string, claims: Readonly<Record<string, string>>): string {
  const now = Math.floor(Date.now() / 1000);
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const said = `${part({ alg: "RS256", typ: "JWT" })}.${part({ ...claims, iat: now, exp: now + SECONDS })}`;
  return `${said}.${createSign("RSA-SHA256").update(said).sign(key, "base64url")}`;
}

async function ofMachine(host: string): Promise<Token> {
  const url = URL.parse(`http://${host}/computeMetadata/v1/instance/service-accounts/default/token`);
  if (url === null) throw batchError("batch-source-address", "GCE_METADATA_HOST is no host", { where: "GCE_METADATA_HOST" });
  const answer = await askLocal({ method: "GET", url, headers: { "metadata-flavor": "Google" }, timeoutMs: 5000 });
  if (answer === undefined) throw batchError("batch-source-unavailable", `${MACHINE} does not answer`, { where: url.origin });
  if (answer.status !== 200) throw batchError("batch-source-denied", `${MACHINE} gives no token (${answer.status})`, { where: url.origin, hint: "Check the service account of the machine or the pod." });
  return tokenIn(answer.text, MACHINE);
}
