// Pages of a list (distribution-spec 1.1; RFC 8288): the address of the next one, which must be the same registry's.

import { ociError } from "../errors.ts";
import type { HttpAnswer } from "./http-client.ts";

/** @throws oci-redirect */
export function nextPage(answer: HttpAnswer): URL | undefined {
  const header = answer.headers.link;
  if (header === undefined) return undefined;
  const text = String(header).slice(0, 16_384);
  const match = /<([^<>]*)>[^<]*;\s*rel="?next"?/i.exec(text);
  if (!match) return undefined;
  const url = URL.parse(match[1]!, answer.url.href);
  if (!url || url.origin !== answer.url.origin || url.username !== "") throw ociError("oci-redirect", `the next page of a list is said to be at ${JSON.stringify(match[1]!.slice(0, 200))}`, { where: "Link" });
  return url;
}
