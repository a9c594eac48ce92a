// Credentials of a machine's role on EC2: the instance metadata service, version 2 (a token first; version 1 is not asked).
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-metadata-security-credentials.html
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-imds-credentials.html
// Where nobody answers there is no such machine, which costs a second, once.

import { batchError } from "../../errors.ts";
import { text, type Environment } from "./profile-files.ts";
import { askLocal, objectOf } from "./ask-local.ts";
import { credentialsFrom, type Provider } from "./credentials.ts";

const ROLES = "/latest/meta-data/iam/security-credentials/";
const TOKEN_SECONDS = 21_600;
const FROM = "the credentials of the machine";

/** @throws by the provider: SlipwayError batch-source-address, batch-source-denied, batch-source-unavailable */
export function machineProvider(env: Environment, endpointInFile: string | undefined): Provider {
  return async () => {
    if (text(env, "AWS_EC2_METADATA_DISABLED")?.toLowerCase() === "true") return undefined;
    const given = text(env, "AWS_EC2_METADATA_SERVICE_ENDPOINT") ?? endpointInFile;
    const base = URL.parse(given ?? (text(env, "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE")?.toLowerCase() === "ipv6" ? "http://[fd00:ec2::254]" : "http://169.254.169.254"));
    if (base === null || !/^https?:$/.test(base.protocol)) throw batchError("batch-source-address", "AWS_EC2_METADATA_SERVICE_ENDPOINT is no address", { where: "AWS_EC2_METADATA_SERVICE_ENDPOINT", hint: "Leave it away, or set AWS_EC2_METADATA_DISABLED=true where this is no machine of EC2." });
    const timeoutMs = 1000 * whole(text(env, "AWS_METADATA_SERVICE_TIMEOUT"), 1, 60);
    const attempts = whole(text(env, "AWS_METADATA_SERVICE_NUM_ATTEMPTS"), 1, 10);
    const ask = async (method: "GET" | "PUT", path: string, headers: Readonly<Record<string, string>>): ReturnType<typeof askLocal> => {
      let answer: Awaited<ReturnType<typeof askLocal>>;
      for (let i = 0; i < attempts && (answer === undefined || answer.status >= 500); i++) answer = await askLocal({ method, url: new URL(path, base), headers, timeoutMs });
      return answer;
    };
    const token = await ask("PUT", "/latest/api/token", { "x-aws-ec2-metadata-token-ttl-seconds": String(TOKEN_SECONDS) });
    // Something else may stand at that address.
    if (token === undefined || token.status !== 200 || !/^[\x21-\x7e]{1,4096}$/.test(token.text)) return undefined;
    const headers = { "x-aws-ec2-metadata-token": token.text };
    const roles = await ask("GET", ROLES, headers);
    // No role is bound to it.
    if (roles?.status === 404) return undefined;
    const role = roles?.status === 200 ? roles.text.split("\n")[0]!.trim() : "";
    const answer = /^[\w+=,.@-]{1,128}$/.test(role) ? await ask("GET", `${ROLES}${encodeURIComponent(role)}`, headers) : undefined;
    const found = objectOf(answer?.text ?? "");
    if (answer?.status === 200 && found?.["Code"] === "Success") return credentialsFrom(FROM, { id: found["AccessKeyId"], secret: found["SecretAccessKey"], token: found["Token"], end: found["Expiration"] });
    throw batchError("batch-source-unavailable", `${FROM}: the metadata service ${roles === undefined || (role !== "" && answer === undefined) ? "does not answer to its end" : "gives none for its role"}`, { where: base.origin, hint: "Check the role of the machine; AWS_EC2_METADATA_DISABLED=true leaves it unasked." });
  };
}

function whole(given: string | undefined, least: number, most: number): number {
  return given !== undefined && /^\d{1,3}$/.test(given) ? Math.min(most, Math.max(least, Number(given))) : least;
}
