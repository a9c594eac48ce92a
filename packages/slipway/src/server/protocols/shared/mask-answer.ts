// Masks as pictures: the body of an answer to a client that accepts PNG, or base64 in the place of the run lengths (?mask=png).

import type { Signature } from "@slipway/core/package";
import { MASK, predictError, type Mask, type PredictedRow, type Prediction, type RowError, type Value } from "@slipway/core/predict";
import { maskPng } from "../../decoding/mask-png.ts";
import { serverError } from "../../errors.ts";
import type { Answer, Call } from "../../http/call.ts";

export type MaskForm = "runs" | "png" | "picture";

/** How a call wants masks. @throws SlipwayError request-malformed */
export function maskForm(call: Call, { task }: Signature): MaskForm {
  const given = call.query.get("mask");
  if (task?.kind !== "segmentation") {
    if (given !== null) throw serverError("request-malformed", `?mask=${given.slice(0, 60)}: it is for models that segment`);
    return "runs";
  }
  if (given !== null && given !== "runs" && given !== "png") throw serverError("request-malformed", `?mask=${given.slice(0, 60)}: it is one of runs, png`);
  if (given === null && /^\s*image\/png\s*(?:;|,|$)/i.test(call.header("accept") ?? "")) return "picture";
  return given ?? "runs";
}

/** @throws SlipwayError request-shape, request-invalid where the picture was refused */
export function maskPicture(prediction: Prediction): Answer {
  if (prediction.rows !== 1) throw predictError("request-shape", `an answer of PNG shows one mask, and ${prediction.rows} pictures were sent`, { hint: "Send them one by one, or ask for JSON with ?mask=png." });
  return { headers: { "content-type": "image/png" }, body: maskPng(JSON.parse(prediction.outputs.find((o) => o.output.name === MASK)!.data[0] as string) as Mask) };
}

export function withPngs(rows: readonly (PredictedRow | RowError)[]): (PredictedRow | RowError)[] {
  return rows.map((row) => {
    const mask = (row as PredictedRow)[MASK] as unknown as Mask | undefined;
    if ("error" in row || mask === undefined) return row;
    return { ...row, [MASK]: { size: mask.size, segments: mask.segments.map(({ label, class: number, pixels }) => ({ label, class: number, pixels })), png: maskPng(mask).toString("base64") } as unknown as Value } as PredictedRow;
  });
}
