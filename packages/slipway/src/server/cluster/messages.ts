// What the processes of one service say to each other, by way of the first.

import type { Family } from "../telemetry/family.ts";

/** An act of administration that one process did and the others repeat. */
export interface Act {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  readonly who: string;
}

export type ToPrimary =
  | { readonly kind: "ready"; readonly port: number; readonly adminPort: number | undefined }
  | { readonly kind: "ask"; readonly id: number; readonly what: { readonly kind: "families" } | { readonly kind: "act"; readonly act: Act } }
  | { readonly kind: "answer"; readonly id: number; readonly value: readonly Family[] | number };
export type ToMember =
  | { readonly kind: "stop"; readonly reason: "SIGTERM" | "SIGINT" }
  | { readonly kind: "families"; readonly id: number }
  | { readonly kind: "act"; readonly id: number; readonly act: Act }
  /** What the other processes answered, those that did. */
  | { readonly kind: "answers"; readonly id: number; readonly values: readonly (readonly Family[] | number)[] };
