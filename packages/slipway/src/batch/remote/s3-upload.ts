// An object of any size that is made in parts and is there with the last request, or never. Until then nobody sees it, and
// whoever aborts the upload takes from its maker the means to put it in place.

import { randomUUID } from "node:crypto";
import { open, readFile, stat } from "node:fs/promises";
import type { XmlElement } from "@slipway/core/formats";
import { SlipwayError } from "@slipway/core/base";
import { discard } from "../../oci/index.ts";
import { batchError } from "../errors.ts";
import { s3Address, textOf, type S3Client } from "./s3-client.ts";
import { conditionHeaders, headObject, putObject, type Condition } from "./s3-objects.ts";
import type { S3Place } from "./s3-source.ts";

/** Amazon takes parts of 5 MiB at least (but the last), 10,000 at most. */
const PART_BYTES = 8 << 20;
const MOST_PARTS = 10_000;
const IN_FLIGHT = 2;
/** Of which upload an object is: a request whose answer was lost is told by it. */
const UPLOAD = "slipway-upload";

export class S3Upload {
  readonly #client: S3Client;
  readonly #place: S3Place;
  readonly #id: string;
  readonly #own: string;
  readonly #tags: string[] = [];

  private constructor(client: S3Client, place: S3Place, id: string, own: string) {
    [this.#client, this.#place, this.#id, this.#own] = [client, place, id, own];
  }
  /** `headers`: of the object. @throws SlipwayError batch-source-... */
  static async begin(client: S3Client, place: S3Place, headers: Readonly<Record<string, string>>): Promise<S3Upload> {
    const own = randomUUID();
    return new S3Upload(client, place, textOf(await client.document({ method: "POST", ...place, query: { uploads: "" }, headers: { ...headers, [`x-amz-meta-${UPLOAD}`]: own }, expect: [200] }), "UploadId"), own);
  }

  /** All of a file. @throws SlipwayError batch-source-..., batch-input-missing where the upload was aborted */
  async send(path: string): Promise<void> {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      const step = Math.max(PART_BYTES, Math.ceil(size / MOST_PARTS));
      const count = Math.max(1, Math.ceil(size / step));
      const part = async (number: number): Promise<void> => {
        const from = (number - 1) * step;
        const body = Buffer.allocUnsafe(Math.min(step, size - from));
        for (let at = 0; at < body.length; ) at += (await file.read(body, at, body.length - at, from + at)).bytesRead;
        this.#tags[number - 1] = await this.#client.send({ method: "PUT", ...this.#place, query: { partNumber: String(number), uploadId: this.#id }, body, expect: [200] }, (answer) => {
          discard(answer);
          return answer.headers.etag ?? "";
        });
      };
      for (let first = 1; first <= count; first += IN_FLIGHT) await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, count - first + 1) }, (_, i) => part(first + i)));
    } finally {
      await file.close();
    }
  }
  /** `taken`: something else stands there; `gone`: it was aborted. @throws SlipwayError batch-source-... */
  async complete(condition?: Condition): Promise<"there" | "taken" | "gone"> {
    const list = this.#tags.map((tag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${tag.replace(/[^"\w-]/g, "").replaceAll('"', "&quot;")}</ETag></Part>`).join("");
    const body = Buffer.from(`<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${list}</CompleteMultipartUpload>`);
    const own = async (else_: "taken" | "gone"): Promise<"there" | "taken" | "gone"> => ((await headObject(this.#client, this.#place))?.meta(UPLOAD) === this.#own ? "there" : else_);
    try {
      const answer = await this.#client.documentOr({ method: "POST", ...this.#place, query: { uploadId: this.#id }, headers: conditionHeaders(condition), body, expect: [200, ...(condition === undefined ? [] : [412])] }, 412);
      return answer === undefined ? await own("taken") : "there";
    } catch (error) {
      if (!(error instanceof SlipwayError) || error.code !== "batch-input-missing") throw error;
      return own("gone");
    }
  }
  /** Parts without an object cost, and nobody sees them. */
  async abort(): Promise<void> {
    await abortUpload(this.#client, this.#place, this.#id).catch(() => undefined);
  }
}

/** A file as an object: in one request where it is small. @throws SlipwayError batch-source-... */
export async function putFile(client: S3Client, place: S3Place, path: string, headers: Readonly<Record<string, string>> = {}): Promise<void> {
  if ((await stat(path)).size <= PART_BYTES) return void await putObject(client, place, await readFile(path), { headers });
  const upload = await S3Upload.begin(client, place, headers);
  const shown = s3Address(place.bucket, place.key);
  try {
    await upload.send(path);
    if (await upload.complete() !== "there") throw batchError("batch-source-unavailable", `the upload of ${shown} was aborted by somebody else`, { where: shown, hint: "Go on with --resume." });
  } catch (error) {
    await upload.abort();
    throw error;
  }
}

function abortUpload(client: S3Client, place: S3Place, uploadId: string): Promise<void> {
  return client.send({ method: "DELETE", ...place, query: { uploadId }, expect: [204, 404] }, discard);
}

/** Whoever made something to be put there can do so no more. @throws SlipwayError batch-source-... */
export async function abortUploads(client: S3Client, place: S3Place): Promise<void> {
  for (;;) {
    const page = await client.document({ method: "GET", bucket: place.bucket, key: "", query: { uploads: "", prefix: place.key }, expect: [200] });
    const found = page.children.filter((e: XmlElement) => e.name === "Upload" && textOf(e, "Key") === place.key).map((e) => textOf(e, "UploadId"));
    for (const uploadId of found) await abortUpload(client, place, uploadId);
    if (found.length === 0 || textOf(page, "IsTruncated") !== "true") return;
  }
}
