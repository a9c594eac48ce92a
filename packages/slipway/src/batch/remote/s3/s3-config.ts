// Who asks S3, and where it is: from the variables and files that AWS's own tools read
// (https://docs.aws.amazon.com/sdkref/latest/guide/settings-reference.html), and from the roles of pods, containers and machines.

import { homedir } from "node:os";
import { batchError } from "../../errors.ts";
import { credentialChain } from "../aws/chain.ts";
import type { CredentialChain } from "../aws/credentials.ts";
import { readProfiles, readText, text, type Environment } from "../aws/profile-files.ts";

export interface S3Config {
  /** Gives nobody: requests are not signed, which public buckets take. */
  readonly credentials: Pick<CredentialChain, "get" | "forget">;
  readonly region: string;
  /** Undefined: Amazon's own. */
  readonly endpoint: URL | undefined;
  /** Buckets are a part of the path, not of the host's name. */
  readonly pathStyle: boolean;
  /** Certificates (PEM) that are trusted beside the public ones. */
  readonly ca: readonly string[];
}

/**
 * @param machine whether EC2's metadata service is asked where nobody else gives credentials
 * @throws SlipwayError batch-source-address, batch-source-denied
 */
export function readS3Config(env: Environment = process.env, home: string = homedir(), machine: boolean = true): S3Config {
  const { own } = readProfiles(env, home);
  const given = text(env, "AWS_ENDPOINT_URL_S3") ?? text(env, "AWS_ENDPOINT_URL") ?? own.get("s3.endpoint_url") ?? own.get("endpoint_url");
  const endpoint = given === undefined ? undefined : URL.parse(given) ?? undefined;
  if (given !== undefined && (endpoint === undefined || !/^https?:$/.test(endpoint.protocol) || endpoint.username !== "")) throw batchError("batch-source-address", "the endpoint of S3 is no address", { hint: "AWS_ENDPOINT_URL_S3 is like https://minio.example:9000." });
  const style = own.get("s3.addressing_style");
  const bundle = text(env, "AWS_CA_BUNDLE") ?? own.get("ca_bundle");
  const ca = bundle === undefined ? [] : [readText(bundle) ?? missing(bundle)];
  const region = text(env, "AWS_REGION") ?? text(env, "AWS_DEFAULT_REGION") ?? own.get("region") ?? "us-east-1";
  return { credentials: credentialChain({ env: { ...env }, home, region, ca, machine }), region, endpoint, pathStyle: style === "path" || (style !== "virtual" && endpoint !== undefined), ca };
}

function missing(path: string): never {
  throw batchError("batch-source-address", `the certificates ${JSON.stringify(path)} cannot be read`, { hint: "AWS_CA_BUNDLE names a file of certificates (PEM)." });
}
