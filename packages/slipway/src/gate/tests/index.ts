// The gate's tests, in the order in which they are run and told.

import type { GateTest } from "../define-gate-test.ts";
import { baseline } from "./baseline.ts";
import { browser } from "./browser.ts";
import { budgets } from "./budgets.ts";
import { calibrationTest } from "./calibration.ts";
import { determinism } from "./determinism.ts";
import { engines } from "./engines.ts";
import { freshness } from "./freshness.ts";
import { leakage } from "./leakage.ts";
import { notebookQuality } from "./notebook-quality.ts";
import { parity } from "./parity.ts";
import { quality } from "./quality.ts";
import { robustness } from "./robustness.ts";
import { rules } from "./rules.ts";
import { schemaFuzz } from "./schema-fuzz.ts";
import { scaling } from "./scaling.ts";
import { served } from "./served.ts";
import { signature } from "./signature.ts";
import { simplerModel } from "./simpler-model.ts";
import { skew } from "./skew.ts";
import { weakSegments } from "./weak-segments.ts";

export const GATE_TESTS: readonly GateTest[] = [parity, signature, engines, served, browser, determinism, schemaFuzz, quality, weakSegments, calibrationTest, notebookQuality, baseline, simplerModel, leakage, skew, scaling, freshness, robustness, rules, budgets];
