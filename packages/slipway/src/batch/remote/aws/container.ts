// Credentials of a container's role: ECS tasks, Pod Identity of EKS, Greengrass.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html

import { readFileSync } from "node:fs";
import { isIP } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { batchError } from "../../errors.ts";
import { text, type Environment } from "./profile-files.ts";
import { askLocal, objectOf } from "./ask-local.ts";
import { credentialsFrom, type Credentials, type Provider } from "./credentials.ts";

const ECS = "http://169.254.170.2";
/** Beside this machine itself: whom the documentation names. */
const HOSTS: ReadonlySet<string> = new Set(["169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"]);
const TIMEOUT_MS = 5000;
const ATTEMPTS = 3;
const FROM = "the credentials of the container";

export function containerProvider(env: Environment): Provider {
  return async () => {
    const [relative, full] = [text(env, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"), text(env, "AWS_CONTAINER_CREDENTIALS_FULL_URI")];
    if (relative === undefined && full === undefined) return undefined;
    const url = relative !== undefined ? URL.parse(`${ECS}${relative.startsWith("/") ? "" : "/"}${relative}`) : URL.parse(full!);
    if (url === null || (relative !== undefined && url.origin !== ECS) || (relative === undefined && !isAllowed(url))) {
      throw batchError("batch-source-denied", "AWS_CONTAINER_CREDENTIALS_FULL_URI names a host that is not asked for credentials", { where: "AWS_CONTAINER_CREDENTIALS_FULL_URI", hint: "It is https://..., or http:// of this machine, of 169.254.170.2, 169.254.170.23 or [fd00:ec2::23]." });
    }
    const token = tokenOf(env);
    return ask(url, token === undefined ? {} : { authorization: token });
  };
}

async function ask(url: URL, headers: Readonly<Record<string, string>>): Promise<Credentials> {
  for (let attempt = 1; ; attempt++) {
    const answer = await askLocal({ method: "GET", url, headers: { accept: "application/json", ...headers }, timeoutMs: TIMEOUT_MS });
    const found = objectOf(answer?.text ?? "");
    if (answer?.status === 200 && found !== undefined) return credentialsFrom(FROM, { id: found["AccessKeyId"], secret: found["SecretAccessKey"], token: found["Token"], end: found["Expiration"] });
    const again = answer === undefined || answer.status >= 500 || answer.status === 429;
    if (!again || attempt === ATTEMPTS) {
      const said = typeof found?.["code"] === "string" ? `: ${found["code"].replace(/[^\w.-]/g, "").slice(0, 80)}` : "";
      throw batchError(again ? "batch-source-unavailable" : "batch-source-denied", `${FROM}: ${url.origin} ${answer === undefined ? "does not answer" : `answers with ${answer.status}${said}`}`, { where: url.origin, hint: "Check the task's or the pod's role." });
    }
    await sleep(100 * 2 ** attempt);
  }
}

function isAllowed({ protocol, hostname, username }: URL): boolean {
  if (username !== "" || (protocol !== "https:" && protocol !== "http:")) return false;
  return protocol === "https:" || HOSTS.has(hostname) || hostname === "localhost" || hostname === "[::1]" || (isIP(hostname) === 4 && hostname.startsWith("127."));
}

/** The file is read each time: it is replaced when its token ends. @throws SlipwayError batch-source-denied */
function tokenOf(env: Environment): string | undefined {
  const file = text(env, "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  let token = text(env, "AWS_CONTAINER_AUTHORIZATION_TOKEN");
  if (file !== undefined) {
    try {
      token = readFileSync(file, "utf8");
    } catch (cause) {
      throw batchError("batch-source-denied", `the token of AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE cannot be read (${String((cause as NodeJS.ErrnoException).code)})`, { where: "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", cause });
    }
  }
  if (token !== undefined && /[\r\n]/.test(token.trimEnd())) throw batchError("batch-source-denied", "the token for the credentials of the container has several lines", { where: file === undefined ? "AWS_CONTAINER_AUTHORIZATION_TOKEN" : "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE" });
  return token?.trimEnd();
}
