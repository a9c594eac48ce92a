// Pictures and sounds as base64 in JSON: {"image": "..."}, {"audio": "..."}, {"b64": "..."} as TensorFlow Serving has it, the
// input's own name, {"anything": {"b64": "..."}}, data: addresses; one, a list, or a list under records, instances or inputs; a row
// of a table with one cell.

import type { Signature } from "@slipway/core/package";
import { predictError, takesSounds, type ModelInput } from "@slipway/core/predict";
import type { Call } from "../../http/call.ts";

const LISTS = ["records", "instances", "inputs", "images", "sounds"];
const NAMES = ["image", "audio", "b64"];

/** Files of a decoded body; undefined where it holds none. @throws SlipwayError request-shape */
export function encodedFiles(body: unknown, signature: Signature): Uint8Array[] | undefined {
  const [input] = signature.tensors ?? [];
  if (input === undefined || input.type === "string" || signature.tensors!.length !== 1) return undefined;
  const names = [...NAMES, input.name];
  const given = listOf(body, names);
  const texts = given.map((item) => textOf(item, names));
  const first = texts.findIndex((t) => t !== undefined);
  if (first < 0) return undefined;
  const odd = texts.indexOf(undefined);
  if (odd >= 0) throw predictError("request-shape", `item ${first} is a file in base64, and item ${odd} is none`);
  return texts.map((text, i) => decode(text!, i));
}

/** A list may stand under one name, and a file under two: {"instances": [{"image": {"b64": "..."}}]}. */
const DEEPEST = 2;

function listOf(body: unknown, names: readonly string[], depth = 0): readonly unknown[] {
  if (Array.isArray(body)) return body;
  if (typeof body !== "object" || body === null || ArrayBuffer.isView(body)) return [body];
  const keys = Object.keys(body);
  const only = keys.length === 1 ? keys[0]! : undefined;
  if (depth === DEEPEST || only === undefined || names.includes(only) || !LISTS.includes(only)) return [body];
  return listOf((body as Readonly<Record<string, unknown>>)[only], names, depth + 1);
}

function textOf(item: unknown, names: readonly string[], depth = 0): string | undefined {
  if (typeof item === "string") return item;
  if (Array.isArray(item) && item.length === 1 && depth < DEEPEST && typeof item[0] !== "number") return textOf(item[0], names, depth + 1);
  if (typeof item !== "object" || item === null || Array.isArray(item) || ArrayBuffer.isView(item)) return undefined;
  const keys = Object.keys(item);
  if (depth === DEEPEST || keys.length !== 1) return undefined;
  const inner = (item as Readonly<Record<string, unknown>>)[keys[0]!];
  // Each exported model of TensorFlow's calls its input otherwise; what it holds is told by b64.
  return names.includes(keys[0]!) || isB64(inner) ? textOf(inner, names, depth + 1) : undefined;
}

function isB64(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length === 1 && typeof (value as { readonly b64?: unknown }).b64 === "string";
}

const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/;

function decode(text: string, place: number): Uint8Array {
  const comma = text.startsWith("data:") ? text.indexOf(",") : -1;
  if (text.startsWith("data:") && !/^data:[\w./+-]{0,100};base64,/.test(text.slice(0, 200))) throw predictError("request-shape", `file ${place} is a data: address without base64`);
  const encoded = text.slice(comma + 1);
  if (encoded === "" || !BASE64.test(encoded)) throw predictError("request-shape", `file ${place} is no base64`, { hint: 'Send {"image": "<base64 of the file>"}.' });
  return new Uint8Array(Buffer.from(encoded, "base64"));
}

/** Whether files may stand in the place of the model's tensor. */
export function takesFiles({ tensors, tensorRows }: Signature): boolean {
  const [input, second] = tensors ?? [];
  return input !== undefined && second === undefined && input.type !== "string" && (input.audio !== undefined || input.image !== undefined || input.shape.length >= (tensorRows === "none" ? 2 : 3));
}

/** The files that stand at some place of a request; undefined where there are none, or the model takes none. @throws what readFiles throws, at once or later */
export function filesInput(given: unknown, call: Call, signature: Signature): Promise<ModelInput> | undefined {
  if (!takesFiles(signature)) return undefined;
  const files = encodedFiles(given, signature);
  return files === undefined ? undefined : readFiles(files, call, signature);
}

export async function readFiles(files: readonly Uint8Array[], call: Call, signature: Signature): Promise<ModelInput> {
  if (takesSounds(signature)) return (await import("./read-audio.ts")).readSounds(files, call, signature);
  return (await import("./read-image.ts")).readImages(files, call, signature);
}
