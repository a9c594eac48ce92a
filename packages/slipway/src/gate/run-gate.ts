// The gate: every test in turn, each with its verdict. One that cannot be carried out has failed, with the error as reason.

import { nearest, SlipwayError, VERSION } from "@slipway/core/base";
import { parseProfile, type Checks, type ModelPackage, type Profile } from "@slipway/core/package";
import type { GateSettings } from "../config/index.ts";
import { loadModelPackage, type EngineChoice, type EngineWish, type Model, type ModelSource } from "../runtime/index.ts";
import type { GateContext } from "./context.ts";
import { skipped, type Finding, type GateResult, type GateTest } from "./define-gate-test.ts";
import { gateError } from "./errors.ts";
import { readLabelled } from "./labelled-data.ts";
import { sampleRows } from "./sample-rows.ts";
import { rowsOfText, type RowStream } from "../tables/index.ts";
import { GATE_TESTS } from "./tests/index.ts";

export interface GateRequest {
  /** `python`: of one that Python runs. */
  readonly package: ModelPackage & Pick<ModelSource, "python">;
  readonly settings: Partial<GateSettings>;
  /** In place of the package's own. */
  readonly checks?: Checks;
  /** In place of the package's own. */
  readonly profile?: Profile;
  /** Rows as a stream, or the text of a CSV or JSON file. */
  readonly data?: { readonly file: string; readonly target: string } & ({ readonly rows: RowStream } | { readonly text: string });
  readonly slices?: readonly string[];
  readonly baseline?: ModelPackage;
  readonly engine?: EngineWish;
  readonly seed?: number;
  /** What time it is, by default the clock's. */
  readonly now?: number;
  readonly onTest?: (title: string) => void;
}
export interface GateReport {
  readonly passed: boolean;
  readonly model: { readonly name: string; readonly version: string; readonly digest: string };
  readonly engine: EngineChoice;
  readonly tool: string;
  readonly seed: number;
  readonly rows: { readonly from: string; readonly count: number };
  readonly baseline?: { readonly name: string; readonly version: string; readonly digest: string };
  readonly results: readonly GateResult[];
}

/** @throws gate-test-unknown, gate-setting, gate-data, and what loading the model throws */
export async function runGate(request: GateRequest): Promise<GateReport> {
  const { settings, seed = 1 } = request;
  for (const name of [...(settings.skip ?? []), ...(settings.require ?? [])]) {
    const names = GATE_TESTS.map((t) => t.name);
    if (names.includes(name)) continue;
    const near = nearest(name, names);
    throw gateError("gate-test-unknown", `the gate has no test ${JSON.stringify(name.slice(0, 100))}`, { hint: near === undefined ? `It has ${names.join(", ")}.` : `Did you mean ${near}?` });
  }
  const model = await loadModelPackage(request.package, { placement: "inline", engine: request.engine });
  let baseline: Model | undefined;
  try {
    const slices = [...new Set([...(request.slices ?? []), ...(request.data === undefined ? [] : settings.slices ?? [])])];
    const { time, group, series } = settings;
    const columns = request.data === undefined ? [] : [...new Set([...slices, ...[time, group, series].filter((c) => c !== undefined)])];
    const checks = request.checks ?? request.package.checks;
    const labelled = request.data === undefined ? undefined : await readLabelled("text" in request.data ? rowsOfText(request.data.text, request.data.file) : request.data.rows, request.data.file, request.data.target, columns, model, seed, { group, time, series, season: settings.season ?? 1 });
    const sample = await sampleRows(model, checks, labelled, seed);
    if (request.baseline !== undefined) baseline = await loadModelPackage(request.baseline, { placement: "inline" });
    const context: GateContext = {
      package: request.package, model, checks, profile: request.profile ?? parseProfile(request.package.profile), settings, slices, seed, now: request.now ?? Date.now(), ...sample,
      ...(labelled === undefined ? {} : { labelled }), ...(baseline === undefined ? {} : { baseline }),
    };
    const results: GateResult[] = [];
    for (const test of GATE_TESTS) {
      request.onTest?.(test.title);
      results.push(await runTest(test, context));
    }
    return {
      passed: results.every((r) => r.verdict !== "fail"),
      model: named(model), engine: model.engine, tool: `slipway ${VERSION}`, seed,
      rows: { from: sample.rowsFrom, count: sample.rows.length },
      ...(baseline === undefined ? {} : { baseline: named(baseline) }),
      results,
    };
  } finally {
    await baseline?.close();
    await model.close();
  }
}

function named({ name, version, digest }: Model): GateReport["model"] {
  return { name, version, digest };
}

async function runTest(test: GateTest, context: GateContext): Promise<GateResult> {
  const { name, title, checks, area } = test;
  const { skip = [], require = [] } = context.settings;
  const before = performance.now();
  let finding: Finding;
  try {
    finding = skip.includes(name) ? skipped("the configuration leaves it out (gate.skip)")
      : test.needsRows === true && context.rows.length === 0 ? skipped(`there is no row to test with: ${context.noRows ?? "the model answers none"}`) : await test.run(context);
  } catch (error) {
    if (error instanceof SlipwayError && error.kind === "usage") throw error;
    const coded = error instanceof SlipwayError ? ` [${error.code}]` : "";
    finding = { verdict: "fail", reason: `it could not be carried out: ${error instanceof Error ? error.message : String(error)}${coded}` };
  }
  if (finding.verdict === "skipped" && require.includes(name)) finding = { ...finding, verdict: "fail", reason: `it is required (gate.require) and could not be carried out: ${finding.reason}` };
  return { name, title, checks, area, ms: performance.now() - before, ...finding };
}
