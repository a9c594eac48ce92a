import { expect, it } from "vitest";
import { several } from "./object-store.ts";

it("all are acted on, so many at once; after a failure nothing is begun, and what goes on is waited for", async () => {
  let [now, most] = [0, 0];
  const done: number[] = [];
  const act = (fails: number) => async (one: number): Promise<void> => {
    most = Math.max(most, ++now);
    for (let turn = 0; turn < one; turn++) await Promise.resolve();
    now--;
    if (one === fails) throw new Error(`${one} fails`);
    done.push(one);
  };
  await several([5, 1, 2, 3, 4], act(-1), 2);
  expect([done.toSorted((a, b) => a - b), most]).toEqual([[1, 2, 3, 4, 5], 2]);
  done.length = 0;
  await expect(several([50, 1, 2, 3, 4], act(2), 2)).rejects.toThrow("2 fails");
  expect([done, now]).toEqual([[1, 50], 0]);
  await several([], act(-1));
});
