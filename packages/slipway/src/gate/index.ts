export { runGate, type GateReport, type GateRequest } from "./run-gate.ts";
export { defineGateTest, type Finding, type GateResult, type GateTest, type Verdict } from "./define-gate-test.ts";
export { gateError } from "./errors.ts";
export { GATE_TESTS } from "./tests/index.ts";
export { reportPage } from "./report/page.ts";
export { reportText } from "./report/text.ts";
export { junitXml } from "./report/junit.ts";
export { scoreOf } from "./report/score.ts";
export { readTraining } from "./training-rows.ts";
