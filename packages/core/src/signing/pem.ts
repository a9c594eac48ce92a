// PEM (RFC 7468): labelled base64 between dashes, 64 characters a line.

import { fromBase64, toBase64 } from "./bytes.ts";

export interface PemBlock {
  readonly label: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const MAX_PEM = 1 << 20;

/** The blocks of a text; what stands between them is ignored. Empty when there are none or one is broken. */
export function readPem(text: string): PemBlock[] {
  if (text.length > MAX_PEM) return [];
  const blocks: PemBlock[] = [];
  const begin = /-----BEGIN ([A-Z0-9 ]{1,64})-----/g;
  for (let found = begin.exec(text); found !== null; found = begin.exec(text)) {
    const end = text.indexOf(`-----END ${found[1]!}-----`, begin.lastIndex);
    if (end < 0) return [];
    const bytes = fromBase64(text.slice(begin.lastIndex, end).replace(/[\r\n\t ]+/g, ""));
    if (bytes === undefined || bytes.length === 0) return [];
    blocks.push({ label: found[1]!, bytes });
    begin.lastIndex = end;
  }
  return blocks;
}

export function writePem(label: string, bytes: Uint8Array): string {
  const lines = toBase64(bytes).match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
