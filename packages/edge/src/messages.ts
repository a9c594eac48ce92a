// What the page and the worker that holds a model say to each other.

import { SlipwayError, type ErrorKind } from "@slipway/core/base";
import type { Signature } from "@slipway/core/package";
import type { ImageOptions, Picture, PredictedRow, RowError } from "@slipway/core/predict";
import type { CheckResult, EdgeModel, OpenOptions, PredictOptions, SoundSource } from "./types.ts";

export interface Told {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly signature: Signature;
  readonly engine: EdgeModel["engine"];
  readonly signedBy: string | null;
  readonly check: CheckResult | null;
}
export type Ask =
  | { readonly id: number; readonly kind: "open"; readonly bytes: Uint8Array; readonly options: OpenOptions }
  | { readonly id: number; readonly kind: "predict"; readonly input: unknown; readonly options: PredictOptions }
  | { readonly id: number; readonly kind: "sound"; readonly sounds: readonly SoundSource[]; readonly options: PredictOptions }
  | { readonly id: number; readonly kind: "image"; readonly pictures: readonly Picture[]; readonly options: ImageOptions & PredictOptions };

export interface Failure {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly message: string;
  readonly where: string | undefined;
  readonly hint: string | undefined;
  readonly data: SlipwayError["data"];
}
export type Reply =
  | { readonly id: number; readonly ok: true; readonly value: Told | readonly (PredictedRow | RowError)[] }
  | { readonly id: number; readonly ok: false; readonly failure: Failure };

export function toFailure(error: unknown): Failure {
  if (error instanceof SlipwayError) {
    const { code, kind, message, where, hint, data } = error;
    return { code, kind, message, where, hint, data };
  }
  return { code: "runtime-failed", kind: "internal", message: error instanceof Error ? error.message : String(error), where: undefined, hint: undefined, data: undefined };
}
export function fromFailure({ code, kind, message, where, hint, data }: Failure): SlipwayError {
  return new SlipwayError(code, kind, message, { where, hint, data });
}
