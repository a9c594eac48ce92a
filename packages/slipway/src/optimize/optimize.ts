// A package -> a smaller or faster one, or the float model and the figures that say why.

import { SlipwayError } from "@slipway/core/base";
import { assertSound, serializeModel } from "@slipway/core/onnx";
import { buildPackage, parseProfile, profileToJson, sha256, type Checks, type ModelPackage, type Signature } from "@slipway/core/package";
import { Encoder, type Batch, type ModelInput } from "@slipway/core/predict";
import { gzipSync } from "node:zlib";
import { provenKernel } from "../runtime/index.ts";
import { exactChanges, lossyCandidates, whyNotQuantised, withoutZeroWeights, type Candidate } from "./candidates.ts";
import { optimizeError } from "./errors.ts";
import { costOf, type Cost } from "./judge.ts";
import { medianTimes, Subject } from "./subject.ts";

export interface OptimizeOptions {
  /** Names of the outputs that are kept. */
  readonly outputs?: readonly string[] | undefined;
  /** Rows to calibrate and judge with; the package's checked rows by default. */
  readonly input?: ModelInput | undefined;
  /** What was true of each. */
  readonly truth?: readonly unknown[] | undefined;
  readonly maxDrop: number;
  readonly maxFlips: number;
  /** What the accepted one is chosen by. */
  readonly prefer: "size" | "speed";
}
export interface Measured {
  readonly name: string;
  readonly bytes: number;
  /** Median milliseconds of a call with one row, and with 64 (or as many as there are). */
  readonly oneMs: number;
  readonly manyMs: number;
  readonly cost: Cost | undefined;
  readonly accepted: boolean;
  readonly reason: string;
}
export interface Optimized {
  readonly package: ModelPackage;
  /** The float model first. */
  readonly table: readonly Measured[];
  readonly rows: number;
  readonly manyRows: number;
  readonly chosen: string;
  readonly notes: readonly string[];
}

const LEAST_ROWS = 20;
/** A gain below is none: another file, or another moment, would have it too. */
const GAIN = 0.1;
const FLOAT = "as it is";

/** @throws optimize-unsupported, optimize-rows, output-unknown and what reading and computing throw */
export async function optimize(source: ModelPackage, options: OptimizeOptions): Promise<Optimized> {
  const beside = source.recommend !== undefined ? "the items that it recommends or finds" : source.text !== undefined ? "its tokenizer" : undefined;
  if (beside !== undefined) throw optimizeError("optimize-unsupported", `${source.manifest.name} has ${beside} beside its graph, which an optimised package would be without`, { hint: source.recommend !== undefined ? "Optimise the model first, then pack it with its items." : "Serve it as it is." });
  const exact = exactChanges(source.model, source.signature, options.outputs);
  const tidied = serializeModel(exact.model);
  assertSound(tidied);
  const notes = [...exact.notes];
  // What a network sees less well is told by no figure that is computed here.
  const detects = source.signature.task !== undefined;
  const batch = detects ? undefined : rowsFor(source, options);
  const why = whyNotQuantised(exact.model);
  // What makes trees small on the way is what every web server and registry does anyway.
  if (why !== undefined) notes.push(`not quantised: ${why}; compressed with gzip the model is ${(100 * gzipSync(tidied).length / tidied.length).toFixed(0)}% of its size`);
  else if (detects) notes.push("not quantised: it detects or segments, and what that would cost its answers is not judged");
  else if (batch === undefined) notes.push("not quantised: what it costs is judged on rows, and the package holds no checked rows; give some with --data");
  const lighter = batch === undefined ? undefined : withoutZeroWeights(exact);
  if (lighter !== undefined) notes.push(lighter.note);
  const candidates = [...(lighter === undefined ? [] : [lighter.candidate]), ...(why === undefined && batch !== undefined ? await lossyCandidates(exact, batch) : [])];
  const changedExactly = tidied.length < source.model.length || exact.notes.length > 0;
  const tidy: Candidate = { name: "exact changes", bytes: tidied, signature: exact.signature };

  const subjects: { readonly candidate: Candidate; readonly subject: Subject }[] = [];
  const table: Measured[] = [];
  try {
    subjects.push({ candidate: { name: FLOAT, bytes: source.model, signature: source.signature }, subject: await Subject.open(source.model, source.signature) });
    if (changedExactly) subjects.push({ candidate: tidy, subject: await Subject.open(tidied, exact.signature) });
    for (const candidate of candidates) {
      const opened = "reason" in candidate ? candidate.reason : await opening(candidate);
      if (typeof opened === "string") table.push({ name: candidate.name, bytes: 0, oneMs: 0, manyMs: 0, cost: undefined, accepted: false, reason: opened });
      else subjects.push({ candidate: candidate as Candidate, subject: opened });
    }
    const manyRows = batch === undefined ? 0 : Math.min(64, batch.rows);
    const all = subjects.map((s) => s.subject);
    const one = batch === undefined ? all.map(() => 0) : await medianTimes(all, batch, 1);
    const many = batch === undefined ? all.map(() => 0) : await medianTimes(all, batch, manyRows);
    const before = batch === undefined ? undefined : await subjects[0]!.subject.answer(batch);
    const judged: Measured[] = [];
    for (const [i, { candidate, subject }] of subjects.entries()) {
      const figures = { name: candidate.name, bytes: candidate.bytes.length, oneMs: one[i]!, manyMs: many[i]! };
      const kept = before && { ...before, outputs: before.outputs.filter((o) => candidate.signature.outputs.some((k) => k.name === o.output.name)) };
      const cost = i === 0 || kept === undefined ? undefined : costOf(kept, await subject.answer(batch!), options.truth);
      judged.push({ ...figures, cost, ...verdict(figures, cost, judged[0], candidate === tidy, options) });
    }
    table.unshift(...judged);
    const best = judged.slice(1).filter((m) => m.accepted).toSorted((a, b) => (options.prefer === "size" ? a.bytes - b.bytes : a.oneMs + a.manyMs / manyRows - b.oneMs - b.manyMs / manyRows))[0];
    const chosen = subjects.find((s) => s.candidate.name === best?.name)?.candidate;
    return { package: chosen === undefined ? source : await rebuilt(source, chosen, best!, notes), table, rows: batch?.rows ?? 0, manyRows, chosen: chosen?.name ?? FLOAT, notes };
  } finally {
    for (const { subject } of subjects) await subject.close();
  }
}

/** Or why the engine does not take it: the other ways are tried all the same. */
async function opening({ bytes, signature }: Candidate): Promise<Subject | string> {
  try {
    assertSound(bytes);
    return await Subject.open(bytes, signature);
  } catch (error) {
    if (error instanceof SlipwayError) return `the engine does not take it: ${error.message}`;
    throw error;
  }
}

function rowsFor(source: ModelPackage, { input, truth }: OptimizeOptions): Batch | undefined {
  const given: ModelInput | undefined = input ?? (source.checks === null || source.checks.inputs.length === 0 ? undefined : { kind: "records", records: source.checks.inputs });
  if (given === undefined) return undefined;
  const { batch } = new Encoder(source.signature).encode(given);
  if (batch.rows < LEAST_ROWS) throw optimizeError("optimize-rows", `${batch.rows} rows are too few to judge with`, { hint: `Give ${LEAST_ROWS} or more with --data; some hundreds say more.` });
  if (truth !== undefined && truth.length !== batch.rows) throw optimizeError("optimize-rows", `${truth.length} of ${batch.rows} rows say what was true`);
  return batch;
}

function verdict(figures: Pick<Measured, "bytes" | "oneMs" | "manyMs">, cost: Cost | undefined, float: Measured | undefined, exact: boolean, { maxDrop, maxFlips }: OptimizeOptions): Pick<Measured, "accepted" | "reason"> {
  if (float === undefined) return { accepted: true, reason: "" };
  const [smaller, one, many] = [1 - figures.bytes / float.bytes, 1 - figures.oneMs / float.oneMs, 1 - figures.manyMs / float.manyMs];
  if (exact) return { accepted: figures.bytes < float.bytes, reason: figures.bytes < float.bytes ? "changes no answer" : "is not smaller" };
  const drop = cost === undefined ? 0 : cost.metric.before - cost.metric.after;
  if (cost !== undefined && drop > maxDrop) return { accepted: false, reason: `${cost.metric.name} falls by ${drop.toFixed(4)}, more than ${maxDrop}` };
  if (cost?.flips !== undefined && cost.flips > maxFlips) return { accepted: false, reason: `${(cost.flips * 100).toFixed(2)}% of the labels flip, more than ${maxFlips * 100}%` };
  if (smaller < GAIN && one < GAIN && many < GAIN) return { accepted: false, reason: "neither smaller nor faster" };
  return { accepted: true, reason: [smaller >= GAIN && `${(smaller * 100).toFixed(0)}% smaller`, one >= GAIN && `${(one * 100).toFixed(0)}% faster alone`, many >= GAIN && `${(many * 100).toFixed(0)}% faster in batches`].filter(Boolean).join(", ") };
}

/** The same package with another graph: it says where it comes from, and its checks allow what was measured. */
async function rebuilt(source: ModelPackage, { name, bytes, signature }: Candidate, { cost, reason }: Measured, notes: readonly string[]): Promise<ModelPackage> {
  const { kernel: _, ...manifest } = source.manifest;
  const checks = source.checks === null ? null : loosened(source.checks, signature, cost);
  const proven = signature.layout === "tensors" ? undefined : await provenKernel({ model: bytes, signature, checks, manifest: { name: "proof", version: "0.0.0" }, digest: "" });
  const told = [`Optimised from ${source.digest}: ${name} (${reason}).`, ...notes.map((n) => `- ${n}`), ...(cost === undefined ? [] : [`- ${cost.metric.name} against ${cost.metric.of} on ${cost.rows} rows: ${cost.metric.before.toFixed(4)} before, ${cost.metric.after.toFixed(4)} after${cost.flips === undefined ? "" : `; ${(cost.flips * 100).toFixed(2)}% of the labels flip`}`])];
  return buildPackage({
    manifest: { ...manifest, lineage: [...manifest.lineage, source.digest], origin: { ...manifest.origin, optimised: name }, ...(proven === undefined ? {} : { kernel: proven }) },
    model: bytes, signature, checks, profile: profileFor(source, signature),
    card: `${source.card.trimEnd()}\n\n## Optimised\n\n${told.join("\n")}\n`,
    // The document names the model by its hash, and by nothing else of it.
    sbom: JSON.parse(JSON.stringify(source.sbom).replaceAll(await sha256(source.model), await sha256(bytes))) as unknown,
  });
}

/** Without the outputs that are gone. */
function profileFor({ profile: json }: ModelPackage, signature: Signature): unknown {
  const profile = json === null ? null : parseProfile(json);
  return profile === null ? json : profileToJson({ ...profile, outputs: profile.outputs.filter((o) => signature.outputs.some((kept) => kept.name === o.name)) });
}

/** Of numbers: as far as they were measured to be off, and a quarter more. Labels that flipped are not compared. */
function loosened(checks: Checks, signature: Signature, cost: Cost | undefined): Checks {
  const names = signature.outputs.map((o) => o.name).filter((n) => Object.hasOwn(checks.expected, n));
  const off = (name: string): number => (cost?.maxAbs.get(name) ?? 0) * 1.25;
  return {
    ...checks,
    expected: Object.fromEntries(names.map((name) => [name, checks.tolerance[name] === "exact" && cost !== undefined && cost.rows === checks.inputs.length ? checks.expected[name]!.map((cells, row) => (cost.flipped.has(row) ? cells.map(() => null) : cells)) : checks.expected[name]!])),
    tolerance: Object.fromEntries(names.map((name) => {
      const t = checks.tolerance[name]!;
      return [name, t === "exact" ? t : { ...t, atol: t.atol + off(name) }];
    })),
  };
}
