// Images, or sounds, as rows, each a file: decoded as the server does, some at a time; those that are broken are told by name.

import { readFileSync, statSync } from "node:fs";
import { SlipwayError } from "@slipway/core/base";
import { readWav, soundTensor, type AudioTensor } from "@slipway/core/audio";
import type { Signature } from "@slipway/core/package";
import { imageRows, planAudio, soundRows, takesSounds, type ModelInput } from "@slipway/core/predict";
import type { Encoder } from "../../runtime/index.ts";
import { imagesOfQuery, imageTensor } from "../../server/decoding/index.ts";
import { batchError } from "../errors.ts";
import { csvField } from "../output/csv-field.ts";
import type { KeptType } from "../output/rows-writer.ts";
import type { ShardWork } from "../run/messages.ts";
import type { Keep } from "./columns.ts";
import type { GoodRows, RowBlock } from "./row-block.ts";

/** Of tensors that are scored together. */
const PART_VALUES = 2 ** 22;
const MOST_TOGETHER = 64;
/** Of a file. */
const MAX_BYTES = 2 ** 26;
interface FileTensor {
  /** Rows of one form are scored together. */
  readonly form: string;
  readonly data: { readonly length: number };
}
interface FileDecoder {
  readonly decode: (bytes: Uint8Array) => FileTensor;
  readonly toInput: (rows: readonly FileTensor[]) => ModelInput;
}

/** @throws SlipwayError image-unwanted, request-malformed */
function decoderOf(signature: Signature, options: string): FileDecoder {
  if (takesSounds(signature)) {
    const planned = planAudio(signature);
    return {
      decode: (bytes) => { const t = soundTensor(readWav(bytes), planned.input); return { ...t, form: t.shape.join() }; },
      toInput: (rows) => soundRows(rows as unknown as readonly AudioTensor[], planned),
    };
  }
  const planned = imagesOfQuery(signature, new URLSearchParams(options));
  return {
    decode: (bytes) => { const t = imageTensor(bytes, planned.plan); return { ...t, form: `${t.height} x ${t.width}` }; },
    toInput: (rows) => imageRows(rows as unknown as Parameters<typeof imageRows>[0], planned, signature),
  };
}

/** @throws SlipwayError image-unwanted, request-malformed */
export function imageReader(encoder: Encoder, options: string, keep: Keep): { kept: readonly string[]; types: readonly KeptType[]; read: (work: ShardWork) => RowBlock } {
  const { signature } = encoder.plan;
  const { decode, toInput } = decoderOf(signature, options);
  const kept = keep === "none" || (Array.isArray(keep) && !keep.includes("path")) ? [] : ["path"];
  return { kept, types: kept.map(() => "text"), read };

  function read(work: ShardWork): RowBlock {
    const { images } = work as Extract<ShardWork, { images: readonly string[] }>;
    const block: RowBlock = { rows: 0, bad: [], parts: parts(images, () => block) };
    return block;
  }

  function* parts(paths: readonly string[], block: () => RowBlock): Generator<GoodRows> {
    const found = block();
    let together: { readonly row: number; readonly image: FileTensor }[] = [];
    const part = (): GoodRows => {
      const rows = together.map((t) => t.row);
      const { batch } = encoder.encode(toInput(together.map((t) => t.image)), "rows");
      together = [];
      const path = (row: number): string => paths[rows[row]!]!;
      return { batch, rowOf: Int32Array.from(rows), asItWas: (row) => ({ text: path(row) }), keptValue: path, keptCsv: (sink, row) => sink.text(csvField(path(row))) };
    };
    for (const [row, path] of paths.entries()) {
      found.rows++;
      try {
        const image = decode(readImage(path));
        const first = together[0]?.image;
        if (first !== undefined && (signature.tensorRows === "none" || first.form !== image.form || together.length >= MOST_TOGETHER || (together.length + 1) * image.data.length > PART_VALUES)) yield part();
        together.push({ row, image });
      } catch (error) {
        if (!(error instanceof SlipwayError) || error.kind === "internal") throw error;
        found.bad.push({ row, column: null, reason: error.message, text: path });
      }
    }
    if (together.length > 0) yield part();
  }
}

function readImage(path: string): Uint8Array {
  try {
    const { size } = statSync(path);
    if (size > MAX_BYTES) throw batchError("batch-input-damaged", `the file has ${size} bytes; images have at most ${MAX_BYTES}`);
    return readFileSync(path);
  } catch (error) {
    if (error instanceof SlipwayError) throw error;
    throw batchError("batch-input-damaged", `the file cannot be read (${(error as NodeJS.ErrnoException).code ?? "unknown"})`);
  }
}
