// What a user's file says of a model's inputs: --inputs inputs.json (names, element types, shapes) and --image image.json
// (how pictures become its tensor).

import { readFile } from "node:fs/promises";
import { readInputSpecs, type InputSpec } from "@slipway/core/convert";
import { parseAudioInput, parseImageInput, type AudioInput, type ImageInput } from "@slipway/core/package";
import { audioPreparation, parsePictureSpec, PICTURE_TASKS, type PictureSpec } from "../runtime/index.ts";
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

/** @throws bad-argument, image-preparation */
export async function audioFile(path: string): Promise<AudioInput> {
  const json = await read("--audio", path);
  if (typeof json === "object" && json !== null && "feature_extractor_type" in json) return audioPreparation(json as Readonly<Record<string, unknown>>, path);
  return parseAudioInput(json, "", (message, where) => usageError("bad-argument", `--audio ${JSON.stringify(path)}${where === "" ? "" : `, ${where}`}: ${message}`));
}

/** A task's name, or a file that tells more. @throws bad-argument */
export async function taskOf(given: string): Promise<PictureSpec> {
  const named = (PICTURE_TASKS as readonly string[]).includes(given);
  const json = named ? given : await read("--task", given);
  return parsePictureSpec(json, (message, where) => usageError("bad-argument", `--task ${JSON.stringify(given)}${where === "" ? "" : `, ${where}`}: ${message}`));
}

/** Its fields are checked where the model is known. @throws bad-argument */
export async function lagsFile(path: string): Promise<{ file: string; json: unknown }> {
  return { file: path, json: await read("--lags", path) };
}

async function read(option: string, path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as unknown;
  } catch (error) {
    throw usageError("bad-argument", `${option} ${JSON.stringify(path)} cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}
