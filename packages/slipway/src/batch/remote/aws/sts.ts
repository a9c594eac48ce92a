// Credentials of a role that is taken on: for the token of somebody's own identity (EKS service accounts, CI), or for other
// credentials. https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html, API_AssumeRole.html

import { readFileSync } from "node:fs";
import { readXml, type XmlElement } from "@slipway/core/formats";
import { AwsV4Signer } from "aws4fetch";
import { readAnswer, Retryable, type HttpRequest } from "../../../oci/index.ts";
import { batchError } from "../../errors.ts";
import type { Web } from "../web.ts";
import { credentialsFrom, type Credentials } from "./credentials.ts";

export interface Role {
  readonly arn: string;
  readonly session: string;
  readonly externalId?: string | undefined;
  readonly seconds?: string | undefined;
}
export interface Sts {
  readonly web: Web;
  readonly url: URL;
  readonly region: string;
}
const MAX_TOKEN = 2 ** 16;
const MAX_ANSWER = 2 ** 20;
const AGAIN: ReadonlySet<string> = new Set(["IDPCommunicationError", "Throttling", "ThrottlingException", "RequestLimitExceeded", "ServiceUnavailable", "InternalFailure"]);
const SHOWN = "the token service (STS)";

/** The token's file is read each time: it is replaced when the token ends. @throws SlipwayError batch-source-denied, batch-source-unavailable */
export function assumeByToken(sts: Sts, role: Role, file: string): Promise<Credentials> {
  let token: string;
  try {
    token = readFileSync(file, "utf8").trim();
  } catch (cause) {
    throw batchError("batch-source-denied", `the token for the role ${role.arn} cannot be read from ${file} (${String((cause as NodeJS.ErrnoException).code)})`, { where: file, hint: "AWS_WEB_IDENTITY_TOKEN_FILE names it; Kubernetes puts it there for a service account with a role.", cause });
  }
  if (token === "" || token.length > MAX_TOKEN || /\s/.test(token)) throw batchError("batch-source-denied", `${file} holds no token`, { where: file });
  return ask(sts, "AssumeRoleWithWebIdentity", form("AssumeRoleWithWebIdentity", role, { WebIdentityToken: token }), role);
}
/** @throws SlipwayError batch-source-denied, batch-source-unavailable */
export function assumeBy(sts: Sts, role: Role, by: Credentials): Promise<Credentials> {
  return ask(sts, "AssumeRole", form("AssumeRole", role, role.externalId === undefined ? {} : { ExternalId: role.externalId }), role, by);
}

function form(action: string, { arn, session, seconds }: Role, more: Readonly<Record<string, string>>): string {
  return new URLSearchParams({ Action: action, Version: "2011-06-15", RoleArn: arn, RoleSessionName: session, ...(seconds === undefined ? {} : { DurationSeconds: seconds }), ...more }).toString();
}

function ask({ web, url, region }: Sts, action: string, body: string, role: Role, by?: Credentials): Promise<Credentials> {
  const headers = { "content-type": "application/x-www-form-urlencoded; charset=utf-8" };
  const request = async (): Promise<HttpRequest> => {
    if (by === undefined) return { method: "POST", url, headers, body: Buffer.from(body) };
    const signed = await new AwsV4Signer({ method: "POST", url: url.href, service: "sts", region, accessKeyId: by.accessKeyId, secretAccessKey: by.secretAccessKey, ...(by.sessionToken === undefined ? {} : { sessionToken: by.sessionToken }), headers, body }).sign();
    return { method: "POST", url, headers: Object.fromEntries(signed.headers), body: Buffer.from(body) };
  };
  return web.ask({
    shown: SHOWN, expect: [200], request,
    async refused(answer) {
      const root = parsed(await readAnswer(answer, MAX_ANSWER).catch(() => new Uint8Array(0)));
      const code = (inside(root, "Error", "Code") ?? "").replace(/[^\w.]/g, "").slice(0, 80);
      const error = batchError(answer.status >= 500 || AGAIN.has(code) ? "batch-source-unavailable" : "batch-source-denied", `${SHOWN} does not give the role ${role.arn}: ${code === "" ? answer.status : code}`, { where: role.arn, hint: "Check the role, whom it trusts, and the token." });
      return answer.status >= 500 || AGAIN.has(code) ? new Retryable(error) : error;
    },
  }, async (answer) => {
    const root = parsed(await readAnswer(answer, MAX_ANSWER));
    const of = (name: string): string | undefined => inside(root, `${action}Result`, "Credentials", name);
    return credentialsFrom(SHOWN, { id: of("AccessKeyId"), secret: of("SecretAccessKey"), token: of("SessionToken"), end: of("Expiration") });
  });
}

function parsed(bytes: Uint8Array): XmlElement | undefined {
  try {
    return bytes.length === 0 ? undefined : readXml(bytes, { bytes: MAX_ANSWER, elements: 1000, depth: 20 });
  } catch {
    return undefined;
  }
}
function inside(element: XmlElement | undefined, ...path: string[]): string | undefined {
  return path.reduce<XmlElement | undefined>((at, name) => at?.children.find((c) => c.name === name), element)?.text;
}
