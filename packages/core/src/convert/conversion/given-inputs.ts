// Graph inputs that the caller fixes (names, element types, shapes), as skl2onnx's initial types do. Each gives one or more
// raw columns: a tensor [N, k] gives k, a vector [N] one, a map one for each key that the model knows.

import { ONNX_TYPE, type Dim, type GraphBuilder, type MapKeys, type Value } from "../../onnx/index.ts";
import type { ElementType } from "../../tensor/index.ts";
import type { Conversion } from "./conversion.ts";
import type { RawSource } from "./raw-column.ts";
import { convertError } from "./errors.ts";
import { Frame } from "./frame.ts";
import type { InputShape } from "../input-shape.ts";

export interface InputSpec {
  readonly name: string;
  readonly elem: ElementType;
  /**
   * null: not known. The first dimension is that of the rows; [] and [null] are a vector of one number or text a row.
   * Left out: whatever the model takes, texts as a vector.
   */
  readonly shape?: readonly (number | null)[];
  /** A map of one row, from keys of this type. */
  readonly mapKey?: "string" | "int64";
}

/** A map input, which the graph under construction sees as the tensor `part`. */
export interface GivenMap {
  readonly name: string;
  readonly part: string;
  readonly keys: MapKeys;
}

interface Given {
  readonly spec: InputSpec;
  readonly width: number;
  /** Its first raw column. */
  readonly first: number;
  /** [N, width], as it came and cast. */
  readonly value: Value;
  readonly cast: Map<ElementType, Value>;
}

const MAX_WIDTH = 1_000_000;

export class GivenInputs implements RawSource {
  readonly maps: GivenMap[] = [];
  readonly #graph: GraphBuilder;
  readonly #given: Given[] = [];
  /** Names of the columns, in the order of the inputs. */
  readonly #names: string[] = [];

  /** @throws given-inputs when they cannot be what the model takes */
  constructor(graph: GraphBuilder, specs: readonly InputSpec[], shape: InputShape | undefined) {
    this.#graph = graph;
    const wanted = shape?.kind === "columns" ? shape.names.length : shape?.kind === "matrix" ? shape.width : shape ? 1 : undefined;
    const known = specs.reduce((n, spec) => n + (width(spec) ?? 0), 0);
    for (const spec of specs) {
      const found = width(spec) ?? (spec.mapKey === undefined ? (wanted ?? 1) - known : (wanted ?? 0));
      if (!Number.isSafeInteger(found) || found < 1 || found > MAX_WIDTH) {
        throw convertError("given-inputs", `the input ${JSON.stringify(spec.name)} has ${found} columns`, {
          where: spec.name, hint: wanted === undefined ? "Give its shape: [null, number of columns]." : `The model takes ${wanted} columns in all.` });
      }
      const names = spec.mapKey !== undefined && shape?.kind === "columns" ? shape.names : found === 1 ? [spec.name] : Array.from({ length: found }, (_, i) => `${spec.name}_${i}`);
      this.#given.push({ spec, width: found, first: this.#names.length, value: this.#input(spec, found, names), cast: new Map() });
      this.#names.push(...names);
    }
  }
  get specs(): readonly InputSpec[] {
    return this.#given.map((g) => g.spec);
  }

  #input(spec: InputSpec, found: number, keys: readonly string[]): Value {
    if (spec.mapKey !== undefined) {
      const part = `${spec.name}.row`;
      this.maps.push({ name: spec.name, part, keys: spec.mapKey === "string" ? { type: "string", values: keys } : { type: "int64", values: keys.map((k) => wholeNumber(k, spec)) } });
      return this.#graph.op("Reshape", [this.#graph.input(part, spec.elem, ["N", found]), this.#constant([-1, found])]);
    }
    const given = spec.shape ?? (found === 1 && spec.elem === "string" ? [null] : [null, found]);
    const dims = given.map((d, i): Dim => (i === 0 ? (d ?? "N") : i === 1 ? found : d));
    const value = this.#graph.input(spec.name, spec.elem, dims.length === 0 ? ["N"] : dims);
    return dims.length === 2 ? value : this.#graph.op("Reshape", [value, this.#constant([-1, found])]);
  }
  #constant(values: readonly number[]): Value {
    return this.#graph.constant({ type: "int64", shape: [values.length], data: BigInt64Array.from(values, BigInt) });
  }

  /** The raw columns, in the order in which the model was fitted: by name where the names agree, else by place. */
  frame(c: Conversion, shape: InputShape | undefined): Frame {
    const columns = this.#given.flatMap((g) => Array.from({ length: g.width }, (_, i) => c.addColumn(this.#names[g.first + i]!, g.spec.elem === "string" ? "string" : "number")));
    const total = columns.length;
    if (shape?.kind === "columns") {
      const places = shape.names.map((name) => this.#names.indexOf(name));
      if (places.every((p) => p >= 0)) return renamed(c.rawFrame(places), shape.names);
      if (total === shape.names.length) return renamed(c.rawFrame(columns), shape.names);
      throw convertError("given-inputs", `the inputs have ${total} columns, the model takes ${shape.names.length}: ${shape.names.slice(0, 10).join(", ")}${shape.names.length > 10 ? ", ..." : ""}`, {
        hint: "Name the inputs as the columns of the data frame, or give as many columns in the same order." });
    }
    const wanted = shape?.kind === "matrix" ? shape.width : shape ? 1 : total;
    if (wanted !== total) throw convertError("given-inputs", `the inputs have ${total} columns, the model takes ${wanted}`);
    return c.rawFrame(columns);
  }

  pick(columns: readonly number[], kind: "number" | "string"): Value {
    const type: ElementType = kind === "number" ? "double" : "string";
    const parts: Value[] = [];
    for (let i = 0; i < columns.length; ) {
      const given = this.#given.find((g) => columns[i]! < g.first + g.width)!;
      const places: number[] = [];
      for (; i < columns.length && columns[i]! >= given.first && columns[i]! < given.first + given.width; i++) places.push(columns[i]! - given.first);
      const whole = places.length === given.width && places.every((p, k) => p === k);
      const value = this.#cast(given, type);
      parts.push(whole ? value : this.#graph.op("Gather", [value, this.#constant(places)], { axis: 1 }));
    }
    return parts.length === 1 ? parts[0]! : this.#graph.op("Concat", parts, { axis: 1 });
  }
  #cast(given: Given, type: ElementType): Value {
    const { value, cast } = given;
    if (value.type === type) return value;
    let found = cast.get(type);
    if (!found) cast.set(type, (found = this.#graph.op("Cast", [value], { to: ONNX_TYPE[type] })));
    return found;
  }
}

/** undefined: not given. */
function width(spec: InputSpec): number | undefined {
  if (spec.mapKey !== undefined || spec.shape === undefined) return undefined;
  if (spec.shape.length > 2) throw convertError("given-inputs", `the input ${JSON.stringify(spec.name)} has ${spec.shape.length} dimensions; a table has one or two`, { where: spec.name });
  return spec.shape.length < 2 ? 1 : (spec.shape[1] ?? undefined);
}

function wholeNumber(key: string, spec: InputSpec): bigint {
  if (!/^-?\d{1,18}$/.test(key)) throw convertError("given-inputs", `the model's key ${JSON.stringify(key)} is not a whole number`, { where: spec.name });
  return BigInt(key);
}

function renamed(frame: Frame, names: readonly string[]): Frame {
  return new Frame(frame.blocks.map((block, i) => ({ ...block, features: [{ ...block.features[0]!, name: names[i]! }] } as typeof block)));
}
