// Whole-module pickles (torch.save(model, path)) of standard layers, and what else torch.save writes: a state_dict, or
// a checkpoint that holds one. PyTorch saves no code: only torch.nn's own classes are known here.

import { PyDict, PyList, PyObject, PyTuple, type PyValue } from "../../../pickle/index.ts";
import type { TorchArchive } from "../archive.ts";
import type { InputSpec } from "../../conversion/given-inputs.ts";
import { EXPORT_LINE, malformed, shown, torchError } from "../errors.ts";
import { followModel, type FollowedModel } from "../follow.ts";
import { torchLayers } from "./layers.ts";
import { ModuleView } from "./module.ts";

export function importModule(archive: TorchArchive, given?: readonly InputSpec[]): FollowedModel {
  const root = archive.pickle("data.pkl", "data")?.value;
  if (root === undefined) throw malformed("the archive holds no data.pkl");
  if (root instanceof PyDict) throw weightsOnly(root, archive);
  if (!(root instanceof PyObject) || !(root.attributes?.get("_modules") instanceof PyDict)) {
    const what = root instanceof PyObject ? (archive.tensorOf(root) ? "a tensor" : shown(root.className)) : root instanceof PyList || root instanceof PyTuple ? "a list" : "a plain value";
    throw torchError("torch-weights-only", `the file holds ${what}, no model`, { hint: `Save weights and network together. ${EXPORT_LINE}` });
  }
  return followModel([{ name: "input", open: undefined }], ([x], c) => {
    const file = { archive, layers: torchLayers, c, tensors: new Map(), count: 0 };
    return new ModuleView(root, "model", file).apply(x!);
  }, root.className, given);
}

const LOAD = "PyTorch saves no code, so the network is not in the file. In Python, where its class is: model = Net(); model.load_state_dict(torch.load('model.pth', weights_only=True)%KEY%); model.eval(); torch.jit.trace(model, example).save('model.pt'), or torch.onnx.export(model, (example,), 'model.onnx').";

/** A state_dict, alone or inside a checkpoint. */
function weightsOnly(root: PyDict, archive: TorchArchive): Error {
  const isWeights = (d: PyValue): boolean => d instanceof PyDict && d.size > 0 && [...d.entries()].some(([k, v]) => typeof k === "string" && v instanceof PyObject && v.className.startsWith("torch._utils._rebuild_") && archive.tensorOf(v) !== undefined);
  if (isWeights(root)) {
    const names = [...root.entries()].slice(0, 4).map(([k]) => shown(String(typeof k === "object" ? "?" : k)));
    return torchError("torch-weights-only", `the file is a state_dict: ${root.size} weights (${names.join(", ")}${root.size > 4 ? " ..." : ""}) without the network's architecture`, { hint: LOAD.replace("%KEY%", "") });
  }
  const key = [...root.entries()].find(([, v]) => isWeights(v))?.[0];
  const named = typeof key === "string" ? shown(key) : undefined;
  return torchError("torch-weights-only", named === undefined ? "the file holds a dict, no model" : `the file is a checkpoint: a dict whose ${JSON.stringify(named)} is a state_dict of weights, without the network's architecture`, {
    hint: LOAD.replace("%KEY%", named === undefined ? "" : `[${JSON.stringify(named)}]`) });
}
