// multipart/form-data (RFC 7578, RFC 2046) as it arrives: each part goes piece by piece to whoever takes it, so that a model
// of two gigabytes needs no memory. Only what browsers and curl write is read: one level, names and file names in quotes.

import { apiError } from "./errors.ts";

export interface PartHead {
  readonly name: string;
  /** As the sender calls it: no path to write to. */
  readonly file: string | undefined;
}
export interface PartSink {
  write(bytes: Uint8Array): Promise<void>;
  end(): Promise<void>;
}

const MAX_HEAD = 8192;
const MAX_PARTS = 20;
const LINE = Buffer.from("\r\n");
const HEAD_END = Buffer.from("\r\n\r\n");

/** Undefined where the type is another. @throws body-invalid for one without a boundary */
export function formBoundary(contentType: string | undefined): string | undefined {
  if (contentType === undefined || !/^multipart\/form-data\s*(?:;|$)/i.test(contentType)) return undefined;
  const [, quoted, plain] = /;\s*boundary=(?:"([^"\r\n]{1,70})"|([^\s;",]{1,70}))/i.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) throw malformed("its type names no boundary");
  return boundary;
}

/** @throws body-invalid, and what `open` and its sinks throw */
export async function readForm(pieces: AsyncIterable<Uint8Array>, boundary: string, open: (head: PartHead) => Promise<PartSink>): Promise<void> {
  const mark = Buffer.from(`\r\n--${boundary}`);
  // The first boundary may begin the body.
  let held: Buffer = LINE;
  let state: "preamble" | "after-mark" | "head" | "data" | "done" = "preamble";
  let sink: PartSink | undefined;
  let parts = 0;
  /** One step over what is held; false where more has to arrive. */
  const step = async (): Promise<boolean> => {
    switch (state) {
      case "preamble": case "data": {
        const at = held.indexOf(mark);
        const ready = at < 0 ? Math.max(0, held.length - mark.length + 1) : at;
        if (state === "data" && ready > 0) await sink!.write(held.subarray(0, ready));
        held = held.subarray(at < 0 ? ready : at + mark.length);
        if (at < 0) return false;
        if (state === "data") await sink!.end();
        sink = undefined;
        state = "after-mark";
        return true;
      }
      case "after-mark": {
        if (held.length < 2) return false;
        if (held.subarray(0, 2).equals(LINE)) state = "head";
        else if (held.toString("latin1", 0, 2) === "--") state = "done";
        else throw malformed("a boundary is followed by something else than a part or the end");
        // The line's end stays, so that a head without lines has its end as well.
        if (state === "done") held = held.subarray(2);
        return true;
      }
      case "head": {
        const end = held.indexOf(HEAD_END);
        if (end < 0 && held.length > MAX_HEAD) throw malformed(`a part's head has more than ${MAX_HEAD} bytes`);
        if (end < 0) return false;
        if (++parts > MAX_PARTS) throw malformed(`it has more than ${MAX_PARTS} parts`);
        sink = await open(headOf(held.toString("utf8", 0, end)));
        held = held.subarray(end + HEAD_END.length);
        state = "data";
        return true;
      }
      default:
        held = Buffer.alloc(0);
        return false;
    }
  };
  for await (const piece of pieces) {
    held = held.length === 0 ? Buffer.from(piece) : Buffer.concat([held, piece]);
    while (await step());
  }
  // `state` is changed inside step(), which the compiler does not see.
  if ((state as string) !== "done") throw malformed("it ends in the middle");
}

function headOf(text: string): PartHead {
  const disposition = /^content-disposition:\s*form-data(.*)$/im.exec(text)?.[1] ?? "";
  const [, name] = /;\s*name="([^"]{1,200})"/i.exec(disposition) ?? [];
  if (name === undefined) throw malformed("a part has no name");
  return { name, file: /;\s*filename="([^"]{1,400})"/i.exec(disposition)?.[1] };
}

function malformed(why: string): Error {
  return apiError("body-invalid", `the body is not the multipart form that its type says: ${why}`, { hint: "Send it as curl -F model=@model.joblib -F check=@check.csv does." });
}
