// A folder of an image model -> a compiled model whose signature says how pictures become its tensor; a classifier answers
// with labels and probabilities, made in the graph.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { importModel } from "@slipway/core/convert";
import { changeGraph, describeOnnx, wholeModel, type Node, type ValueInfo } from "@slipway/core/onnx";
import { sha256, type AudioInput, type ImageInput, type Output, type Signature } from "@slipway/core/package";
import type { ImportedFile } from "../import-file.ts";
import { siblingsOf } from "../read-sibling.ts";
import { imageError } from "./errors.ts";
import { readImageFolder } from "./image-folder.ts";
import { withTask } from "./with-task.ts";

const MODULES = "modules.json";
const FILES = ["config.json", "preprocessor_config.json", MODULES];
const ML = "ai.onnx.ml";

/** @throws SlipwayError image-folder, image-preparation, onnx-... */
export async function importImage(path: string): Promise<ImportedFile> {
  const { file, className, labels, task, image, audio, size, channels } = readImageFolder(path);
  const networkPath = join(path, file);
  const network = new Uint8Array(readFileSync(networkPath));
  const { bytes } = wholeModel(network, siblingsOf(networkPath));
  const { compiled, producer, format } = importModel(labels === undefined ? bytes : withLabels(bytes, labels, networkPath));
  const signature = labels === undefined ? compiled.signature : { ...compiled.signature, outputs: outputsOf(compiled.signature.outputs, labels) };
  const described = { ...compiled, className, signature: audio === undefined ? withImage(signature, image!, size, networkPath, channels) : withAudio(signature, audio, networkPath) };
  const files = [{ name: file, bytes: network }, ...FILES.filter((name) => name !== MODULES || existsSync(join(path, name))).map((name) => ({ name, bytes: new Uint8Array(readFileSync(join(path, name))) }))];
  const lines = await Promise.all(files.map(async (f) => `${await sha256(f.bytes)}  ${f.name}\n`));
  return {
    imported: { format: `Hugging Face, ${format}`, producer, compiled: task === undefined ? described : withTask(described, task, networkPath) },
    source: { sha256: await sha256(new TextEncoder().encode(lines.join(""))), bytes: files.reduce((n, f) => n + f.bytes.length, 0) }, joined: [],
  };
}

/** The input that takes sounds; a length that the network has fixed is theirs. */
export function withAudio(signature: Signature, audio: AudioInput, where: string): Signature {
  const [input, second] = signature.tensors ?? [];
  const { mel } = audio;
  const rank = mel === undefined ? 2 : 3;
  if (input === undefined || second !== undefined || input.shape.length !== rank || signature.tensorRows === "none") throw imageError("image-preparation", `the network does not take one tensor of sounds, [N, ${mel === undefined ? "samples" : mel.timeFirst ? "frames, bins" : "bins, frames"}]`, { where });
  const fixed = (axis: number): number | undefined => {
    const d = input.shape[axis];
    return typeof d === "number" && d > 0 ? d : undefined;
  };
  if (mel === undefined) {
    const samples = audio.samples ?? fixed(1);
    return { ...signature, tensors: [{ ...input, audio: { ...audio, ...(samples === undefined ? {} : { samples }) } }] };
  }
  const [bins, frames] = mel.timeFirst ? [fixed(2), fixed(1)] : [fixed(1), fixed(2)];
  if (bins !== undefined && bins !== mel.bins) throw imageError("image-preparation", `the network takes ${bins} bins of frequency, and sounds become ${mel.bins}`, { where });
  const told = mel.frames ?? (audio.samples === undefined ? undefined : 1 + Math.floor((audio.samples + (mel.center ? 2 * Math.floor(mel.frame / 2) : 0) - mel.frame) / mel.hop) - (mel.dropLast === true ? 1 : 0));
  if (frames !== undefined && told !== undefined && frames !== told) throw imageError("image-preparation", `the network takes ${frames} frames, and sounds become ${told}`, { where });
  return { ...signature, tensors: [{ ...input, audio: { ...audio, mel: { ...mel, ...(told === undefined && frames !== undefined ? { frames } : {}) } } }] };
}

/** The input that takes pictures, with what is known of them; sizes, and channels, that the network leaves open are those of the folder. */
export function withImage(signature: Signature, image: ImageInput, size: readonly [number, number] | undefined, where: string, channels?: number): Signature {
  const [input, second] = signature.tensors ?? [];
  if (input === undefined || second !== undefined || input.shape.length !== 4) throw imageError("image-preparation", "the network does not take one tensor of images", { where });
  const channelsLast = input.shape[3] === 3 || input.shape[3] === 1;
  const places = channelsLast ? [1, 2] : [2, 3];
  const shape = input.shape.map((d, i) => (typeof d === "number" && d > 0 ? d : places.includes(i) && size !== undefined ? size[places.indexOf(i)]! : i === 1 && !channelsLast && channels !== undefined ? channels : d));
  return { ...signature, tensors: [{ ...input, shape, image }] };
}

/** Softmax, the largest, its name: behind the logits. */
function withLabels(bytes: Uint8Array, labels: readonly string[], where: string): Uint8Array {
  const { outputs, opsets } = describeOnnx(bytes);
  const logits = outputs.find((o) => o.name === "logits") ?? outputs[0];
  if (logits === undefined) throw imageError("image-folder", "the network has no output", { where });
  const node = (opType: string, domain: string, input: string, output: string, attributes: Node["attributes"]): Node => ({ name: `slipway.${opType}`, opType, domain, inputs: [input], outputs: [output], attributes });
  const rows: ValueInfo["shape"] = ["N"];
  return changeGraph(bytes, {
    nodes: new Map(), outputs: new Map(outputs.map((o) => [o.name, null])),
    add: {
      nodes: [
        node("Softmax", "", logits.name, "probabilities", new Map([["axis", { int: 1 }]])),
        node("ArgMax", "", logits.name, "slipway.largest", new Map([["axis", { int: 1 }], ["keepdims", { int: 0 }]])),
        node("LabelEncoder", ML, "slipway.largest", "label", new Map<string, Node["attributes"] extends ReadonlyMap<string, infer A> ? A : never>([["keys_int64s", { ints: labels.map((_, i) => i) }], ["values_strings", { strings: labels }], ["default_string", { string: "" }]])),
      ],
      outputs: [{ name: "label", type: "string", shape: rows }, { name: "probabilities", type: "float", shape: [...rows, labels.length] }],
      opsets: opsets.some((o) => o.domain === ML) ? [] : [{ domain: ML, version: 2 }],
    },
  });
}

function outputsOf(outputs: readonly Output[], labels: readonly string[]): Output[] {
  return outputs.map((o) => (o.name === "label" ? { ...o, kind: "label" as const, rowShape: [], classes: labels } : o.name === "probabilities" ? { ...o, kind: "probabilities" as const, rowShape: [labels.length], columns: labels } : o));
}
