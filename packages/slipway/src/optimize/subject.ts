// A graph with a signature, ready to be measured: its answers to rows, what values inside it were, how long calls take.

import { packedFace } from "@slipway/core/onnx";
import type { Signature } from "@slipway/core/package";
import { Answer, chunkRows, planColumns, planFeeds, type Batch, type EngineTensor, type Feed, type Plan, type Prediction, type Session } from "@slipway/core/predict";
import { openSession } from "../runtime/index.ts";

const ROWS_PER_CALL = 256;

export class Subject {
  readonly #plan: Plan;
  readonly #session: Session;
  readonly #feeds: readonly Feed[];
  readonly bytes: Uint8Array;

  private constructor(bytes: Uint8Array, plan: Plan, session: Session, feeds: readonly Feed[]) {
    this.bytes = bytes;
    this.#plan = plan;
    this.#session = session;
    this.#feeds = feeds;
  }

  /** @throws runtime-load-failed where the engine does not take it */
  static async open(bytes: Uint8Array, signature: Signature): Promise<Subject> {
    const face = signature.layout === "tensors" ? { bytes, inputs: [] } : packedFace(bytes);
    const session = await openSession(face.bytes, { threads: 1 });
    const plan = planColumns(signature);
    return new Subject(bytes, plan, session, planFeeds(session.inputs, new Map(face.inputs.map((i) => [i.name, i.columns])), plan));
  }

  async answer(batch: Batch): Promise<Prediction> {
    const { signature } = this.#plan;
    const answer = new Answer(batch.rows, signature.outputs, signature);
    for (let start = 0; start < batch.rows; ) {
      const count = chunkRows(batch, start, this.#plan, ROWS_PER_CALL);
      answer.add(start, count, await this.#session.run(this.#fed(batch, start, count), answer.names), 0);
      start += count;
    }
    return answer.prediction();
  }

  /** The least and the largest number of each of these outputs of the graph, over all rows. */
  async ranges(batch: Batch, names: readonly string[]): Promise<Map<string, [number, number]>> {
    const found = new Map<string, [number, number]>();
    for (let start = 0; start < batch.rows; ) {
      const count = chunkRows(batch, start, this.#plan, ROWS_PER_CALL);
      const values = await this.#session.run(this.#fed(batch, start, count), names);
      for (const name of names) {
        const range = found.get(name) ?? [Infinity, -Infinity];
        for (const v of values[name]!.data as Float32Array) {
          if (v < range[0]) range[0] = v;
          if (v > range[1]) range[1] = v;
        }
        found.set(name, range);
      }
      start += count;
    }
    return found;
  }

  /** Milliseconds of one call with the first `rows` rows. */
  async time(batch: Batch, rows: number): Promise<number> {
    const feeds = this.#fed(batch, 0, rows);
    const names = this.#plan.signature.outputs.map((o) => o.graphName);
    const before = performance.now();
    await this.#session.run(feeds, names);
    return performance.now() - before;
  }

  #fed(batch: Batch, start: number, count: number): Record<string, EngineTensor> {
    return Object.fromEntries(this.#feeds.map((feed) => [feed.name, feed.take(batch, start, count)]));
  }

  close(): Promise<void> {
    return this.#session.close();
  }
}

/** Median milliseconds of each, alternating so that what else the machine does falls on all of them alike. */
export async function medianTimes(subjects: readonly Subject[], batch: Batch, rows: number, budgetMs = 600): Promise<number[]> {
  const times: number[][] = subjects.map(() => []);
  const until = performance.now() + budgetMs * subjects.length;
  for (let round = 0; round < 200 && (round < 5 || performance.now() < until); round++) {
    for (const [i, subject] of subjects.entries()) times[i]!.push(await subject.time(batch, rows));
  }
  return times.map((list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]!);
}
