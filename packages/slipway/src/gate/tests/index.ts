// The gate's tests, in the order in which they are run and told.

import type { GateTest } from "../define-gate-test.ts";
import { budgets } from "./budgets.ts";
import { determinism } from "./determinism.ts";
import { engines } from "./engines.ts";
import { parity } from "./parity.ts";
import { quality } from "./quality.ts";
import { schemaFuzz } from "./schema-fuzz.ts";
import { served } from "./served.ts";
import { signature } from "./signature.ts";

export const GATE_TESTS: readonly GateTest[] = [parity, signature, engines, served, determinism, schemaFuzz, quality, budgets];
