// Files behind http:// and https:// addresses. Redirects are followed a few times; what a user's address says of who asks is not
// sent on to other hosts.

import { discard, type HttpAnswer } from "../../oci/index.ts";
import { batchError } from "../errors.ts";
import { versionOf } from "./object-store.ts";
import type { RemoteObject } from "./remote-object.ts";
import type { Web } from "./web.ts";

const MAX_REDIRECTS = 5;
/** Parameters of an address that are as good as a password. */
const SECRET = /(?:^|[-_.])(?:sig|signature|token|key|secret|password|credential|accesskeyid|awsaccesskeyid|policy|auth|code)$/i;

/** @throws SlipwayError batch-source-address, batch-input-missing, batch-source-... */
export async function httpObject(web: Web, address: string): Promise<RemoteObject> {
  const url = URL.parse(address);
  if (url === null || !/^https?:$/.test(url.protocol)) throw batchError("batch-source-address", `${JSON.stringify(shownAddress(address))} is no address`);
  const source = new HttpSource(web, url);
  await source.look();
  return source;
}

/** Without a user, a password, and what a query may hold in their place. */
export function shownAddress(address: string): string {
  const url = URL.parse(address);
  if (url === null) return address.replace(/\/\/[^/@]*@/, "//...@").slice(0, 200);
  if (url.username !== "" || url.password !== "") [url.username, url.password] = ["", ""];
  for (const name of Array.from(url.searchParams.keys())) if (SECRET.test(name)) url.searchParams.set(name, "...");
  url.hash = "";
  return url.href;
}

class HttpSource implements RemoteObject {
  readonly shown: string;
  bytes: number | undefined;
  version: string | undefined;
  ranges = false;
  readonly #web: Web;
  readonly #url: URL;
  readonly #authorization: string | undefined;

  constructor(web: Web, url: URL) {
    this.#web = web;
    this.shown = shownAddress(url.href);
    this.#authorization = url.username === "" && url.password === "" ? undefined : `Basic ${Buffer.from(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`).toString("base64")}`;
    this.#url = new URL(url);
    [this.#url.username, this.#url.password, this.#url.hash] = ["", "", ""];
  }

  /** Its first byte is asked for: that tells more than HEAD, which not every server answers. */
  async look(): Promise<void> {
    await this.#follow([0, 0], [200, 206, 416], (answer) => {
      this.version = versionOf(answer);
      const total = /\/(\d{1,15})$/.exec(answer.headers["content-range"] ?? "")?.[1];
      const length = answer.headers["content-length"];
      this.ranges = answer.status === 206 && total !== undefined;
      this.bytes = answer.status === 416 ? 0 : answer.status === 206 ? (total === undefined ? undefined : Number(total)) : length !== undefined && /^\d{1,15}$/.test(length) ? Number(length) : undefined;
      discard(answer);
    });
  }
  ask<T>(range: readonly [number, number] | undefined, read: (answer: HttpAnswer) => Promise<T>): Promise<T> {
    return this.#follow(range, range === undefined ? [200] : [200, 206], read);
  }

  async #follow<T>(range: readonly [number, number] | undefined, expect: readonly number[], read: (answer: HttpAnswer) => Promise<T> | T): Promise<T> {
    let url = this.#url;
    for (let redirects = 0; ; redirects++) {
      const here = url;
      const headers = { ...(range === undefined ? {} : { range: `bytes=${range[0]}-${range[1]}` }), ...(this.#authorization !== undefined && here.origin === this.#url.origin ? { authorization: this.#authorization } : {}) };
      const found = await this.#web.ask({
        shown: this.shown, expect: [...expect, 301, 302, 303, 307, 308],
        request: () => ({ method: "GET", url: here, headers, expectedBytes: range === undefined ? this.bytes ?? 0 : range[1] - range[0] + 1 }),
      }, async (answer) => {
        if (answer.status < 300 || answer.status >= 400) return { value: await read(answer) };
        discard(answer);
        return { location: answer.headers.location };
      });
      if ("value" in found) return found.value as T;
      const next = URL.parse(found.location ?? "", here.href);
      if (next === null || !/^https?:$/.test(next.protocol) || (here.protocol === "https:" && next.protocol === "http:")) throw batchError("batch-source-unavailable", `${this.shown} sends on to no address that is followed`, { where: this.shown, hint: "From https:// nothing is followed to http://." });
      if (redirects >= MAX_REDIRECTS) throw batchError("batch-source-unavailable", `${this.shown} sends on more than ${MAX_REDIRECTS} times`, { where: this.shown });
      url = next;
    }
  }
}
