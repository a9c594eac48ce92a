// What the check's own process is told, and gives back.

import type { Finding, ImageFacts } from "./contract.ts";

export interface CheckPlan {
  readonly target: string;
  readonly rootfs: string;
  readonly work: string;
  readonly facts: ImageFacts;
}

export type CheckResult = { readonly findings: readonly Finding[] } | { readonly error: { readonly code: string; readonly message: string } };
