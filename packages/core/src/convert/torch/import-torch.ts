// PyTorch files: TorchScript archives, whole-module pickles and torch.export archives are compiled; weights alone are not
// a model. Nothing in them is run: code is read as text and followed, classes are known by name.

import type { ImportedModel, ImportOptions } from "../imported.ts";
import { TorchArchive } from "./archive.ts";
import { malformed, torchError } from "./errors.ts";
import { importExported, isExported } from "./exported/import-exported.ts";
import { importModule } from "./modules/import-module.ts";
import { importScript } from "./script/import-script.ts";

/** @throws torch-*, zip-*, pickle-* */
export function importTorch(bytes: Uint8Array, { inputs }: ImportOptions = {}): ImportedModel {
  const archive = new TorchArchive(bytes);
  if (archive.zip.names.some((n) => n.startsWith(`${archive.root}code/`)) && archive.has("constants.pkl")) return { format: "PyTorch, TorchScript", compiled: importScript(archive, inputs), producer: {} };
  if (isExported(archive)) return { format: "PyTorch, torch.export", compiled: importExported(archive), producer: {} };
  if (archive.has("data.pkl")) return { format: "PyTorch", compiled: importModule(archive, inputs), producer: {} };
  throw malformed("the archive holds neither a module nor code");
}

/** What a file of torch.save before 1.6 begins with: a number as a pickle of its own. */
export const OLD_TORCH = 0x1950a86a20f9469cfc6cn;
export function oldTorch(): Error {
  return torchError("torch-operator", "the file is of torch.save's old format (before PyTorch 1.6), which is not read", {
    hint: "Save it again with a newer PyTorch: torch.save(torch.load('model.pt', weights_only=False), 'model.pt'). If it holds weights only (a state_dict), export the network with torch.onnx.export(model, (example,), 'model.onnx')." });
}
