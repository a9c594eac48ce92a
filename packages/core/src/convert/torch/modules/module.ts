// A module of a whole-model pickle (torch.save(model)): its class, its settings, its parameters and submodules, as
// torch.nn.Module keeps them. The contract of a layer: the operators it calls in evaluation.

import { PyDict, PyObject, PyTuple, PyList, type PyValue } from "../../../pickle/index.ts";
import { SlipwayError } from "../../../base/index.ts";
import { attributesOf, type TorchArchive } from "../archive.ts";
import { EXPORT_LINE, malformed, shown, torchError } from "../errors.ts";
import type { TorchContext } from "../context.ts";
import { describeValue, ListValue, TensorValue, type TorchValue } from "../values.ts";

export interface Layer {
  /** Class names in torch.nn. */
  readonly names: readonly string[];
  /** Its result depends on whether it trains. */
  readonly trains?: boolean;
  readonly forward: (m: ModuleView, x: TorchValue, c: TorchContext) => TorchValue;
}
export const defineLayer = (layer: Layer): Layer => layer;

const MAX_DEPTH = 50;
const MAX_MODULES = 50_000;

/** What all modules of one file have in common. */
export interface ModuleFile {
  readonly archive: TorchArchive;
  readonly layers: ReadonlyMap<string, Layer>;
  readonly c: TorchContext;
  readonly tensors: Map<PyValue, TensorValue>;
  count: number;
}

export class ModuleView {
  readonly object: PyObject;
  readonly path: string;
  readonly file: ModuleFile;
  readonly #attributes: PyDict;
  readonly #depth: number;

  constructor(object: PyObject, path: string, file: ModuleFile, depth = 0) {
    if (depth > MAX_DEPTH || ++file.count > MAX_MODULES) throw torchError("torch-limit", "the model has too many modules", { where: path });
    this.object = object;
    this.path = path;
    this.file = file;
    this.#attributes = attributesOf(object);
    this.#depth = depth;
  }
  get name(): string {
    return this.object.classGlobal?.name ?? "?";
  }
  get where(): string {
    return `${this.path} (${shown(this.name)})`;
  }
  bad(what: string): SlipwayError {
    return malformed(`${this.where}: ${what}`, this.where);
  }
  refuse(what: string, hint: string = EXPORT_LINE): SlipwayError {
    return torchError("torch-operator", `${this.where}: ${what} is not compiled`, { where: this.where, hint });
  }
  raw(name: string): PyValue | undefined {
    return this.#attributes.get(name);
  }
  /** A setting as a value that operators take. */
  get(name: string, fallback?: TorchValue): TorchValue {
    const value = this.raw(name);
    if (value === undefined) {
      if (fallback !== undefined) return fallback;
      throw this.bad(`it has no ${name}`);
    }
    return this.#plain(value, name);
  }
  #plain(value: PyValue, name: string): TorchValue {
    if (value === null || typeof value !== "object") return value;
    if ((value instanceof PyTuple || value instanceof PyList) && value.items.length <= 100 && value.items.every((i) => i === null || typeof i !== "object")) return new ListValue(value.items as TorchValue[]);
    throw this.bad(`${name} is not a plain value`);
  }
  int(name: string, fallback?: number): number {
    const value = this.get(name, fallback === undefined ? undefined : BigInt(fallback));
    if (typeof value !== "bigint") throw this.bad(`${name} is ${describeValue(value)}`);
    return Number(value);
  }
  bool(name: string, fallback: boolean): boolean {
    const value = this.get(name, fallback);
    if (typeof value !== "boolean") throw this.bad(`${name} is ${describeValue(value)}`);
    return value;
  }
  #member(kind: string, name: string): PyValue | undefined {
    const members = this.raw(kind);
    return members instanceof PyDict ? members.get(name) : undefined;
  }
  /** A parameter or buffer; null where it is None. */
  tensor(name: string): TensorValue | null {
    const value = this.#member("_parameters", name) ?? this.#member("_buffers", name) ?? this.raw(name);
    if (value === undefined || value === null) return null;
    const known = this.file.tensors.get(value);
    if (known) return known;
    const t = this.file.archive.tensorOf(value);
    if (!t) throw this.bad(`${name} is not a tensor`);
    const made = this.file.c.tensor(t, this.file.archive.halfOf(t));
    this.file.tensors.set(value, made);
    return made;
  }
  weight(name = "weight"): TensorValue {
    const t = this.tensor(name);
    if (!t) throw this.bad(`it has no ${name}`);
    return t;
  }
  child(name: string): ModuleView | undefined {
    const value = this.#member("_modules", name);
    return value instanceof PyObject ? this.#view(value, name) : undefined;
  }
  children(): ModuleView[] {
    const members = this.raw("_modules");
    if (!(members instanceof PyDict)) return [];
    return [...members.entries()].flatMap(([name, value]) => (value === null ? [] : [this.#view(value, String(name))]));
  }
  #view(value: PyValue, name: string): ModuleView {
    if (!(value instanceof PyObject)) throw this.bad(`its part ${shown(name)} is no module`);
    return new ModuleView(value, `${this.path}.${shown(name)}`, this.file, this.#depth + 1);
  }
  /** What the module makes of a value in evaluation. */
  apply(x: TorchValue): TorchValue {
    const layer = this.#layer();
    if (layer.trains && this.raw("training") === true) {
      throw torchError("torch-training", `${this.where} was saved in training mode`, { where: this.where, hint: "Call model.eval() and save it again: torch.save(model.eval(), 'model.pt')." });
    }
    this.#refuseHooks();
    try {
      return layer.forward(this, x, this.file.c);
    } catch (error) {
      if (!(error instanceof SlipwayError) || error.where === undefined || error.where.startsWith(this.path) || !error.code.startsWith("torch-")) throw error;
      throw torchError(error.code as "torch-operator", `${this.where}: ${error.message}`, { where: this.where, hint: error.hint, cause: error });
    }
  }
  #layer(): Layer {
    const global = this.object.classGlobal;
    const qualified = global?.qualifiedName ?? "?";
    const standard = /^torch\.nn\.(modules|quantized|qat|intrinsic)\b/.test(global?.module ?? "");
    const layer = standard ? this.file.layers.get(this.name) : undefined;
    if (layer) return layer;
    if (standard) throw this.refuse(`the layer ${shown(qualified)}`);
    throw torchError("torch-custom-module", `${this.path} is a ${shown(qualified)}, a class of someone's own: its code is not in the file, and Slipway would not run it if it were`, { where: this.path, hint: EXPORT_LINE });
  }
  /** Functions that Python would call around forward. */
  #refuseHooks(): void {
    for (const name of ["_forward_hooks", "_forward_pre_hooks"]) {
      const hooks = this.raw(name);
      if (hooks instanceof PyDict && hooks.size > 0) throw this.refuse(`a hook (${name})`, "Remove the hooks (weight_norm and spectral_norm have functions for it) and save the model again.");
    }
    const parametrized = this.child("parametrizations");
    if (parametrized) throw this.refuse("a parametrization", "Call torch.nn.utils.parametrize.remove_parametrizations and save the model again.");
  }
}
