// Requests to Amazon's services: their JSON 1.1 protocol and their REST, signed with Signature Version 4.

import { homedir } from "node:os";
import { AwsV4Signer } from "aws4fetch";
import { readS3Config } from "../../batch/index.ts";
import { cloudError } from "../errors.ts";
import { textAt, type Answer, type CloudRequest, type Json } from "../plan.ts";

/** JSON 1.1: the operation is a header. */
export function operation(service: string, region: string, prefix: string, name: string, body: Json, host: string = service): CloudRequest {
  return { method: "POST", url: `https://${host}.${region}.amazonaws.com/`, service, headers: { "content-type": "application/x-amz-json-1.1", "x-amz-target": `${prefix}.${name}` }, body };
}

/** What a refusal is called: ResourceInUseException ... */
export function refusalOf({ body }: Answer): string {
  return (textAt(body, "__type") ?? textAt(body, "Type") ?? textAt(body, "code") ?? "").split("#").at(-1)!;
}

export function regionOf(given: string | undefined): string {
  return given ?? readS3Config().region;
}

/** @throws SlipwayError cloud-credentials */
export async function signed(request: CloudRequest): Promise<{ readonly url: string; readonly headers: Readonly<Record<string, string>>; readonly body: string | undefined }> {
  const credentials = await readS3Config(process.env, homedir(), false).credentials.get();
  if (credentials === undefined) {
    throw cloudError("cloud-credentials", "nobody is found who may ask Amazon", { hint: "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile in ~/.aws/credentials (AWS_PROFILE). Roles of pods and containers are taken as they are. SSO and machines: aws configure export-credentials --format env." });
  }
  const service = request.service!;
  const given = process.env[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] ?? process.env["AWS_ENDPOINT_URL"];
  const asked = new URL(request.url);
  const region = /\.([a-z0-9-]+)\.amazonaws\.com$/.exec(asked.hostname)?.[1] ?? regionOf(undefined);
  const url = given === undefined ? asked : new URL(asked.pathname + asked.search, given);
  const body = request.body === undefined ? undefined : JSON.stringify(request.body);
  const signer = new AwsV4Signer({ method: request.method, url: url.href, service, region, accessKeyId: credentials.accessKeyId, secretAccessKey: credentials.secretAccessKey, ...(credentials.sessionToken === undefined ? {} : { sessionToken: credentials.sessionToken }), headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...request.headers }, ...(body === undefined ? {} : { body }) });
  const { headers, url: final } = await signer.sign();
  return { url: final.toString(), headers: Object.fromEntries(headers), body };
}

/** ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG */
export function ecrImage(image: string): { readonly region: string; readonly repository: string; readonly id: Json } | undefined {
  const match = /^\d{12}\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com\/([^:@]+)(?::([^@]+))?(?:@(sha256:[0-9a-f]{64}))?$/.exec(image);
  if (match === null) return undefined;
  const [, region, repository, tag, digest] = match;
  return { region: region!, repository: repository!, id: digest !== undefined ? { imageDigest: digest } : { imageTag: tag ?? "latest" } };
}

/** That the image is where it will be pulled from is seen before anything is made. @throws SlipwayError cloud-options */
export function imageStep(image: string): { readonly title: string; readonly request: CloudRequest } {
  const ecr = ecrImage(image);
  if (ecr === undefined) throw cloudError("cloud-options", `${JSON.stringify(image.slice(0, 200))} is no image in Amazon's registry, from which alone its services pull`, { hint: "ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG. slipway image PKG --push oci://... puts it there." });
  return { title: `the image is in ${ecr.repository}`, request: operation("ecr", ecr.region, "AmazonEC2ContainerRegistry_V20150921", "DescribeImages", { repositoryName: ecr.repository, imageIds: [ecr.id] }, "api.ecr") };
}

/** @throws SlipwayError cloud-options */
export function roleOf(identity: string | undefined): string {
  if (identity === undefined || !/^arn:aws[a-z-]*:iam::\d{12}:role\/\S+$/.test(identity)) throw cloudError("cloud-options", "the role that the service runs as is not told", { hint: "--identity arn:aws:iam::ACCOUNT:role/NAME; it needs to read the image's repository and to write its log." });
  return identity;
}
