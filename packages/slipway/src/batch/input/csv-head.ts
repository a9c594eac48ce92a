// The first line of a CSV: the columns' names, and what stands between fields.

import { CsvReader } from "../../runtime/index.ts";
import { batchError } from "../errors.ts";

/** Names in longer first lines are not looked for. */
const MAX_HEAD = 2 ** 22;
const DELIMITERS = [",", ";", "\t", "|"] as const;

export interface CsvHead {
  readonly names: readonly string[];
  readonly delimiter: string;
  /** Bytes of it, with its line end and a byte order mark before it. */
  readonly size: number;
}

/** `start`: bytes from the file's beginning; undefined where its first line is longer. @throws SlipwayError batch-input-damaged */
export function csvHead(start: Buffer, path: string, delimiter?: string): CsvHead | undefined {
  if (start[0] === 0xff && start[1] === 0xfe) throw batchError("batch-input-damaged", `${path} is UTF-16, not UTF-8`, { where: path, hint: "Save it as UTF-8; nothing is guessed." });
  const mark = start[0] === 0xef && start[1] === 0xbb && start[2] === 0xbf ? 3 : 0;
  let quoted = false;
  const counts = new Map<number, number>(DELIMITERS.map((d) => [d.charCodeAt(0), 0]));
  for (let at = mark; at < start.length; at++) {
    const c = start[at]!;
    if (c === 0x22) quoted = !quoted;
    else if (quoted) continue;
    else if (c === 0x0a) {
      const text = start.toString("utf8", mark, at).replace(/\r$/, "");
      const found = delimiter ?? String.fromCharCode([...counts].reduce((a, b) => (b[1] > a[1] ? b : a))[0]);
      let names: string[] = [];
      const reader = new CsvReader((fields) => (names = fields.map((f) => (f ?? "").trim())), { delimiter: found });
      reader.push(text);
      reader.end();
      if (names.length === 0) throw batchError("batch-input-damaged", `${path}: the first line is empty; it names the columns`, { where: path });
      return { names, delimiter: found, size: at + 1 };
    } else if (counts.has(c)) counts.set(c, counts.get(c)! + 1);
  }
  if (start.length > MAX_HEAD) throw batchError("batch-input-damaged", `${path}: the first line has more than ${MAX_HEAD} bytes`, { where: path, hint: "The first line names the columns; lines end in LF or CR LF." });
  return undefined;
}
