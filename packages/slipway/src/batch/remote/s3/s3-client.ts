// Requests to S3 and to what speaks as it does, signed with Signature Version 4 by aws4fetch. Only codes of refusals are told on:
// no header, no query and no key of who asks.

import { createHash } from "node:crypto";
import { readXml, type XmlElement } from "@slipway/core/formats";
import { AwsV4Signer } from "aws4fetch";
import { discard, HttpClient, readAnswer, Retryable, retryAfterMs, type HttpAnswer, type HttpRequest, type RetryPolicy } from "../../../oci/index.ts";
import { batchError } from "../../errors.ts";
import type { Credentials } from "../aws/credentials.ts";
import { readS3Config, type S3Config } from "./s3-config.ts";
import { Web } from "../web.ts";

export interface S3Request {
  readonly method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  readonly bucket: string;
  /** "": of the bucket itself. */
  readonly key: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly expect: readonly number[];
  readonly expectedBytes?: number;
}

const MAX_ERROR = 2 ** 16;
const MAX_DOCUMENT = 2 ** 24;
/** Refusals after which the same may be asked again. */
const AGAIN: ReadonlySet<string> = new Set(["SlowDown", "RequestTimeout", "InternalError", "ServiceUnavailable", "OperationAborted", "RequestTimeTooSkewed", "ConditionalRequestConflict"]);

/** Refusals of credentials that were good before. */
const ENDED: ReadonlySet<string> = new Set(["ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "InvalidToken"]);

export class S3Client {
  readonly #config: S3Config;
  readonly #web: Web;
  #region: string;
  /** Who asked last. */
  #asked: Credentials | undefined;

  constructor(policy?: RetryPolicy, config: S3Config = readS3Config()) {
    this.#config = config;
    this.#region = config.region;
    this.#web = new Web(policy, new HttpClient({ ca: config.ca }));
  }

  /** @throws SlipwayError batch-source-..., batch-input-missing */
  send<T>(request: S3Request, read: (answer: HttpAnswer) => Promise<T> | T): Promise<T> {
    const shown = s3Address(request.bucket, request.key);
    return this.#web.ask({ shown, check: "Check the region and the endpoint (AWS_REGION, AWS_ENDPOINT_URL_S3)", expect: request.expect, request: () => this.#signed(request), refused: (answer) => this.#refusal(answer, shown) }, read);
  }
  /** An answer that is a document. @throws as `send` */
  async document(request: S3Request): Promise<XmlElement> {
    return (await this.documentOr(request, 0))!;
  }
  /** Undefined: it is of the status `other`, which the request expects too. @throws as `send` */
  documentOr(request: S3Request, other: number): Promise<XmlElement | undefined> {
    const shown = s3Address(request.bucket, request.key);
    return this.send(request, async (answer) => {
      if (answer.status === other) {
        discard(answer);
        return undefined;
      }
      const root = parsed(await readAnswer(answer, MAX_DOCUMENT), shown);
      // What takes long begins with 200, and may be refused then.
      if (root.name !== "Error") return root;
      throw this.#refusalOf(root, answer, shown);
    });
  }

  async #signed({ method, bucket, key, query = {}, headers = {}, body, expectedBytes }: S3Request): Promise<HttpRequest> {
    const url = this.#url(bucket, key);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    // As the signature has them: a blank is %20.
    url.search = url.search.replaceAll("+", "%20");
    const request = { method, url, ...(body === undefined ? {} : { body }), ...(expectedBytes === undefined ? {} : { expectedBytes }) };
    const credentials = await this.#config.credentials.get();
    this.#asked = credentials;
    if (credentials === undefined) return { ...request, headers };
    const { accessKeyId, secretAccessKey, sessionToken } = credentials;
    const { range, ...signable } = headers;
    const signer = new AwsV4Signer({
      method, url: url.href, service: "s3", region: this.#region, accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }),
      headers: { ...signable, "x-amz-content-sha256": createHash("sha256").update(body ?? "").digest("hex") },
    });
    const signed = await signer.sign();
    return { ...request, url: new URL(signed.url), headers: { ...Object.fromEntries(signed.headers), ...(range === undefined ? {} : { range }) } };
  }
  #url(bucket: string, key: string): URL {
    const { endpoint, pathStyle } = this.#config;
    const base = endpoint ?? new URL(`https://s3.${this.#region}.amazonaws.com`);
    const path = key.split("/").map(encode).join("/");
    const root = base.pathname.replace(/\/$/, "");
    return pathStyle || bucket.includes(".") ? new URL(`${base.origin}${root}/${encode(bucket)}/${path}`) : new URL(`${base.protocol}//${bucket}.${base.host}${root}/${path}`);
  }

  async #refusal(answer: HttpAnswer, shown: string): Promise<Error | undefined> {
    const region = answer.headers["x-amz-bucket-region"];
    if ((answer.status === 301 || answer.status === 307 || answer.status === 400) && typeof region === "string" && /^[a-z0-9-]{1,40}$/.test(region) && region !== this.#region) {
      this.#region = region;
      return new Retryable(batchError("batch-source-unavailable", `${shown} is in the region ${region}`, { where: shown }));
    }
    const bytes = await readAnswer(answer, MAX_ERROR).catch(() => new Uint8Array(0));
    const root = bytes.length === 0 ? undefined : parsed(bytes, shown, true);
    return root?.name === "Error" ? this.#refusalOf(root, answer, shown) : undefined;
  }
  #refusalOf(root: XmlElement, answer: HttpAnswer, shown: string): Error {
    const error = refusalOf(root, answer, shown, this.#asked);
    // Credentials that ended on the way are found anew.
    return ENDED.has(textOf(root, "Code")) && this.#config.credentials.forget(this.#asked) && !(error instanceof Retryable) ? new Retryable(error) : error;
  }
  close(): void {
    this.#web.close();
  }
}

export function s3Address(bucket: string, key: string): string {
  return `s3://${bucket}/${key}`;
}
/** What stands in an element of that name. */
export function textOf(element: XmlElement, name: string): string {
  return element.children.find((c) => c.name === name)?.text ?? "";
}

function encode(part: string): string {
  return encodeURIComponent(part).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function parsed(bytes: Uint8Array, shown: string): XmlElement;
function parsed(bytes: Uint8Array, shown: string, quietly: true): XmlElement | undefined;
function parsed(bytes: Uint8Array, shown: string, quietly = false): XmlElement | undefined {
  try {
    return readXml(bytes, { bytes: MAX_DOCUMENT, elements: 100_000, depth: 20 });
  } catch (cause) {
    if (quietly) return undefined;
    throw batchError("batch-source-unavailable", `${shown} does not answer as S3 does`, { where: shown, hint: "Check the endpoint (AWS_ENDPOINT_URL_S3).", cause });
  }
}

function refusalOf(root: XmlElement, { status, headers }: HttpAnswer, shown: string, credentials: Credentials | undefined): Error {
  const code = textOf(root, "Code").replace(/[^A-Za-z0-9.]/g, "").slice(0, 80);
  if (AGAIN.has(code) || status >= 500) return new Retryable(batchError("batch-source-unavailable", `${shown} answers ${code} (${status})`, { where: shown }), retryAfterMs(headers["retry-after"]));
  if (code === "NoSuchKey" || code === "NoSuchBucket" || code === "NoSuchUpload" || status === 404) return batchError("batch-input-missing", `there is no ${shown} (${code})`, { where: shown });
  if (status === 401 || status === 403 || code === "AuthorizationHeaderMalformed") {
    return batchError("batch-source-denied", `${shown}: ${code} (${status})`, { where: shown, hint: credentials === undefined ? "There are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the pod, the container or the machine a role." : "Check the credentials, their region, and what they may do there." });
  }
  return batchError("batch-source-unavailable", `${shown} answers ${code} (${status})`, { where: shown });
}
