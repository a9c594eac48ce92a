// Objects in Google's Cloud Storage. What stands at a name is told by its generation, a number that every object that is written has of
// its own: it takes the place of the ETag. What is large is sent by a resumable upload, whose last request makes it an object.

import { randomBytes } from "node:crypto";
import { open, readFile, stat } from "node:fs/promises";
import { discard, readAnswer, type HttpAnswer } from "../../../oci/index.ts";
import { batchError } from "../../errors.ts";
import { changedObject, missingObject, type Begun, type Condition, type ListedObject, type Meta, type ObjectHead, type ObjectStore, type Place, type Reading, type Upload } from "../object-store.ts";
import { revokeStaged, stagedUpload } from "../staged-upload.ts";
import { GoogleClient } from "./google-client.ts";

/** A multiple of 256 KiB, as Google has it. */
const PIECE_BYTES = 8 << 20;
/** Answers to pieces of an upload of which nothing was taken. */
const MOST_IDLE = 5;

/** @throws SlipwayError batch-source-address */
export function openGoogle(address: string): { readonly store: ObjectStore; readonly place: Place } {
  const place = parseGoogle(address);
  return { store: new GoogleStore(new GoogleClient()), place };
}
/** @throws SlipwayError batch-source-address */
export function parseGoogle(address: string): Place {
  const found = /^gs:\/\/([a-z0-9][a-z0-9._-]{1,220}[a-z0-9])(?:\/(.*))?$/is.exec(address);
  // The address is not shown: there may be a key in it.
  if (found === null) throw batchError("batch-source-address", "an address in Google's storage is gs://BUCKET/NAME", { hint: "Credentials come from GOOGLE_APPLICATION_CREDENTIALS or GOOGLE_OAUTH_ACCESS_TOKEN." });
  return { bucket: found[1]!, key: found[2] ?? "" };
}

interface Resource {
  readonly name?: unknown;
  readonly size?: unknown;
  readonly generation?: unknown;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

export class GoogleStore implements ObjectStore {
  readonly #client: GoogleClient;
  constructor(client: GoogleClient) {
    this.#client = client;
  }
  address({ bucket, key }: Place): string {
    return `gs://${bucket}/${key}`;
  }
  read<T>(place: Place, { range, etag, expectedBytes }: Reading, take: (answer: HttpAnswer) => Promise<T>): Promise<T | undefined> {
    const shown = this.address(place);
    // What is stored packed is given as it is stored, not unpacked on the way.
    const headers = { "accept-encoding": "gzip", ...(range === undefined ? {} : { range: `bytes=${range[0]}-${range[1]}` }) };
    // By its generation the one of before is read where the bucket keeps it.
    return this.#client.send({ method: "GET", path: objectPath(place), shown, query: { alt: "media", ...(etag === undefined ? {} : { generation: etag }) }, headers, expect: [200, 206, 404, 416], expectedBytes }, async (answer) => {
      if (answer.status < 300) return take(answer);
      discard(answer);
      if (answer.status === 416 || etag !== undefined) throw changedObject(shown);
      return undefined;
    });
  }
  async head(place: Place): Promise<ObjectHead | undefined> {
    const found = await this.#client.document({ method: "GET", path: objectPath(place), shown: this.address(place), expect: [200, 404] }) as Resource | undefined;
    if (found === undefined) return undefined;
    const { bytes, etag = "" } = listedOf(found);
    return { bytes, etag, meta: (name) => (typeof found.metadata?.[name] === "string" ? found.metadata[name] : undefined) };
  }
  async *list(bucket: string, prefix: string, most: number): AsyncGenerator<ListedObject[]> {
    let token = "";
    do {
      const page = (await this.#client.document({ method: "GET", path: `/storage/v1/b/${encodeURIComponent(bucket)}/o`, shown: this.address({ bucket, key: prefix }), query: { prefix, maxResults: String(most), fields: "items(name,size,generation),nextPageToken", ...(token === "" ? {} : { pageToken: token }) }, expect: [200] }))!;
      yield (Array.isArray(page["items"]) ? page["items"] as Resource[] : []).map(listedOf);
      const next = typeof page["nextPageToken"] === "string" ? page["nextPageToken"] : "";
      token = next === token ? "" : next;
    } while (token !== "");
  }
  put(place: Place, body: Uint8Array, { condition, meta = {} }: { readonly condition?: Condition | undefined; readonly meta?: Meta | undefined } = {}): Promise<boolean> {
    const line = `slipway-${randomBytes(16).toString("hex")}`;
    const whole = Buffer.concat([Buffer.from(`--${line}\r\ncontent-type: application/json; charset=UTF-8\r\n\r\n${JSON.stringify({ name: place.key, metadata: meta })}\r\n--${line}\r\ncontent-type: application/octet-stream\r\n\r\n`), body, Buffer.from(`\r\n--${line}--\r\n`)]);
    return this.#client.send({ method: "POST", path: uploadPath(place), shown: this.address(place), query: { uploadType: "multipart", ...conditionQuery(condition) }, headers: { "content-type": `multipart/related; boundary=${line}` }, body: whole, expect: [200, 201, ...(condition === undefined ? [] : [412])] }, (answer) => {
      discard(answer);
      return answer.status !== 412;
    });
  }
  async putFile(place: Place, path: string, meta: Meta = {}): Promise<void> {
    const { size } = await stat(path);
    if (size <= PIECE_BYTES) return void await this.put(place, await readFile(path), { meta });
    const shown = this.address(place);
    const begun = Buffer.from(JSON.stringify({ name: place.key, metadata: meta }));
    const location = await this.#client.send({ method: "POST", path: uploadPath(place), shown, query: { uploadType: "resumable", name: place.key }, headers: { "content-type": "application/json; charset=UTF-8", "x-upload-content-type": "application/octet-stream", "x-upload-content-length": String(size) }, body: begun, expect: [200, 201] }, (answer) => {
      discard(answer);
      return this.#client.own(answer.headers.location, shown);
    });
    const file = await open(path);
    try {
      for (let [at, idle] = [0, 0]; ; ) {
        const body = Buffer.allocUnsafe(Math.min(PIECE_BYTES, size - at));
        for (let filled = 0; filled < body.length; ) filled += (await file.read(body, filled, body.length - filled, at + filled)).bytesRead;
        // Bytes that are there already are passed over: a piece whose answer was lost can be sent again.
        const taken = await this.#client.send({ method: "PUT", path: location, shown, body, headers: { "content-range": `bytes ${at}-${at + body.length - 1}/${size}` }, expect: [200, 201, 308] }, (answer) => {
          discard(answer);
          return answer.status === 308 ? Number(/-(\d{1,15})$/.exec(String(answer.headers["range"] ?? ""))?.[1] ?? -1) + 1 : undefined;
        });
        if (taken === undefined) return;
        idle = taken > at ? 0 : idle + 1;
        if (idle > MOST_IDLE || taken > size) throw batchError("batch-source-unavailable", `${shown} takes no more than ${taken} of ${size} bytes`, { where: shown, hint: "Go on with --resume." });
        at = Math.min(taken, size - 1);
      }
    } finally {
      await file.close();
    }
  }
  async copy(from: Place, to: Place): Promise<void> {
    if (await this.#copy(from, to, undefined) !== "there") missingObject(this.address(from));
  }
  remove(place: Place, condition?: Condition): Promise<void> {
    return this.#client.send({ method: "DELETE", path: objectPath(place), shown: this.address(place), query: conditionQuery(condition), expect: [200, 204, 404, 412] }, discard);
  }
  async begin(place: Place, stage: Place, meta: Meta): Promise<Upload> {
    return stagedUpload(this, (from, to, condition) => this.#copy(from, to, condition), place, stage, meta);
  }
  /** What was sent and not ended Google lets go of by itself, after a week. */
  begun(): Promise<readonly Begun[]> {
    return Promise.resolve([]);
  }
  revoke(_place: Place, stage: Place): Promise<void> {
    return revokeStaged(this, stage);
  }

  /** In steps where the object is large and goes to another kind of storage; it is there with the last of them. */
  async #copy(from: Place, to: Place, condition: Condition | undefined): Promise<"there" | "taken" | "gone"> {
    let token: unknown;
    do {
      const answer = await this.#client.send({ method: "POST", path: `${objectPath(from)}/rewriteTo${objectPath(to).slice("/storage/v1".length)}`, shown: this.address(to), query: { ...conditionQuery(condition), ...(typeof token === "string" ? { rewriteToken: token } : {}) }, headers: { "content-type": "application/json" }, body: new Uint8Array(0), expect: [200, 404, 412] }, async (given) => {
        if (given.status === 200) return JSON.parse(Buffer.from(await readAnswer(given, 2 ** 20)).toString("utf8")) as { done?: unknown; rewriteToken?: unknown };
        discard(given);
        return given.status === 404 ? "gone" : "taken";
      });
      if (typeof answer === "string") return answer;
      token = answer.done === false ? answer.rewriteToken : undefined;
    } while (token !== undefined);
    return "there";
  }
}

function objectPath({ bucket, key }: Place): string {
  return `/storage/v1/b/${encodeURIComponent(bucket)}/o/${encodeURIComponent(key)}`;
}
function uploadPath({ bucket }: Place): string {
  return `/upload/storage/v1/b/${encodeURIComponent(bucket)}/o`;
}
function conditionQuery(condition: Condition | undefined): Readonly<Record<string, string>> {
  if (condition === undefined) return {};
  return { ifGenerationMatch: "nothing" in condition ? "0" : condition.etag };
}
function listedOf({ name, size, generation }: Resource): ListedObject {
  const bytes = Number(size);
  return { key: String(name), bytes: Number.isSafeInteger(bytes) ? bytes : undefined, etag: typeof generation === "string" ? generation : undefined };
}
