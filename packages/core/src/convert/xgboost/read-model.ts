// Any of XGBoost's formats, told by content: JSON, UBJSON, the old binary format, and what pickles hold ("handle"): a
// document of Model and Config, or the old binary format between "CONFIG-offset:" and its settings.

import { readJsonDocument, readUbjson } from "../../formats/index.ts";
import type { Faults } from "../boosted/faults.ts";
import type { XgboostModel } from "./model.ts";
import { readModelBinary } from "./read-binary.ts";
import { readModelDocument } from "./read-document.ts";

const DEEPEST = 64;
const MOST_FEATURES = 1_000_000;
const SNAPSHOT = "CONFIG-offset:";
const read = new WeakMap<Uint8Array, XgboostModel>();

/** @throws malformed-model, unsupported-option, document-*, bytes-truncated */
export function readXgboostModel(bytes: Uint8Array, faults: Faults): XgboostModel {
  const known = read.get(bytes);
  if (known) return known;
  const model = readAny(bytes, faults);
  if (model.features > MOST_FEATURES) throw faults.refuse(`${model.features} features`, `more than ${MOST_FEATURES} cannot be asked one by one`);
  read.set(bytes, model);
  return model;
}

function readAny(bytes: Uint8Array, faults: Faults): XgboostModel {
  const head = String.fromCharCode(...bytes.subarray(0, SNAPSHOT.length));
  if (head === SNAPSHOT) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const end = bytes.length < SNAPSHOT.length + 8 ? NaN : Number(view.getBigInt64(SNAPSHOT.length, true));
    const from = SNAPSHOT.length + 8;
    if (!(end >= 0 && end <= bytes.length - from)) throw faults.malformed("its model ends outside of the file");
    return readModelBinary(bytes.subarray(from, from + end), faults);
  }
  if (head.startsWith("{") && /^\{[LSUilI$#]/.test(head)) return readModelDocument(readUbjson(bytes), faults);
  if (/^\s*\{/.test(head)) return readModelDocument(readJsonDocument(bytes, DEEPEST), faults);
  if (head.startsWith("bs64")) throw faults.refuse("the base64 form of the binary format", "XGBoost 1.0 and later cannot read it either", "Save it again with save_model('model.json').");
  return readModelBinary(bytes, faults);
}
