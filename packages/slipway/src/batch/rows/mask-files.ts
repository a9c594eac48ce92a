// Masks of a run over pictures as PNG files in a folder: the name of the picture, below the folder that all pictures have in common.

import { mkdirSync } from "node:fs";
import { dirname, extname, join, relative } from "node:path";
import { MASK, type Mask, type Prediction } from "@slipway/core/predict";
import { maskPng } from "../../server/decoding/index.ts";
import { batchError } from "../errors.ts";
import { commitFile } from "../run/files.ts";
import type { GoodRows } from "./row-block.ts";

export interface MaskPlace {
  readonly folder: string;
  /** What all pictures' paths begin with. */
  readonly root: string;
}

/** @throws SlipwayError batch-masks where two pictures would have the same mask */
export function maskPlace(folder: string, pictures: readonly string[], root: string = commonFolder(pictures)): MaskPlace {
  const place = { folder, root };
  const taken = new Map<string, string>();
  for (const picture of pictures) {
    const name = maskName(place, picture);
    const other = taken.get(name);
    if (other !== undefined) throw batchError("batch-masks", `the masks of ${other} and of ${picture} would both be ${name}`, { where: picture, hint: "Give one of both another name, or score them in two runs." });
    taken.set(name, picture);
  }
  return place;
}

/** Writes the masks of what was scored; a file is there whole or not at all. @throws SlipwayError batch-masks, batch-output-failed */
export function writeMasks(place: MaskPlace, rows: GoodRows, prediction: Prediction): void {
  const data = prediction.outputs.find((o) => o.output.name === MASK && o.output.kind === "mask")?.data as readonly string[] | undefined;
  if (data === undefined) throw batchError("batch-masks", "the model gives no masks, or they are not among the outputs", { hint: "--masks is for models that segment (slipway pack --task segmentation)." });
  for (let row = 0; row < prediction.rows; row++) {
    if (prediction.refused?.has(row) === true) continue;
    const path = maskName(place, rows.asItWas(row).text!);
    mkdirSync(dirname(path), { recursive: true });
    commitFile(path, maskPng(JSON.parse(data[row]!) as Mask));
  }
}

function maskName({ folder, root }: MaskPlace, picture: string): string {
  const inside = relative(root, picture);
  return join(folder, `${inside.slice(0, inside.length - extname(inside).length)}.png`);
}

function commonFolder(paths: readonly string[]): string {
  let common = dirname(paths[0] ?? ".");
  for (const path of paths) while (relative(common, path).startsWith("..")) common = dirname(common);
  return common;
}
