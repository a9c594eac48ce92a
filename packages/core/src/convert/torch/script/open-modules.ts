// What a layer of torch.nn takes, by its class and parameters: for scripted models, whose files do not tell the shapes of
// their inputs, where the layer's code asks for the number of dimensions before anything else.

import { PyDict, PyObject } from "../../../pickle/index.ts";
import type { ElementType } from "../../../tensor/index.ts";
import { attributesOf, type TorchArchive } from "../archive.ts";
import type { OpenShape } from "../operator.ts";

type Shape = OpenShape["shape"];

/** The sizes of a parameter, also of a part ("self_attn"). */
function parameter(module: PyObject, archive: TorchArchive, name: RegExp, depth = 0): { readonly type: ElementType; readonly shape: readonly number[] } | undefined {
  if (depth > 6) return undefined;
  const attributes = attributesOf(module);
  if (!(attributes instanceof PyDict)) return undefined;
  for (const [key, value] of attributes.entries()) {
    if (typeof key === "string" && name.test(key)) {
      const found = archive.shapeOf(value);
      if (found) return found;
    }
  }
  for (const [, value] of attributes.entries()) {
    const found = value instanceof PyObject && value.className.startsWith("__torch__") ? parameter(value, archive, name, depth + 1) : undefined;
    if (found) return found;
  }
  return undefined;
}

/** undefined: the class says nothing. */
export function openShapeOf(module: PyObject, archive: TorchArchive, constant: (name: string) => unknown): OpenShape | undefined {
  const name = /^__torch__\.torch\.nn\.modules\.\w+\.(?:___torch_mangle_\d+\.)?(\w+)$/.exec(module.className)?.[1];
  if (name === undefined) return undefined;
  const at = (pattern: RegExp, axis: number, shape: (width: number) => Shape): OpenShape | undefined => {
    const found = parameter(module, archive, pattern);
    const width = found?.shape.at(axis);
    return found && typeof width === "number" ? { type: found.type, shape: shape(width) } : undefined;
  };
  const channels = (rank: number): OpenShape | undefined => {
    const told = constant("num_features") ?? constant("num_channels");
    const shape = (width: number): Shape => ["N", width, ...new Array<null>(rank - 2).fill(null)];
    return at(/^(running_mean|weight)$/, 0, shape) ?? (typeof told === "bigint" ? { type: "float", shape: shape(Number(told)) } : undefined);
  };
  const rows = constant("batch_first") === true;
  if (/^(LSTM|GRU|RNN)$/.test(name)) return at(/^weight_ih_l0$/, 1, (width) => [rows ? "N" : null, null, width]);
  if (/^(LSTM|GRU|RNN)Cell$/.test(name)) return at(/^weight_ih$/, 1, (width) => ["N", width]);
  if (/^(MultiheadAttention|Transformer(En|De)coder(Layer)?|Transformer)$/.test(name)) return at(/^in_proj_weight$/, 1, (width) => ["N", null, width]);
  const norm = /^(?:Batch|Instance)Norm(\d)d$/.exec(name);
  if (norm) return channels(Number(norm[1]) === 1 && name.startsWith("Batch") ? 2 : Number(norm[1]) + 2);
  if (name === "GroupNorm") return channels(4);
  if (name === "EmbeddingBag") return { type: "int64", shape: ["N", null] };
  return undefined;
}
