// Who asks S3, and where it is: from the variables and files that AWS's own tools read
// (https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html). Roles of machines and SSO are not looked for:
// `aws configure export-credentials --format env` gives what is read here.

import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { batchError } from "../errors.ts";

export interface S3Config {
  /** Undefined: requests are not signed, which public buckets take. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string } | undefined;
  readonly region: string;
  /** Undefined: Amazon's own. */
  readonly endpoint: URL | undefined;
  /** Buckets are a part of the path, not of the host's name. */
  readonly pathStyle: boolean;
  /** Certificates (PEM) that are trusted beside the public ones. */
  readonly ca: readonly string[];
}
type Environment = Readonly<Record<string, string | undefined>>;
type Section = ReadonlyMap<string, string>;

const MAX_FILE = 2 ** 20;

/** @throws SlipwayError batch-source-address, batch-source-denied */
export function readS3Config(env: Environment = process.env, home: string = homedir()): S3Config {
  const profile = text(env, "AWS_PROFILE") ?? "default";
  const secrets = readSections(text(env, "AWS_SHARED_CREDENTIALS_FILE") ?? join(home, ".aws", "credentials"));
  const settings = readSections(text(env, "AWS_CONFIG_FILE") ?? join(home, ".aws", "config"));
  const section = settings.get(profile === "default" ? "default" : `profile ${profile}`) ?? new Map<string, string>();
  const secret = secrets.get(profile) ?? section;
  if (text(env, "AWS_PROFILE") !== undefined && !secrets.has(profile) && section.size === 0) throw batchError("batch-source-denied", `there is no profile ${JSON.stringify(profile)} in AWS's files`, { hint: "AWS_PROFILE names it; AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE name the files." });
  const given = text(env, "AWS_ENDPOINT_URL_S3") ?? text(env, "AWS_ENDPOINT_URL") ?? section.get("s3.endpoint_url") ?? section.get("endpoint_url");
  const endpoint = given === undefined ? undefined : URL.parse(given) ?? undefined;
  if (given !== undefined && (endpoint === undefined || !/^https?:$/.test(endpoint.protocol) || endpoint.username !== "")) throw batchError("batch-source-address", "the endpoint of S3 is no address", { hint: "AWS_ENDPOINT_URL_S3 is like https://minio.example:9000." });
  const style = section.get("s3.addressing_style");
  const bundle = text(env, "AWS_CA_BUNDLE") ?? section.get("ca_bundle");
  return {
    credentials: credentialsOf(env) ?? credentialsIn(secret) ?? credentialsIn(section),
    region: text(env, "AWS_REGION") ?? text(env, "AWS_DEFAULT_REGION") ?? section.get("region") ?? "us-east-1",
    endpoint, pathStyle: style === "path" || (style !== "virtual" && endpoint !== undefined),
    ca: bundle === undefined ? [] : [readText(bundle) ?? missing(bundle)],
  };
}

function text(env: Environment, name: string): string | undefined {
  return env[name] === "" ? undefined : env[name];
}
function credentialsOf(env: Environment): S3Config["credentials"] {
  const [accessKeyId, secretAccessKey, sessionToken] = [text(env, "AWS_ACCESS_KEY_ID"), text(env, "AWS_SECRET_ACCESS_KEY"), text(env, "AWS_SESSION_TOKEN")];
  return accessKeyId === undefined || secretAccessKey === undefined ? undefined : { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
}
function credentialsIn(section: Section): S3Config["credentials"] {
  return credentialsOf({ AWS_ACCESS_KEY_ID: section.get("aws_access_key_id"), AWS_SECRET_ACCESS_KEY: section.get("aws_secret_access_key"), AWS_SESSION_TOKEN: section.get("aws_session_token") });
}

/** [section], name = value; what is set in below a name is `name.inner`. */
function readSections(path: string): ReadonlyMap<string, Section> {
  const sections = new Map<string, Map<string, string>>();
  let section: Map<string, string> | undefined;
  let outer = "";
  for (const line of (readText(path) ?? "").split(/\r?\n/)) {
    const head = /^\s*\[([^\]]*)\]/.exec(line);
    const pair = /^(\s*)([^=#;[]+?)\s*=\s*(.*?)\s*$/.exec(line);
    if (head !== null) sections.set(head[1]!.trim(), section = sections.get(head[1]!.trim()) ?? new Map<string, string>());
    else if (pair !== null && section !== undefined) {
      const [, indent, name, value] = pair;
      if (indent === "") {
        outer = name!;
        if (value !== "") section.set(name!, value!);
      } else section.set(`${outer}.${name!}`, value!);
    }
  }
  return sections;
}

function readText(path: string): string | undefined {
  try {
    const found = readFileSync(path, "utf8");
    return found.length > MAX_FILE ? undefined : found;
  } catch {
    return undefined;
  }
}
function missing(path: string): never {
  throw batchError("batch-source-address", `the certificates ${JSON.stringify(path)} cannot be read`, { hint: "AWS_CA_BUNDLE names a file of certificates (PEM)." });
}
