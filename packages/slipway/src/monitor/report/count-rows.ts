// A file of rows, asked of the model and counted as if it had been served: in order, some at a time, in flat memory.

import type { ModelPackage } from "@slipway/core/package";
import { DRIFT_RULE } from "@slipway/core/stats";
import { loadModelPackage, type LoadOptions, type OnInvalid } from "../../runtime/index.ts";
import type { RowStream } from "../../tables/index.ts";
import { monitorError } from "../errors.ts";
import { judge, type ModelState } from "../judge.ts";
import type { referenceOf, TrafficReference } from "../references.ts";
import { Recorder } from "../recorder.ts";
import { watchedOf, type Subject } from "../subject.ts";

export interface FileReport {
  readonly subject: Subject;
  readonly file: string;
  readonly rows: number;
  /** Rows that do not fit the model. */
  readonly refused: number;
  readonly state: ModelState;
  /** What was compared with, where that was made from traffic; null: the package's profile. */
  readonly reference: TrafficReference | null;
}

const ROWS: { readonly onInvalid: OnInvalid } = { onInvalid: "rows" };
/** A file is one window, and there is no second one to wait for. */
const ONE_WINDOW = { ...DRIFT_RULE, windows: 1, of: 1 };

/** What a store knows of a package: a reference made from traffic, with what is expected in the subject's bins. */
export type FindReference = (subject: Subject) => ReturnType<typeof referenceOf>;

/** @param find a reference that takes the profile's place @throws monitor-no-profile, monitor-no-rows, and what reading the file and loading the model throws */
export async function countRows(pkg: ModelPackage, file: string, rows: RowStream, options: LoadOptions = {}, find?: FindReference): Promise<FileReport> {
  const { name, version } = pkg.manifest;
  if ((pkg.profile === null || pkg.profile === undefined) && find === undefined) throw monitorError("monitor-no-profile", `${name} ${version} has no profile to compare with`, { hint: "Pack it with --check check.csv, or with --training train.csv." });
  const model = await loadModelPackage({ model: pkg.model, signature: pkg.signature, manifest: pkg.manifest, digest: pkg.digest, profile: pkg.profile, checks: pkg.checks, text: pkg.text }, options);
  try {
    // Every row is scored: a file has time.
    const { subject, scores, wholes } = watchedOf(model, Number.MAX_SAFE_INTEGER);
    const made = await find?.(subject);
    if (made === undefined && !subject.series.some((s) => s.reference.rows > 0)) throw monitorError("monitor-no-profile", `${name} ${version} has neither a profile nor a reference made from traffic to compare with`, { hint: "Pack it with --check check.csv, or with --training train.csv; slipway monitor reference MODEL --from TIME makes a reference." });
    const recorder = new Recorder(subject, model.signature, { lengthMs: Number.MAX_SAFE_INTEGER, now: () => 0, scores, wholes });
    let [count, refused] = [0, 0];
    for await (const { rows: records, texts } of rows) {
      count += records.length;
      const encoded = model.encode({ kind: "records", records, source: texts ? "csv" : "json" }, "rows");
      recorder.rows(encoded.batch, await model.run(encoded.batch, ROWS), encoded.rowErrors.size);
      recorder.drain();
      refused += encoded.rowErrors.size;
    }
    const [window] = recorder.dirty;
    if (window === undefined || window.counter.rows === 0) throw monitorError("monitor-no-rows", `${file} has no row that ${name} ${version} takes`, { hint: count === 0 ? "The file is empty." : "slipway predict shows what is wrong with its rows." });
    return { subject, file, rows: count, refused, reference: made?.reference ?? null, state: judge(subject, [{ begins: 0, lengthMs: 0, counter: window.counter }], { rule: ONE_WINDOW, references: made?.distributions }) };
  } finally {
    await model.close();
  }
}
