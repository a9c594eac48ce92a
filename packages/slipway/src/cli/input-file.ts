// What a user's file says of a model's inputs: --inputs inputs.json (names, element types, shapes) and --image image.json
// (how pictures become its tensor).

import { readFile } from "node:fs/promises";
import { readInputSpecs, type InputSpec } from "@slipway/core/convert";
import { parseImageInput, type ImageInput } from "@slipway/core/package";
import { usageError } from "./command.ts";

/** @throws bad-argument, given-inputs */
export async function inputFile(path: string): Promise<InputSpec[]> {
  return readInputSpecs(await read("--inputs", path));
}

/** What is left out is as pictures are taken without it. @throws bad-argument */
export async function imageFile(path: string): Promise<ImageInput> {
  const json = await read("--image", path);
  const usual = { resize: "stretch", filter: "bilinear", order: "rgb", scale: 1 / 255, mean: [0], std: [1] };
  return parseImageInput(typeof json === "object" && json !== null && !Array.isArray(json) ? { ...usual, ...json } : json, "", (message, where) => usageError("bad-argument", `--image ${JSON.stringify(path)}${where === "" ? "" : `, ${where}`}: ${message}`));
}

async function read(option: string, path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as unknown;
  } catch (error) {
    throw usageError("bad-argument", `${option} ${JSON.stringify(path)} cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}
