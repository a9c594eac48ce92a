// The rows once more, through the whole server in every protocol that carries rows, through models in worker threads and
// processes, and through a batch run: request, decoding, model, answer. ML Test Score, infrastructure 3: an integration test of what will serve.

import { SlipwayError } from "@slipway/core/base";
import { createHandler } from "../../server/index.ts";
import { loadModelPackage, type Model, type Prediction } from "../../runtime/index.ts";
import type { Row } from "../context.ts";
import { defineGateTest, type Cell, type Finding, type GateTest } from "../define-gate-test.ts";
import { asExpected, compare, ITERATES, onlyTransformed, predict, servedAsExpected, worstTable } from "../predictions.ts";
import { scoreInBulk } from "../bulk.ts";
import { readAnswer, WAYS, type Way } from "../ways.ts";

const ROWS_AT_ONCE = 100;
/** All rows go the first way, so many the others. */
const OTHER_ROWS = 100;
const PLACED_ROWS = 50;
/** Values of a row that a batch run writes as columns. */
const WIDEST = 20_000;

interface Went {
  readonly way: string;
  readonly rows: number;
  readonly comparison?: ReturnType<typeof compare>;
  readonly fault?: string;
  readonly skipped?: string;
}

export const served: GateTest = defineGateTest({
  name: "served", title: "Through the server", area: "infrastructure",
  checks: "Every protocol that carries rows, models in worker threads and processes, and a batch run answer the known rows as the model itself does: nothing is lost between a request and its answer.",
  needsRows: true,
  async run({ package: source, model, rows, rowsFrom, answers }): Promise<Finding> {
    // Not closed: it would close the model with it.
    const handler = createHandler(model);
    const went: Went[] = [];
    for (const [i, way] of WAYS.entries()) went.push(await ask(handler, way, model, i === 0 ? rows : rows.slice(0, OTHER_ROWS), i === 0 && rows.length === answers.rows ? answers : undefined));
    // Workers do not keep a process alive by themselves.
    const alive = setInterval(() => undefined, 10_000);
    try {
      // What Python runs has processes of its own, and is no package for a batch run.
      if (model.engine.name !== "python") {
        for (const placement of ["thread", "process"] as const) went.push(await askPlaced(source, placement, model, rows.slice(0, PLACED_ROWS)));
        went.push(await askInBulk(source, model, rows.slice(0, OTHER_ROWS)));
      }
    } finally {
      clearInterval(alive);
    }

    const iterates = went.some((w) => w.comparison !== undefined && onlyTransformed([w.comparison], model.signature));
    const differ = went.filter((w) => w.fault !== undefined || (w.comparison?.passed === false && !onlyTransformed([w.comparison], model.signature)));
    const told = (w: Went): string => `${w.way}: ${w.fault ?? `${w.comparison!.rowsBeyond} of ${w.rows} answers differ from the model's own`}`;
    const asked = went.filter((w) => w.skipped === undefined);
    return {
      verdict: differ.length > 0 ? "fail" : iterates ? "warn" : "pass",
      reason: differ.length > 0 ? differ.slice(0, 3).map(told).join("; ") : iterates ? ITERATES : `${rows.length} rows (${rowsFrom}) are answered alike in ${asked.length} ways`,
      bar: "every label equal, every number within 1e-9 (doubles) or 1e-5 (floats)",
      figures: { rows: rows.length, ways: asked.length, "ways that differ": differ.length, "largest difference": Math.max(0, ...went.map((w) => w.comparison?.maxAbs ?? 0)) },
      tables: [
        ...differ.slice(0, 1).flatMap((w) => (w.comparison === undefined ? [] : worstTable(w.comparison, `Worst rows, ${w.way}`))),
        { title: "Ways", columns: ["way", "rows", "answers that differ", "largest difference", "note"], rows: went.map((w): Cell[] => [w.way, w.rows, w.comparison?.rowsBeyond ?? null, w.comparison?.maxAbs ?? null, w.fault ?? w.skipped ?? ""]) },
      ],
    };
  },
});

async function ask(handler: (request: Request) => Promise<Response>, way: Way, model: Model, rows: readonly Row[], known: Prediction | undefined): Promise<Went> {
  const { signature } = model;
  const reason = way.cannot?.(signature, rows);
  if (reason !== undefined) return { way: way.name, rows: 0, skipped: reason };
  const direct = known ?? await predict(model, rows);
  const given: Row[] = [];
  for (let at = 0; at < rows.length; at += ROWS_AT_ONCE) {
    const { path, type, body } = way.request(rows.slice(at, at + ROWS_AT_ONCE), model.name, signature);
    const response = await handler(new Request(`http://localhost${path}`, { method: "POST", headers: { "content-type": type }, body }));
    const text = await response.text();
    if (response.status !== 200) return { way: way.name, rows: rows.length, fault: `the server answered ${response.status}: ${text.slice(0, 300)}` };
    given.push(...way.read(readAnswer(text), direct.outputs));
  }
  if (given.length !== rows.length) return { way: way.name, rows: rows.length, fault: `${given.length} answers came to ${rows.length} rows` };
  return { way: way.name, rows: rows.length, comparison: compare(servedAsExpected(given, direct.outputs), direct.outputs, signature) };
}

async function askInBulk(source: Parameters<typeof scoreInBulk>[0], model: Model, rows: readonly Row[]): Promise<Went> {
  const way = "a batch run";
  const direct = await predict(model, rows);
  if (direct.outputs.reduce((n, o) => n + o.width, 0) > WIDEST) return { way, rows: 0, skipped: `more than ${WIDEST} values a row are no table` };
  try {
    const given = await scoreInBulk(source, rows, direct);
    if (given.length !== rows.length) return { way, rows: rows.length, fault: `${given.length} answers came to ${rows.length} rows` };
    return { way, rows: rows.length, comparison: compare(servedAsExpected(given, direct.outputs), direct.outputs, model.signature) };
  } catch (error) {
    if (!(error instanceof SlipwayError)) throw error;
    return { way, rows: rows.length, fault: error.message };
  }
}

async function askPlaced(source: Parameters<typeof loadModelPackage>[0], placement: "thread" | "process", model: Model, rows: readonly Row[]): Promise<Went> {
  const placed = await loadModelPackage(source, { placement, engine: "onnxruntime", instances: 1 });
  try {
    return { way: `a worker ${placement}`, rows: rows.length, comparison: compare(asExpected(await predict(model, rows)), (await predict(placed, rows)).outputs, model.signature) };
  } finally {
    await placed.close();
  }
}
