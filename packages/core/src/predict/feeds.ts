// A batch -> the engine's input tensors. Where an input holds all columns of its kind in the batch's order, which the
// packed face makes the usual case, the batch's own memory is handed over.

import { hashElements, MISSING_STRING, normalizeText, type HashedTensor, type Signature, type TextNormalization } from "../package/index.ts";
import { predictError } from "./errors.ts";
import type { Plan } from "./columns.ts";
import type { Batch } from "./encode.ts";
import type { EngineInput, EngineTensor } from "./session.ts";
import { FRAME } from "./picture-frame.ts";
import { tensorRowsOf } from "./tensors.ts";

export interface Feed {
  readonly name: string;
  take(batch: Batch, start: number, count: number): EngineTensor;
}

export function planFeeds(inputs: readonly EngineInput[], columns: ReadonlyMap<string, readonly string[]>, plan: Plan): Feed[] {
  if (plan.signature.layout === "tensors") return tensorFeeds(inputs, plan.signature);
  const slotOf = new Map(plan.slots.map((s) => [s.name, s]));
  const textOf = new Map(plan.signature.textInputs?.map((t) => [t.name, t]));
  return inputs.map((input) => {
    const names = input.name === plan.signature.matrixName ? plan.usedNames : (columns.get(input.name) ?? [input.name]);
    const further = names.map((name) => textOf.get(name));
    const slots = names.map((given, i) => {
      const name = further[i]?.column ?? given;
      const slot = slotOf.get(name);
      if (slot === undefined || (slot.kind === "string") !== (input.type === "string")) {
        throw predictError("runtime-load-failed", `the model's input ${JSON.stringify(input.name)} takes ${input.type} from column ${JSON.stringify(name)}, which its signature ${slot === undefined ? "does not name" : "says is of another type"}`);
      }
      return slot;
    });
    const places = slots.map((s) => s.place);
    return input.type === "string" ? stringFeed(input, places, plan.strings, further.map((t) => t?.normalize)) : numberFeed(input, places, plan.numbers);
  });
}

function tensorFeeds(inputs: readonly EngineInput[], signature: Signature): Feed[] {
  return inputs.map((input) => {
    const hashed = signature.hashedTensors?.find((t) => t.name === input.name);
    if (hashed) return hashedFeed(hashed, signature);
    const place = input.name === FRAME ? (signature.tensors ?? []).length : (signature.tensors ?? []).findIndex((t) => t.name === input.name);
    if (place < 0) throw predictError("runtime-load-failed", `the model takes ${JSON.stringify(input.name)}, which its signature does not name`);
    return { name: input.name, take: (batch, start, count) => tensorRowsOf(batch.tensors![place]!, batch.rows, start, count) };
  });
}

function hashedFeed(hashed: HashedTensor, signature: Signature): Feed {
  const places = hashed.of.map((name) => (signature.tensors ?? []).findIndex((t) => t.name === name));
  if (places.includes(-1)) throw predictError("runtime-load-failed", `the model's input ${JSON.stringify(hashed.name)} is made of a tensor that its signature does not name`);
  return {
    name: hashed.name,
    take: (batch, start, count) => {
      const tensors = places.map((place) => tensorRowsOf(batch.tensors![place]!, batch.rows, start, count));
      return { type: "int64", dims: tensors[0]!.dims, data: hashElements(hashed, tensors.map((t) => t.data as ArrayLike<string | number | bigint>)) };
    },
  };
}

/** `normalize`: what is done to the texts of a place beyond what was done when they were encoded. */
function stringFeed(input: EngineInput, places: readonly number[], width: number, normalize: readonly (readonly TextNormalization[] | undefined)[]): Feed {
  const whole = isWhole(places, width) && normalize.every((steps) => steps === undefined);
  return {
    name: input.name,
    take(batch, start, count) {
      const dims = [count, places.length];
      if (whole) return { type: "string", dims, data: count === batch.rows ? batch.strings : batch.strings.slice(start * width, (start + count) * width) };
      const data: string[] = [];
      for (let row = start; row < start + count; row++) {
        for (let i = 0; i < places.length; i++) {
          const text = batch.strings[row * width + places[i]!]!;
          const steps = normalize[i];
          data.push(steps === undefined || text === MISSING_STRING ? text : normalizeText(text, steps));
        }
      }
      return { type: "string", dims, data };
    },
  };
}

function numberFeed(input: EngineInput, places: readonly number[], width: number): Feed {
  const whole = isWhole(places, width);
  return {
    name: input.name,
    take(batch, start, count) {
      const dims = [count, places.length];
      if (whole) return numberTensor(input.type, batch.numbers.subarray(start * width, (start + count) * width), dims);
      const data = new Float64Array(count * places.length);
      let at = 0;
      for (let row = start; row < start + count; row++) for (const place of places) data[at++] = batch.numbers[row * width + place]!;
      return numberTensor(input.type, data, dims);
    },
  };
}

function isWhole(places: readonly number[], width: number): boolean {
  return places.length === width && places.every((place, i) => place === i);
}

function numberTensor(type: EngineInput["type"], data: Float64Array, dims: readonly number[]): EngineTensor {
  switch (type) {
    case "float32": return { type, dims, data: Float32Array.from(data) };
    case "int64": return { type, dims, data: BigInt64Array.from(data, (v) => BigInt(Math.trunc(v))) };
    case "int32": return { type, dims, data: Int32Array.from(data) };
    case "bool": return { type, dims, data: Uint8Array.from(data) };
    default: return { type: "float64", dims, data };
  }
}
