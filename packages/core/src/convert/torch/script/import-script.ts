// TorchScript archives (torch.jit.save of a traced or scripted module): code/*.py, data.pkl (the module's attributes),
// constants.pkl and one file for each storage.

import { PyDict, PyList, PyObject, PyTuple, type PyValue } from "../../../pickle/index.ts";
import { attributesOf, type TorchArchive } from "../archive.ts";
import type { InputSpec } from "../../conversion/given-inputs.ts";
import { EXPORT_LINE, malformed, shown, torchError } from "../errors.ts";
import { followModel, type FollowedModel, type ModelInput } from "../follow.ts";
import type { OpenShape } from "../operator.ts";
import { ScriptCode } from "./code.ts";
import { Evaluator } from "./evaluate.ts";

export function importScript(archive: TorchArchive, given?: readonly InputSpec[]): FollowedModel {
  const file = archive.pickle("data.pkl", "data");
  const root = file?.value;
  if (!(root instanceof PyObject) || !root.className.startsWith("__torch__")) throw malformed("data.pkl holds no module");
  const constants = archive.pickle("constants.pkl", "constants")?.value ?? null;
  const code = new ScriptCode(archive);
  const forward = code.method(root.className, "forward");
  if (!forward) throw malformed(`the archive holds no code for ${shown(root.className)}.forward`);
  const params = forward.params.slice(1);
  const shapes = tracedShapes(archive);
  const inputs: ModelInput[] = [];
  for (const [i, p] of params.entries()) {
    if (p.type === "Tensor") inputs.push({ name: p.name, open: shapes?.[i] });
    else if (!p.fallback) throw torchError("torch-operator", `forward takes ${shown(p.name)} as ${shown(p.type) || "no tensor"}; only tensors are taken`, { where: forward.file, hint: EXPORT_LINE });
    else break;
  }
  const named = inputs.length === 1 ? [{ ...inputs[0]!, name: "input" }] : inputs;
  return followModel(named, (values, c) => {
    // The file's own version number stayed 3 where no operator asked for more; the byte order is told since PyTorch 2.1.
    c.mayBeOld = !archive.has("byteorder") && !archive.has(".data/serialization_id");
    const version = Number(archive.text("version")?.trim() ?? archive.text(".data/version")?.trim());
    c.dividesWhole = version >= 1 && version < 4;
    c.trains = attributesOf(root).get("training") === true;
    return new Evaluator(archive, code, constants, c).forward(root, values);
  }, root.className.replace(/^__torch__\.(___torch_mangle_\d+\.)?/, ""), given);
}

/** traced_inputs.pkl, of newer versions: what forward was traced with. */
function tracedShapes(archive: TorchArchive): (OpenShape | undefined)[] | undefined {
  if (!archive.has("traced_inputs.pkl")) return undefined;
  const unwrap = (v: PyValue | undefined): PyValue | undefined => (v instanceof PyObject && v.className === "torch.jit._pickle.restore_type_tag" ? v.args.items[0] : v);
  const dict = unwrap(archive.pickle("traced_inputs.pkl", "traced_inputs")?.value);
  const list = dict instanceof PyDict ? unwrap(dict.get("forward")) : undefined;
  if (!(list instanceof PyList) && !(list instanceof PyTuple)) return undefined;
  const found = list.items.map((item) => archive.shapeOf(item));
  // The rows are free: the first size, where all agree on it. A vector has rows where it is whole numbers or stands beside a matrix.
  const rows = found.find((f) => f && f.shape.length > 1)?.shape[0];
  const free = (f: { readonly type: string; readonly shape: readonly number[] }): boolean => (f.shape.length > 1 ? true : f.shape.length === 1 && (rows === undefined ? f.type === "int64" || f.type === "int32" : f.shape[0] === rows));
  const shared = new Set(found.flatMap((f) => (f && free(f) ? [f.shape[0]] : []))).size <= 1;
  return found.map((f) => f && { type: f.type, shape: free(f) ? [shared ? "N" : null, ...f.shape.slice(1)] : f.shape });
}
