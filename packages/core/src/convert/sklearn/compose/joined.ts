// Preprocessing that was saved beside the model: transformers of files of their own, and the model last or not at all.
// No file holds this object; compile-joined.ts makes it, after it has found out what each step takes.
// As in a notebook, the model may have been fitted on a data frame that was given the columns' names again.

import { PyDict, PyGlobal, PyList, PyObject, PyTuple, type PyValue } from "../../../pickle/index.ts";
import { defineEstimator, type EstimatorConverter, type InputShape } from "../../conversion/contract.ts";
import type { Conversion } from "../../conversion/conversion.ts";
import { convertError } from "../../conversion/errors.ts";
import { Estimator } from "../../conversion/estimator.ts";
import { Frame, type Block, type Feature } from "../../conversion/frame.ts";
import { passthrough } from "./pipeline.ts";
import { givesSparse } from "./sparse-output.ts";

export interface JoinedStep {
  /** For messages: the file it comes from. */
  readonly label: string;
  readonly object: PyObject;
  readonly takes: InputShape | undefined;
}

/** The columns that a Joined takes are the first step's: findInputShape looks into `steps`. */
export function joinedObject(transformers: readonly JoinedStep[], model: JoinedStep | undefined): PyObject {
  const value = new PyObject(new PyGlobal("slipway", "Joined"), "newobj", new PyTuple([]));
  const state = new PyDict();
  const steps = model ? [...transformers, model] : transformers;
  state.set("steps", new PyList(steps.map((s) => new PyTuple([s.label, s.object]))));
  state.set("takes", new PyList(steps.map((s) => takes(s.takes))));
  state.set("predicts", model !== undefined);
  value.state = state;
  return value;
}

function takes(shape: InputShape | undefined): PyValue {
  return shape?.kind === "columns" ? new PyList([...shape.names]) : shape?.kind === "matrix" ? BigInt(shape.width) : null;
}

export const joined: EstimatorConverter = defineEstimator({
  names: ["slipway.Joined"],
  convert(est, X, c) {
    const steps = est.list("steps").map((step, i) => readStep(est, c, step, i));
    const wanted = est.list("takes");
    const predicts = est.raw("predicts") === true;
    let frame = X;
    let before = "";
    for (const [i, { label, child }] of steps.entries()) {
      if (i > 0) frame = fit(frame, wanted[i] ?? null, before, `${child.className} (${label})`, c);
      if (predicts && i === steps.length - 1) return c.convert(child, frame);
      const fitted = c.convert(child, frame);
      if (!fitted.transform) {
        throw convertError("join-not-a-transformer", `${child.className} (${label}) does not transform rows, so nothing can follow it`, {
          where: label, hint: "Give the model as the model, and only scalers, encoders and the like as preprocessing." });
      }
      const sparse = givesSparse(child, c.sparse.has(frame));
      frame = fitted.transform();
      if (sparse) c.sparse.add(frame);
      before = `${child.className} (${label})`;
    }
    return passthrough(frame);
  },
});

function readStep(est: Estimator, c: Conversion, step: PyValue, i: number): { label: string; child: Estimator } {
  const [label, object] = step instanceof PyTuple ? step.items : [];
  if (typeof label !== "string" || !(object instanceof PyObject)) throw c.malformed(est, `steps[${i}] is no step`);
  return { label, child: new Estimator(object, label) };
}

/** What `before` gives as what `after` takes: by name where all the names are there, else by place. */
function fit(frame: Frame, wanted: PyValue, before: string, after: string, c: Conversion): Frame {
  const names = wanted instanceof PyList ? (wanted.items as readonly string[]) : undefined;
  const given = frame.features.map((f) => f.name);
  if (names && new Set(given).size === given.length) {
    const places = names.map((name) => given.indexOf(name));
    if (places.every((place) => place >= 0)) return kept(c.select(frame, places), frame, c);
  }
  const width = names ? names.length : typeof wanted === "bigint" ? Number(wanted) : frame.width;
  if (width !== frame.width) {
    throw convertError("join-mismatch", `${before} gives ${columns(frame.width, given)}, and ${after} takes ${columns(width, names ?? [])}`, {
      where: after, hint: "Are the files of one training run, in the order in which the notebook applied them? A step in between that was not saved (columns joined or left out) has to be saved too, best with all others in one Pipeline." });
  }
  return names ? kept(renamed(frame, names), frame, c) : frame;
}

function kept(frame: Frame, from: Frame, c: Conversion): Frame {
  if (c.sparse.has(from)) c.sparse.add(frame);
  return frame;
}

function columns(count: number, names: readonly (string | null)[]): string {
  const known = names.filter((n) => n !== null).slice(0, 6);
  return `${count} column${count === 1 ? "" : "s"}${known.length === 0 ? "" : ` (${known.join(", ")}${known.length < count ? ", ..." : ""})`}`;
}

function renamed(frame: Frame, names: readonly string[]): Frame {
  let at = 0;
  return new Frame(frame.blocks.map((block) => ({ ...block, features: block.features.map((f): Feature => ({ ...f, name: names[at++]! })) }) as Block));
}
