// Where a model's weights are: by position in a .keras file (groups are named after classes and counted), by name in a
// legacy .h5 file (groups are named after layers, and list their weights).

import type { Hdf5Object } from "../../formats/index.ts";
import type { Tensor } from "../../tensor/index.ts";
import { convertError } from "../conversion/errors.ts";

export interface LayerRef {
  readonly className: string;
  readonly name: string;
}

export interface WeightStore {
  /** All variables of a layer, those of its `parts` (members that are layers themselves, as .keras files name them) after each other. */
  tensors(parts: readonly string[]): Tensor[];
  /** The stores of the layers of a model, in its order. */
  children(layers: readonly LayerRef[]): WeightStore[];
  /** The stores of the cells of a StackedRNNCells; `counts` is how many weights each has. */
  cells(cells: readonly LayerRef[], counts: readonly number[]): WeightStore[];
  /** Of a layer inside a wrapper; `place` is which of `count`. `name` is the layer's, where the wrapper has weights of its own. */
  inner(attribute: string, place: number, count: number, name?: string): WeightStore;
  /** A variable of the layer's own that has a name; only .keras files have such. */
  variable(name: string): Tensor | undefined;
  /** A file beside the weights, such as a vocabulary. */
  asset(name: string): Uint8Array | undefined;
}

const MAX_VARIABLES = 10_000;

/** Keras's to_snake_case: "Conv2DTranspose" -> "conv2d_transpose". */
export function snakeCase(name: string): string {
  return name.replace(/\W+/g, "").replace(/(.)([A-Z][a-z]+)/g, "$1_$2").replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase();
}

/** Groups are named after classes and counted. */
function groupNames(layers: readonly LayerRef[]): string[] {
  const used = new Map<string, number>();
  return layers.map(({ className }) => {
    const base = snakeCase(className);
    const times = used.get(base) ?? 0;
    used.set(base, times + 1);
    return times === 0 ? base : `${base}_${times}`;
  });
}

/** .keras files (Keras 2.13 and later). */
export class GroupStore implements WeightStore {
  readonly #group: Hdf5Object | undefined;
  readonly #asset: (path: string) => Uint8Array | undefined;
  readonly #path: string;

  constructor(group: Hdf5Object | undefined, asset: (path: string) => Uint8Array | undefined, path = "") {
    this.#group = group;
    this.#asset = asset;
    this.#path = path;
  }
  #below(path: string): GroupStore {
    return new GroupStore(this.#group?.get(path), this.#asset, this.#path === "" ? path : `${this.#path}/${path}`);
  }
  tensors(parts: readonly string[]): Tensor[] {
    return parts.flatMap((part) => {
      // Keras 2 kept some members under names that begin with an underscore.
      const variables = part === "" ? this.#group?.get("vars") : (this.#group?.get(`${part}/vars`) ?? this.#group?.get(`_${part}/vars`));
      const names = variables?.keys().filter((k) => /^\d{1,5}$/.test(k)).sort((a, b) => Number(a) - Number(b)) ?? [];
      if (names.length > MAX_VARIABLES) throw convertError("malformed-model", `a layer has ${names.length} variables`);
      return names.map((name) => variables!.get(name)!.read());
    });
  }
  children(layers: readonly LayerRef[]): WeightStore[] {
    const own = groupNames(layers);
    // Keras 2.12 and 2.13 named groups after layers.
    return layers.map(({ name }, i) => {
      const path = ["layers", "_layer_checkpoint_dependencies"].flatMap((g) => [`${g}/${own[i]!}`, `${g}/${name}`]).find((at) => this.#group?.get(at));
      return this.#below(path ?? `layers/${own[i]!}`);
    });
  }
  cells(cells: readonly LayerRef[]): WeightStore[] {
    return groupNames(cells).map((own, i) => this.#below(this.#group?.get(`cells/${own}`) ? `cells/${own}` : `cells/${cells[i]!.name}`));
  }
  inner(attribute: string): WeightStore {
    return this.#below(attribute);
  }
  variable(name: string): Tensor | undefined {
    return this.#group?.get(`vars/${name}`)?.read();
  }
  asset(name: string): Uint8Array | undefined {
    return this.#asset(`assets/${this.#path}/${name}`);
  }
}

interface Named {
  /** "inner/dense_1/kernel:0" as parts. */
  readonly path: readonly string[];
  readonly dataset: Hdf5Object;
}

/** Legacy .h5 files: the top level. */
export class H5Store implements WeightStore {
  readonly #root: Hdf5Object;
  constructor(root: Hdf5Object) {
    this.#root = root;
  }
  tensors(): Tensor[] {
    return [];
  }
  children(layers: readonly LayerRef[]): WeightStore[] {
    return layers.map(({ name }) => {
      const group = this.#root.member(name);
      return new NamedStore(group ? weightNames(group).map((weight) => {
        const dataset = group.get(weight);
        if (!dataset?.isDataset) throw convertError("malformed-model", `the file lists the weight ${JSON.stringify(weight)}, but does not hold it`, { where: group.path });
        return { path: weight.split("/"), dataset };
      }) : []);
    });
  }
  cells(): WeightStore[] {
    return [];
  }
  inner(): WeightStore {
    return this;
  }
  variable(): undefined {
    return undefined;
  }
  asset(): undefined {
    return undefined;
  }
}

/** Long lists of names are kept in pieces: weight_names0, weight_names1 ... */
function weightNames(group: Hdf5Object): string[] {
  const text = (t: Tensor | undefined): string[] => (t?.type === "string" ? [...(t as Tensor<"string">).data] : []);
  const whole = group.attribute("weight_names");
  if (whole) return text(whole);
  const pieces: string[] = [];
  for (let i = 0; i < 1000; i++) {
    const piece = group.attribute(`weight_names${i}`);
    if (!piece) break;
    pieces.push(...text(piece));
  }
  return pieces;
}

class NamedStore implements WeightStore {
  readonly #weights: readonly Named[];
  constructor(weights: readonly Named[]) {
    this.#weights = weights;
  }
  tensors(): Tensor[] {
    return this.#weights.map((w) => w.dataset.read());
  }
  children(layers: readonly LayerRef[]): WeightStore[] {
    return layers.map(({ name }) => new NamedStore(this.#weights.filter((w) => w.path.slice(0, -1).includes(name))));
  }
  cells(_cells: readonly LayerRef[], counts: readonly number[]): WeightStore[] {
    let at = 0;
    return counts.map((count) => new NamedStore(this.#weights.slice(at, (at += count))));
  }
  inner(_attribute: string, place: number, count: number, name?: string): WeightStore {
    if (name !== undefined) return new NamedStore(this.#weights.filter((w) => w.path.slice(0, -1).includes(name)));
    const each = this.#weights.length / count;
    return new NamedStore(this.#weights.slice(place * each, (place + 1) * each));
  }
  variable(): undefined {
    return undefined;
  }
  asset(): undefined {
    return undefined;
  }
}
