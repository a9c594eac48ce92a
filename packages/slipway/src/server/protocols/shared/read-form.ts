// multipart/form-data: one file of rows, images (one a row), or the fields of one row.

import type { Signature } from "@slipway/core/package";
import { type ModelInput, predictError } from "../../../runtime/index.ts";
import { serverError } from "../../errors.ts";
import type { Call } from "../../http/call.ts";
import { kindOfFile, readPart, sniff, unsupported, type BodyOptions, type Part } from "./read-body.ts";

/** @throws SlipwayError body-damaged, request-shape, and what reading the part throws */
export async function readForm(part: Part, call: Call, signature: Signature, options: BodyOptions): Promise<ModelInput> {
  let form: Awaited<ReturnType<Response["formData"]>>;
  try {
    form = await new Response(new Uint8Array(part.bytes), { headers: { "content-type": part.contentType } }).formData();
  } catch (cause) {
    throw serverError("body-damaged", "the body is not the multipart form that its type says", { cause });
  }
  const fields: [string, string][] = [];
  const files: (Part & { name: string })[] = [];
  for (const [name, value] of form as unknown as Iterable<[string, string | File]>) {
    if (typeof value === "string") fields.push([name, value]);
    else {
      const bytes = new Uint8Array(await value.arrayBuffer());
      files.push({ name: value.name, bytes, contentType: value.type, kind: kindOfFile(value.name, value.type) ?? sniff(bytes) });
    }
  }
  if (files.length > 0 && fields.length > 0) throw predictError("request-shape", `the form has files and the field ${JSON.stringify(fields[0]![0].slice(0, 100))}`, { hint: "Send rows as one file, or one row as fields; parameters go into the address." });
  if (fields.length > 0) {
    const twice = fields.find(([name], i) => fields.findIndex(([other]) => other === name) !== i);
    if (twice !== undefined) throw predictError("request-shape", `the form has the field ${JSON.stringify(twice[0].slice(0, 100))} twice`);
    return { kind: "records", records: [Object.fromEntries(fields)], source: "csv" };
  }
  const [file] = files;
  if (file === undefined) throw predictError("request-shape", "the form is empty", { hint: "Send a file of rows, images, or one field a column." });
  if (files.every((f) => f.kind === "image")) return (await import("./read-image.ts")).readImages(files.map((f) => f.bytes), call, signature);
  if (files.every((f) => f.kind === "audio")) return (await import("./read-audio.ts")).readSounds(files.map((f) => f.bytes), call, signature);
  if (files.length > 1) throw predictError("request-shape", `the form has ${files.length} files, and not all are images`, { hint: "Send rows as one file." });
  if (file.kind === undefined || file.kind === "form") throw unsupported(file.contentType || file.name);
  return readPart(file, call, signature, options);
}
