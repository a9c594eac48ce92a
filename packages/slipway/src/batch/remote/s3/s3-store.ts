// Objects in S3 and in what speaks as it does. Conditions are those of HTTP (If-None-Match, If-Match), as Amazon takes them since
// 2024 and MinIO does. What is large is made in parts and is there with the last request; whoever aborts the upload takes
// from its maker the means to put it in place.

import { randomUUID } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { SlipwayError } from "@slipway/core/base";
import { discard, type HttpAnswer } from "../../../oci/index.ts";
import { batchError } from "../../errors.ts";
import { piecesOf } from "../file-pieces.ts";
import { changedObject, UPLOAD, type Begun, type Condition, type ListedObject, type Meta, type ObjectHead, type ObjectStore, type Place, type Reading, type Upload } from "../object-store.ts";
import { S3Client, s3Address, textOf } from "./s3-client.ts";

/** Amazon takes parts of 5 MiB at least (but the last), 10,000 at most. */
const PART_BYTES = 8 << 20;
const MOST_PARTS = 10_000;
const IN_FLIGHT = 2;
/** Looked at so often whether all parts are gone. */
const LOOKS = 5;
const PAUSE_MS = 200;
/** Of uploads, a thousand in each. */
const MOST_PAGES = 20;

/** @throws SlipwayError batch-source-address */
export function openS3(address: string): { readonly store: ObjectStore; readonly place: Place } {
  const place = parseS3(address);
  return { store: new S3Store(new S3Client()), place };
}
/** @throws SlipwayError batch-source-address */
export function parseS3(address: string): Place {
  const found = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/is.exec(address);
  // The address is not shown: there may be a key in it.
  if (found === null) throw batchError("batch-source-address", "an address in S3 is s3://BUCKET/KEY", { hint: "Credentials come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or a profile, the endpoint from AWS_ENDPOINT_URL_S3." });
  return { bucket: found[1]!, key: found[2] ?? "" };
}

export class S3Store implements ObjectStore {
  readonly #client: S3Client;
  constructor(client: S3Client) {
    this.#client = client;
  }
  address({ bucket, key }: Place): string {
    return s3Address(bucket, key);
  }
  read<T>(place: Place, { range, etag, expectedBytes }: Reading, take: (answer: HttpAnswer) => Promise<T>): Promise<T | undefined> {
    const headers = { ...(range === undefined ? {} : { range: `bytes=${range[0]}-${range[1]}` }), ...(etag === undefined ? {} : { "if-match": etag }) };
    return this.#client.send({ method: "GET", ...place, headers, expect: [200, 206, 404, 412, 416], expectedBytes }, async (answer) => {
      if (answer.status < 300) return take(answer);
      discard(answer);
      if (answer.status !== 404) throw changedObject(this.address(place));
      return undefined;
    });
  }
  head(place: Place): Promise<ObjectHead | undefined> {
    return this.#client.send({ method: "HEAD", ...place, expect: [200, 404] }, (answer) => {
      discard(answer);
      const { headers } = answer;
      const length = headers["content-length"];
      return answer.status === 404 ? undefined : { etag: headers.etag ?? "", bytes: length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined, meta: (name: string) => headers[`x-amz-meta-${name}`] as string | undefined };
    });
  }
  async *list(bucket: string, prefix: string, most: number): AsyncGenerator<ListedObject[]> {
    let token: string | undefined;
    do {
      const page = await this.#client.document({
        method: "GET", bucket, key: "", expect: [200],
        query: { "list-type": "2", "max-keys": String(most), prefix, "encoding-type": "url", ...(token === undefined ? {} : { "continuation-token": token }) },
      });
      yield page.children.filter((entry) => entry.name === "Contents").map((entry) => {
        const bytes = Number(textOf(entry, "Size"));
        return { key: decodeURIComponent(textOf(entry, "Key").replaceAll("+", " ")), bytes: Number.isSafeInteger(bytes) ? bytes : undefined, etag: textOf(entry, "ETag") || undefined };
      });
      const next = textOf(page, "NextContinuationToken");
      token = textOf(page, "IsTruncated") === "true" && next !== "" && next !== token ? next : undefined;
    } while (token !== undefined);
  }
  put(place: Place, body: Uint8Array, { condition, meta }: { readonly condition?: Condition | undefined; readonly meta?: Meta | undefined } = {}): Promise<boolean> {
    return this.#client.send({ method: "PUT", ...place, body, headers: { ...metaHeaders(meta), ...conditionHeaders(condition) }, expect: condition === undefined ? [200] : "nothing" in condition ? [200, 412] : [200, 412, 404] }, (answer) => {
      discard(answer);
      return answer.status === 200;
    });
  }
  async putFile(place: Place, path: string, meta: Meta = {}): Promise<void> {
    if ((await stat(path)).size <= PART_BYTES) return void await this.put(place, await readFile(path), { meta });
    // What somebody began there who was stopped.
    await this.revoke(place);
    const upload = await S3Upload.begin(this.#client, this, place, meta);
    const shown = this.address(place);
    try {
      await upload.send(path);
      if (await upload.complete() !== "there") throw batchError("batch-source-unavailable", `the upload of ${shown} was aborted by somebody else`, { where: shown, hint: "Go on with --resume." });
    } catch (error) {
      await upload.abort();
      throw error;
    }
  }
  async copy(from: Place, to: Place): Promise<void> {
    const source = `/${from.bucket}/${from.key.split("/").map((part) => encodeURIComponent(part)).join("/")}`;
    await this.#client.document({ method: "PUT", ...to, headers: { "x-amz-copy-source": source }, expect: [200] });
  }
  remove(place: Place, condition?: Condition): Promise<void> {
    return this.#client.send({ method: "DELETE", ...place, headers: conditionHeaders(condition), expect: [200, 204, 404, 412] }, discard);
  }
  begin(place: Place, _stage: Place, meta: Meta): Promise<Upload> {
    return S3Upload.begin(this.#client, this, place, meta);
  }
  async revoke(place: Place): Promise<void> {
    for (const { key, abort } of await this.#uploads(place.bucket, place.key)) if (key === place.key) await abort();
  }
  /** MinIO takes a prefix for an object's whole name, and says nothing of those below it: it is asked for all. */
  async begun({ bucket, key }: Place): Promise<Begun[]> {
    const found = await this.#uploads(bucket, key);
    return (found.length > 0 ? found : await this.#uploads(bucket, "", MOST_PAGES)).filter((upload) => upload.key.startsWith(key));
  }
  async #uploads(bucket: string, prefix: string, pages: number = Infinity): Promise<Begun[]> {
    const found: Begun[] = [];
    let from: Readonly<Record<string, string>> = {};
    for (let n = 0; n < pages; n++) {
      const page = await this.#client.document({ method: "GET", bucket, key: "", query: { uploads: "", ...(prefix === "" ? {} : { prefix }), ...from }, expect: [200] });
      for (const upload of page.children.filter((e) => e.name === "Upload")) {
        const [key, id] = [textOf(upload, "Key"), textOf(upload, "UploadId")];
        found.push({ key, abort: () => abortUpload(this.#client, { bucket, key }, id) });
      }
      if (textOf(page, "IsTruncated") !== "true") break;
      from = { "key-marker": textOf(page, "NextKeyMarker"), "upload-id-marker": textOf(page, "NextUploadIdMarker") };
    }
    return found;
  }
}

function metaHeaders(meta: Meta = {}): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(meta).map(([name, value]) => [`x-amz-meta-${name}`, value]));
}
function conditionHeaders(condition: Condition | undefined): Readonly<Record<string, string>> {
  if (condition === undefined) return {};
  return "nothing" in condition ? { "if-none-match": "*" } : { "if-match": condition.etag };
}
/** A part that is on its way while an upload is aborted may come to stay: it is aborted until none is there. */
async function abortUpload(client: S3Client, place: Place, uploadId: string): Promise<void> {
  for (let look = 1; ; look++) {
    await client.send({ method: "DELETE", ...place, query: { uploadId }, expect: [204, 404] }, discard);
    const isGone = await client.send({ method: "GET", ...place, query: { uploadId, "max-parts": "1" }, expect: [200, 404] }, (answer) => {
      discard(answer);
      return answer.status === 404;
    });
    if (isGone || look === LOOKS) return;
    await sleep(PAUSE_MS * look);
  }
}

class S3Upload implements Upload {
  readonly #client: S3Client;
  readonly #store: S3Store;
  readonly #place: Place;
  readonly #id: string;
  readonly #own: string;
  readonly #tags: string[] = [];

  private constructor(client: S3Client, store: S3Store, place: Place, id: string, own: string) {
    [this.#client, this.#store, this.#place, this.#id, this.#own] = [client, store, place, id, own];
  }
  static async begin(client: S3Client, store: S3Store, place: Place, meta: Meta): Promise<S3Upload> {
    const own = randomUUID();
    return new S3Upload(client, store, place, textOf(await client.document({ method: "POST", ...place, query: { uploads: "" }, headers: metaHeaders({ ...meta, [UPLOAD]: own }), expect: [200] }), "UploadId"), own);
  }
  async send(path: string): Promise<void> {
    await piecesOf(path, { bytes: PART_BYTES, most: MOST_PARTS, inFlight: IN_FLIGHT }, async (body, index) => {
      this.#tags[index] = await this.#client.send({ method: "PUT", ...this.#place, query: { partNumber: String(index + 1), uploadId: this.#id }, body, expect: [200] }, (answer) => {
        discard(answer);
        return answer.headers.etag ?? "";
      });
    });
  }
  async complete(condition?: Condition): Promise<"there" | "taken" | "gone"> {
    const list = this.#tags.map((tag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${tag.replace(/[^"\w-]/g, "").replaceAll('"', "&quot;")}</ETag></Part>`).join("");
    const body = Buffer.from(`<CompleteMultipartUpload xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${list}</CompleteMultipartUpload>`);
    const own = async (else_: "taken" | "gone"): Promise<"there" | "taken" | "gone"> => ((await this.#store.head(this.#place))?.meta(UPLOAD) === this.#own ? "there" : else_);
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
