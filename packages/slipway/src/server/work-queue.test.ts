import { describe, expect, it } from "vitest";
import type { Answer } from "./http/call.ts";
import { Call } from "./http/call.ts";
import { WorkQueue } from "./work-queue.ts";

/** A clock that only work moves, and turns that are taken by hand. */
function make() {
  let now = 1000;
  const turns: (() => void)[] = [];
  const queue = new WorkQueue({ now: () => now, later: (turn) => turns.push(turn) });
  const done: number[] = [];
  const outcomes: string[] = [];
  const ask = (id: number, costMs: number, gone = false): void => {
    const call = new Call({ id: String(id), method: "POST", url: "/predict", headers: {}, isGone: () => gone });
    try {
      const answer = queue.run(call, {
        handle() {
          now += costMs;
          done.push(id);
          return { body: null } satisfies Answer;
        },
      });
      void Promise.resolve(answer).then(() => outcomes.push(`${id} done`), (e: { code: string }) => outcomes.push(`${id} ${e.code}`));
    } catch (error) {
      outcomes.push(`${id} ${(error as { code: string }).code}`);
    }
  };
  return { queue, done, outcomes, ask, turn: () => turns.shift()?.(), turns };
}

describe("the queue of work", () => {
  it("does at once what a turn has time for, and the rest in later turns, in order", () => {
    const { done, ask, turn, turns } = make();
    for (let i = 0; i < 10; i++) ask(i, 1);
    expect(done).toEqual([0, 1, 2, 3]);
    turn();
    expect(done.slice(0, 8)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    ask(10, 1);
    turn();
    expect(done).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    turn();
    expect(turns).toHaveLength(0);
  });
  it("refuses what is too much to hold, and takes more when it has caught up", async () => {
    const { queue, outcomes, ask, turn } = make();
    for (let i = 0; i < 10_100; i++) ask(i, 4);
    expect(outcomes.filter((o) => o.endsWith("server-overloaded"))).toHaveLength(99);
    while (queue.length > 0) turn();
    ask(20_000, 4);
    turn();
    await new Promise((resolve) => setImmediate(resolve));
    expect(outcomes).toContain("20000 done");
  });
  it("does no work for who has gone", async () => {
    const { queue, done, outcomes, ask, turn } = make();
    for (let i = 0; i < 8; i++) ask(i, 4, i % 2 === 1);
    while (queue.length > 0) turn();
    expect(done).toEqual([0, 2, 4, 6]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(outcomes.filter((o) => o.endsWith("client-gone"))).toHaveLength(4);
  });
});
