// From a path to a model that may be served: read, compiled where it is a saved file, its package's checks run and
// compared. Runs in the loader's thread while the server serves (loader-main.ts), or on the main one before it does.

import { compareOutputs, type Checks } from "@slipway/core/package";
import { isPackage, loadModelPackage, openModel, openPython, readInput, exampleRequest, type EngineChoice, type LoadOptions, type Model, type ModelSource, type OpenOptions, type Servable } from "../../../runtime/index.ts";
import { serverError } from "../../errors.ts";

export interface PrepareRequest {
  /** A path, or FILE#ENTRY. */
  readonly argument: string;
  readonly options: OpenOptions;
  /** Whether to open it for a trial: to run the checks, and to know what opening and asking it costs. */
  readonly trial: boolean;
  /** Whether to find out if it draws random numbers. */
  readonly random?: boolean;
  readonly engine?: LoadOptions["engine"];
}
export interface Prepared {
  readonly source: ModelSource;
  /** Some of the package's, for the warm-up. */
  readonly checks: Checks | null;
  /** Whether it draws random numbers, where that was asked. */
  readonly random: boolean | undefined;
  readonly warnings: readonly string[];
  /** Where there was a trial: the engine that serves it, and how many milliseconds that one takes to open and to ask. */
  readonly engine?: EngineChoice["name"];
  readonly openMs?: number;
  readonly callMs?: number;
}

/** A trial doubles the memory for a moment: larger models are checked where they are placed. */
export const MAX_TRIAL_BYTES: number = 64 * 2 ** 20;
/** What the first opening in a thread takes beyond the model's own: loading the engine, code that no compiler has seen. */
const MAX_COLD_MS = 500;
const RANDOM = /^(?:com\.microsoft\.)?(?:Random|Multinomial$|Bernoulli$)/;

/** @throws what openModel throws, runtime-load-failed, model-check-failed */
export async function prepare({ argument, options, trial, random = false, engine: wish }: PrepareRequest): Promise<Prepared> {
  if (wish === "python" && !(await isPackage(argument))) return preparePython(argument, options);
  const engine = wish === "python" ? "auto" : wish;
  const { package: pkg, imported } = await openModel(argument, options);
  const { name, version, kernel } = pkg.manifest;
  const source: ModelSource = { model: pkg.model, signature: pkg.signature, manifest: { name, version, ...(kernel === undefined ? {} : { kernel }) }, digest: pkg.digest, checks: pkg.checks, profile: pkg.profile, ...(pkg.text === undefined ? {} : { text: pkg.text }), ...(pkg.recommend === undefined ? {} : { recommend: pkg.recommend }), ...(pkg.vectors === undefined ? {} : { vectors: pkg.vectors }) };
  const prepared = {
    source, checks: pkg.checks, warnings: imported?.compiled.warnings ?? [],
    random: random ? (await import("@slipway/core/onnx")).describeOnnx(pkg.model).nodes.some((n) => RANDOM.test(n.operator)) : undefined,
  };
  if (!trial || pkg.model.byteLength > MAX_TRIAL_BYTES) return prepared;
  const first = await tried(source, pkg.checks, engine);
  if (first.engine !== "kernel" || kernel !== undefined || engine === "kernel") return { ...prepared, ...(first.openMs > MAX_COLD_MS ? first : quicker(first, await tried(source, null, engine))) };
  // What was proven here need not be proven on the thread that serves: there it is opened at once, and this is how long that takes.
  const { KERNEL_VERSION } = await import("@slipway/core/kernel");
  const proven = { ...source, manifest: { ...source.manifest, kernel: KERNEL_VERSION } };
  return { ...prepared, source: proven, ...(await tried(proven, null, engine)) };
}

/** It was asked while its signature was found out; more is asked where it serves. */
async function preparePython(argument: string, { python, name, version, trusted }: OpenOptions): Promise<Prepared> {
  if (trusted !== undefined) throw serverError("model-load-failed", `${argument} is no package that somebody signed, and only such are served`, { hint: "Leave --require-signature out, or serve packages." });
  const { source, checks, notes } = await openPython(argument, python ?? { trust: [] }, { name, version });
  return { source, checks, warnings: notes, random: undefined, engine: "python" };
}

type Trial = Required<Pick<Prepared, "engine" | "openMs" | "callMs">>;

/** The thread that serves has the engine loaded, and its code compiled: there it costs what it costs when it is opened again. */
function quicker(a: Trial, b: Trial): Trial {
  return { engine: a.engine, openMs: Math.min(a.openMs, b.openMs), callMs: Math.min(a.callMs, b.callMs) };
}

async function tried(source: ModelSource, checks: Checks | null, engine: LoadOptions["engine"]): Promise<Trial> {
  const busy = stopwatch();
  const model = await loadModelPackage(source, { placement: "inline", engine });
  const openMs = busy();
  try {
    await runChecks(model, checks);
    return { engine: model.engine.name, openMs, callMs: await callMs(model) };
  } finally {
    await model.close();
  }
}

/**
 * Asks a model its package's golden rows, so many at a time that nobody is held up, and compares with what they promise;
 * without any, one example. It is warm afterwards.
 * @throws SlipwayError model-check-failed
 */
export async function runChecks(model: Servable, checks: Checks | null, rowsAtOnce = 32, maxRows: number = Infinity): Promise<void> {
  if (checks === null || checks.inputs.length === 0) {
    // Not every model takes its example; that alone is no reason against it.
    await askExample(model).catch(() => undefined);
    return;
  }
  const rows = Math.min(checks.inputs.length, maxRows);
  for (let start = 0; start < rows; start += rowsAtOnce) {
    const end = Math.min(rows, start + rowsAtOnce);
    const { batch } = model.encode({ kind: "records", records: checks.inputs.slice(start, end) });
    const expected = Object.fromEntries(Object.entries(checks.expected).map(([name, values]) => [name, values.slice(start, end)]));
    const comparison = compareOutputs(expected, (await model.run(batch)).outputs, checks.tolerance);
    if (!comparison.passed) {
      const [w] = comparison.worst;
      throw serverError("model-check-failed", `${model.name} ${model.version} does not predict what its package's checks promise: ${comparison.rowsBeyond} of rows ${start + 1} to ${end} differ${w === undefined ? "" : ` (row ${start + w.row + 1}, ${w.output}: ${String(w.actual)} instead of ${String(w.expected)})`}`, {
        hint: "The package and this engine disagree: pack the model again with this version of Slipway.", data: { comparison } });
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function askExample(model: Servable): Promise<number> {
  const { batch } = model.encode(readInput(exampleRequest(model.signature), model.signature));
  return (await model.run(batch, { onInvalid: "rows" })).computeMs;
}

/**
 * Milliseconds that this thread worked: what else a busy machine does meanwhile says nothing of the model, and two versions
 * of a model would come to be computed in different places by chance.
 */
function stopwatch(): () => number {
  // Node 22 has no such clock.
  if (typeof process.threadCpuUsage !== "function") {
    const began = performance.now();
    return () => performance.now() - began;
  }
  const before = process.threadCpuUsage();
  return () => {
    const { user, system } = process.threadCpuUsage(before);
    return (user + system) / 1000;
  };
}

const FEW_CALLS = 3;
const MANY_CALLS = 20;
const FAST_MS = 1;

/** The fastest of some calls, of more where they seem slow: one of them is not interrupted. 0 where no example can be made. */
async function callMs(model: Model): Promise<number> {
  try {
    const began = performance.now();
    let fastest = Infinity;
    for (let i = 0; i < FEW_CALLS || (i < MANY_CALLS && fastest >= FAST_MS && performance.now() - began < 100); i++) fastest = Math.min(fastest, await askExample(model));
    return fastest;
  } catch {
    return 0;
  }
}
