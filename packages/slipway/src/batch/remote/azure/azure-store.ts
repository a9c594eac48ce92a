// Objects in Azure's Blob storage, as block blobs (https://learn.microsoft.com/rest/api/storageservices/blob-service-rest-api). One that
// is large is sent in blocks that become the blob with the last request. In accounts with a hierarchical namespace folders are listed
// beside what is in them, and are left out.

import { randomUUID } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { readXml, type XmlElement } from "@slipway/core/formats";
import { discard, readAnswer, type HttpAnswer } from "../../../oci/index.ts";
import { batchError } from "../../errors.ts";
import { piecesOf } from "../file-pieces.ts";
import { changedObject, missingObject, type Begun, type Condition, type ListedObject, type Meta, type ObjectHead, type ObjectStore, type Place, type Reading, type Upload } from "../object-store.ts";
import { revokeStaged, stagedUpload } from "../staged-upload.ts";
import { AzureClient } from "./azure-client.ts";
import { azureAddress, parseAzure, readAzureConfig, type AzureAddress } from "./azure-config.ts";

const BLOCK_BYTES = 8 << 20;
const MOST_BLOCKS = 50_000;
const IN_FLIGHT = 2;
const MAX_DOCUMENT = 2 ** 24;
/** Within an account a copy is done at once; where Azure makes it later, so often it is looked whether it is. */
const LOOK_MS = 500;
const LOOKS = 1200;
/** Something stands there, or what stands there is another one. */
const TAKEN = ["BlobAlreadyExists", "ConditionNotMet", "TargetConditionNotMet"];

/** @throws SlipwayError batch-source-address, batch-source-denied */
export function openAzure(address: string): { readonly store: ObjectStore; readonly place: Place } {
  const parsed = parseAzure(address);
  return { store: new AzureStore(new AzureClient(readAzureConfig(parsed)), parsed), place: parsed.place };
}

export class AzureStore implements ObjectStore {
  readonly #client: AzureClient;
  readonly #form: Pick<AzureAddress, "host" | "form">;
  constructor(client: AzureClient, form: Pick<AzureAddress, "host" | "form">) {
    this.#client = client;
    this.#form = form;
  }
  address(place: Place): string {
    return azureAddress(this.#form, place);
  }
  read<T>(place: Place, { range, etag, expectedBytes }: Reading, take: (answer: HttpAnswer) => Promise<T>): Promise<T | undefined> {
    const headers = { ...(range === undefined ? {} : { "x-ms-range": `bytes=${range[0]}-${range[1]}` }), ...(etag === undefined ? {} : { "if-match": etag }) };
    return this.#client.send({ method: "GET", ...place, shown: this.address(place), headers, expect: [200, 206, 412, 416, "BlobNotFound"], expectedBytes }, async (answer) => {
      if (answer.status < 300) return take(answer);
      discard(answer);
      if (answer.status !== 404) throw changedObject(this.address(place));
      return undefined;
    });
  }
  head(place: Place): Promise<ObjectHead | undefined> {
    return this.#head(place, (answer) => {
      const length = answer.headers["content-length"];
      return { etag: answer.headers.etag ?? "", bytes: length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined, meta: (name: string) => answer.headers[metaName(name)] as string | undefined };
    });
  }
  #head<T>(place: Place, read: (answer: HttpAnswer) => T): Promise<T | undefined> {
    return this.#client.send({ method: "HEAD", ...place, shown: this.address(place), expect: [200, 404] }, (answer) => {
      discard(answer);
      return answer.status === 404 ? undefined : read(answer);
    });
  }
  async *list(bucket: string, prefix: string, most: number): AsyncGenerator<ListedObject[]> {
    const shown = this.address({ bucket, key: prefix });
    let marker = "";
    do {
      const root = await this.#client.send({ method: "GET", bucket, key: "", shown, expect: [200], query: { restype: "container", comp: "list", prefix, maxresults: String(most), ...(marker === "" ? {} : { marker }) } }, async (answer) => parsed(await readAnswer(answer, MAX_DOCUMENT), shown));
      yield (childOf(root, "Blobs")?.children ?? []).filter((blob) => blob.name === "Blob").flatMap((blob): ListedObject[] => {
        const [name, properties] = [childOf(blob, "Name"), childOf(blob, "Properties")];
        if (name === undefined || childOf(properties, "ResourceType")?.text === "directory") return [];
        const [bytes, etag] = [Number(childOf(properties, "Content-Length")?.text), childOf(properties, "Etag")?.text ?? ""];
        // In a listing it may be without its quotes.
        return [{ key: name.attributes.get("Encoded") === "true" ? decodeURIComponent(name.text) : name.text, bytes: Number.isSafeInteger(bytes) ? bytes : undefined, etag: etag === "" ? undefined : `"${etag.replaceAll('"', "")}"` }];
      });
      const next: string = childOf(root, "NextMarker")?.text ?? "";
      marker = next === marker ? "" : next;
    } while (marker !== "");
  }
  put(place: Place, body: Uint8Array, { condition, meta }: { readonly condition?: Condition | undefined; readonly meta?: Meta | undefined } = {}): Promise<boolean> {
    // What has an ETag and is gone is another one, too.
    const expect = condition === undefined ? [201] : [201, ...TAKEN, ...("nothing" in condition ? [] : ["BlobNotFound"])];
    return this.#client.send({ method: "PUT", ...place, shown: this.address(place), body, headers: { "x-ms-blob-type": "BlockBlob", "content-type": "application/octet-stream", ...metaHeaders(meta), ...conditionHeaders(condition) }, expect }, (answer) => {
      discard(answer);
      return answer.status === 201;
    });
  }
  async putFile(place: Place, path: string, meta: Meta = {}): Promise<void> {
    if ((await stat(path)).size <= BLOCK_BYTES) return void await this.put(place, await readFile(path), { meta });
    // Blocks of others that were begun here have other names; all of a blob are of one length.
    const own = randomUUID();
    const id = (index: number): string => Buffer.from(`${own}-${String(index).padStart(5, "0")}`).toString("base64");
    const shown = this.address(place);
    const count = await piecesOf(path, { bytes: BLOCK_BYTES, most: MOST_BLOCKS, inFlight: IN_FLIGHT }, (body, index) => this.#client.send({ method: "PUT", ...place, shown, body, query: { comp: "block", blockid: id(index) }, expect: [201] }, discard));
    const list = Buffer.from(`<?xml version="1.0" encoding="utf-8"?><BlockList>${Array.from({ length: count }, (_, i) => `<Latest>${id(i)}</Latest>`).join("")}</BlockList>`);
    await this.#client.send({ method: "PUT", ...place, shown, body: list, headers: { "content-type": "application/xml", "x-ms-blob-content-type": "application/octet-stream", ...metaHeaders(meta) }, query: { comp: "blocklist" }, expect: [201] }, discard);
  }
  async copy(from: Place, to: Place): Promise<void> {
    if (await this.#copy(from, to, undefined) !== "there") missingObject(this.address(from));
  }
  remove(place: Place, condition?: Condition): Promise<void> {
    return this.#client.send({ method: "DELETE", ...place, shown: this.address(place), headers: conditionHeaders(condition), expect: [202, 404, ...TAKEN] }, discard);
  }
  async begin(place: Place, stage: Place, meta: Meta): Promise<Upload> {
    return stagedUpload(this, (from, to, condition) => this.#copy(from, to, condition), place, stage, meta);
  }
  /** What was sent and not committed Azure lets go of by itself, after a week. */
  begun(): Promise<readonly Begun[]> {
    return Promise.resolve([]);
  }
  revoke(_place: Place, stage: Place): Promise<void> {
    return revokeStaged(this, stage);
  }

  /** What is kept with it is copied too. */
  async #copy(from: Place, to: Place, condition: Condition | undefined): Promise<"there" | "taken" | "gone"> {
    const shown = this.address(to);
    const begun = await this.#client.send({ method: "PUT", ...to, shown, headers: { "x-ms-copy-source": this.#client.source(from.bucket, from.key), ...conditionHeaders(condition) }, expect: [202, 404, ...TAKEN] }, (answer) => {
      discard(answer);
      return answer.status === 202 ? String(answer.headers["x-ms-copy-status"]) : answer.status === 404 ? "gone" : "taken";
    });
    if (begun === "gone" || begun === "taken") return begun;
    let state: string | undefined = begun;
    for (let looks = 0; state === "pending" && looks < LOOKS; looks++) {
      await sleep(LOOK_MS);
      state = await this.#head(to, (answer) => String(answer.headers["x-ms-copy-status"]));
    }
    if (state !== "success") throw batchError("batch-source-unavailable", `${shown} cannot be copied: ${String(state).replace(/\W/g, "").slice(0, 40)}`, { where: shown, hint: "Go on with --resume." });
    return "there";
  }
}

/** Names of what is kept with a blob are those of variables in C#. */
function metaName(name: string): string {
  return `x-ms-meta-${name.replaceAll("-", "_")}`;
}
function metaHeaders(meta: Meta = {}): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(meta).map(([name, value]) => [metaName(name), value]));
}
function conditionHeaders(condition: Condition | undefined): Readonly<Record<string, string>> {
  if (condition === undefined) return {};
  return "nothing" in condition ? { "if-none-match": "*" } : { "if-match": condition.etag };
}
function childOf(element: XmlElement | undefined, name: string): XmlElement | undefined {
  return element?.children.find((child) => child.name === name);
}
function parsed(bytes: Uint8Array, shown: string): XmlElement {
  try {
    return readXml(bytes, { bytes: MAX_DOCUMENT, elements: 500_000, depth: 20 });
  } catch (cause) {
    throw batchError("batch-source-unavailable", `${shown} does not answer as Azure's storage does`, { where: shown, hint: "Check the endpoint (AZURE_STORAGE_CONNECTION_STRING).", cause });
  }
}
