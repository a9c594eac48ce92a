// Champion and challenger over the same rows: where their labels differ, how far their numbers are apart, how their answers
// are distributed, and with labelled rows which one is better by how much. Rows are read as they come: memory stays flat.

import type { Output } from "@slipway/core/package";
import { driftBetween, freeze, LEAST_ROWS, Tally, wilsonInterval, type Counted, type Distribution } from "@slipway/core/stats";
import type { Model } from "../runtime/index.ts";
import type { RowStream } from "../tables/index.ts";
import { gateError } from "./errors.ts";
import { judged } from "./judged.ts";
import { readLabelled, rowsFor } from "./labelled-data.ts";
import { gainsOf, type Gain } from "./paired.ts";
import { cellOf, predictEach } from "./predictions.ts";

export interface ComparedOutput {
  readonly output: string;
  /** Of labels and texts: how many differ, the part that is, and its interval. */
  readonly labels: { readonly rows: number; readonly different: number; readonly share: number; readonly interval: readonly [number, number]; readonly changes: readonly { readonly from: string; readonly to: string; readonly rows: number }[] } | null;
  /** Of numbers: how far they are apart, also in standard deviations of the champion's. */
  readonly numbers: { readonly values: number; readonly meanDifference: number; readonly rootMeanSquare: number; readonly relative: number; readonly largest: number } | null;
  /** Population stability index of the challenger's answers against the champion's; null below 200 rows. */
  readonly distribution: { readonly psi: number; readonly bound: number; readonly drifted: boolean; readonly champion: readonly number[]; readonly challenger: readonly number[]; readonly bins: readonly string[] } | null;
}
export interface ModelComparison {
  readonly champion: { readonly name: string; readonly version: string; readonly digest: string };
  readonly challenger: { readonly name: string; readonly version: string; readonly digest: string };
  readonly rows: number;
  /** Rows that both answered; those that one of them refuses. */
  readonly compared: number;
  readonly refused: { readonly both: number; readonly champion: number; readonly challenger: number };
  readonly outputs: readonly ComparedOutput[];
  /** With labelled rows: `mine` is the challenger's figure, `theirs` the champion's, `gain` how much better it is. */
  readonly quality: { readonly target: string; readonly rows: number; readonly gains: readonly Gain[] } | null;
}

/** Values from which the bins are made. */
const FIRST = 20_000;
const MAX_CHANGES = 10;

/** @param rows called once, and once more where there is a target @throws gate-data, and what reading the rows throws */
export async function compareModels({ champion, challenger, rows, file, target, seed = 1 }: { readonly champion: Model; readonly challenger: Model; readonly rows: () => RowStream; readonly file: string; readonly target?: string | undefined; readonly seed?: number }): Promise<ModelComparison> {
  for (const model of [champion, challenger]) if (model.signature.layout === "tensors") throw gateError("gate-data", `${model.name} ${model.version} takes tensors, and rows of a table are compared`);
  const pairs = champion.signature.outputs.flatMap((output) => (challenger.signature.outputs.some((o) => o.name === output.name) ? [new OutputPair(output)] : []));
  if (pairs.length === 0) throw gateError("gate-data", "the two models have no output of the same name", { hint: `The champion gives ${champion.signature.outputs.map((o) => o.name).join(", ")}.` });
  const refused = { both: 0, champion: 0, challenger: 0 };
  let [count, compared] = [0, 0];
  for await (const batch of rows()) {
    if (batch.rows.length === 0) continue;
    count += batch.rows.length;
    const [old, fresh] = await Promise.all([champion, challenger].map((model) => predictEach(model, rowsFor({ whole: batch.rows, csv: batch.texts, target: target ?? "" }, model.signature))));
    for (let row = 0; row < batch.rows.length; row++) {
      const [a, b] = [old!.placeOf(row), fresh!.placeOf(row)];
      if (a === undefined || b === undefined) {
        refused[a === undefined && b === undefined ? "both" : a === undefined ? "champion" : "challenger"]++;
        continue;
      }
      compared++;
      for (const pair of pairs) {
        const [x, y] = [old!, fresh!].map((p) => p.prediction.outputs.find((o) => o.output.name === pair.output.name)!);
        for (let j = 0; j < Math.min(x!.width, y!.width); j++) pair.add(cellOf(x!, a * x!.width + j), cellOf(y!, b * y!.width + j), j === x!.width - 1);
      }
    }
  }
  if (count === 0) throw gateError("gate-data", "there are no rows to compare with", { where: file });
  const who = ({ name, version, digest }: Model): ModelComparison["champion"] => ({ name, version, digest });
  let quality: ModelComparison["quality"] = null;
  if (target !== undefined) {
    const labelled = await readLabelled(rows(), file, target, [], champion, seed);
    // The sample's rows hold the champion's columns; the challenger may take others of the same file.
    const own = { ...labelled, rows: rowsFor(labelled, challenger.signature) };
    const [mine, theirs] = [await judged(challenger, own), await judged(champion, labelled)];
    quality = { target, rows: labelled.rows.length, gains: gainsOf(mine.metrics, theirs.metrics, labelled.rows.length, seed) };
  }
  return { champion: who(champion), challenger: who(challenger), rows: count, compared, refused, outputs: pairs.map((p) => p.read()), quality };
}

/** What two models gave under one name. */
class OutputPair {
  readonly output: Output;
  readonly #changes = new Map<string, number>();
  #labels = 0;
  #different = 0;
  readonly #sums = { n: 0, difference: 0, squares: 0, largest: 0, given: 0, givenSquares: 0 };
  #first: { readonly champion: Counted[]; readonly challenger: Counted[] } | undefined = { champion: [], challenger: [] };
  #tallies: { readonly champion: Tally; readonly challenger: Tally } | undefined;

  constructor(output: Output) {
    this.output = output;
  }

  /** @param last of several entries of a row the last one is what is told of distributions: of two classes the second */
  add(champion: unknown, challenger: unknown, last: boolean): void {
    const numeric = this.output.kind !== "label" && this.output.type !== "string" && this.output.type !== "bool";
    const [x, y] = numeric ? [Number(champion), Number(challenger)] : [String(champion), String(challenger)];
    if (last) this.#count(x, y);
    if (typeof x === "string" || typeof y === "string") {
      this.#labels++;
      if (x === y) return;
      this.#different++;
      const change = JSON.stringify([x, y]);
      if (this.#changes.size < 1000 || this.#changes.has(change)) this.#changes.set(change, (this.#changes.get(change) ?? 0) + 1);
    } else if (Number.isFinite(x) && Number.isFinite(y)) {
      const s = this.#sums;
      const apart = Math.abs(y - x);
      s.n++;
      s.difference += y - x;
      s.squares += apart * apart;
      s.largest = Math.max(s.largest, apart);
      s.given += x;
      s.givenSquares += x * x;
    }
  }

  read(): ComparedOutput {
    if (this.#tallies === undefined) this.#freeze();
    const { n, difference, squares, largest, given, givenSquares } = this.#sums;
    const deviation = Math.sqrt(Math.max(0, givenSquares / n - (given / n) ** 2));
    const rootMeanSquare = Math.sqrt(squares / n);
    const changes = [...this.#changes].sort((a, b) => b[1] - a[1]).slice(0, MAX_CHANGES).map(([change, rows]) => {
      const [from, to] = JSON.parse(change) as [string, string];
      return { from, to, rows };
    });
    const [old, fresh] = [this.#tallies!.champion.read(), this.#tallies!.challenger.read()];
    const drift = driftBetween(old, fresh);
    return {
      output: this.output.name,
      labels: this.#labels === 0 ? null : { rows: this.#labels, different: this.#different, share: this.#different / this.#labels, interval: wilsonInterval(this.#different, this.#labels), changes },
      numbers: n === 0 ? null : { values: n, meanDifference: difference / n, rootMeanSquare, relative: rootMeanSquare === 0 ? 0 : rootMeanSquare / (deviation || 1), largest },
      distribution: Math.min(old.rows, fresh.rows) < LEAST_ROWS ? null : { psi: drift.psi, bound: drift.bound, drifted: drift.verdict === "drifted", champion: old.bins, challenger: fresh.bins, bins: binNames(old) },
    };
  }

  #count(x: Counted, y: Counted): void {
    if (this.#tallies !== undefined) {
      this.#tallies.champion.add(x);
      this.#tallies.challenger.add(y);
      return;
    }
    this.#first!.champion.push(x);
    this.#first!.challenger.push(y);
    if (this.#first!.champion.length >= FIRST) this.#freeze();
  }
  #freeze(): void {
    const { champion, challenger } = this.#first!;
    const { shape } = freeze(champion);
    this.#tallies = { champion: new Tally(shape), challenger: new Tally(shape) };
    for (const value of champion) this.#tallies.champion.add(value);
    for (const value of challenger) this.#tallies.challenger.add(value);
    this.#first = undefined;
  }
}

function binNames({ shape }: Distribution): string[] {
  if (shape.kind === "category") return [...shape.values, "others"];
  return [...shape.edges.map((edge) => `up to ${Number(edge.toPrecision(4))}`), "above"];
}
