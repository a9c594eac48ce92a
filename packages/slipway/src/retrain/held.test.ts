import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { DataWatch } from "./data-watch.ts";
import { dataState } from "./given.ts";
import { heldBecause, type LastTraining } from "./held.ts";
import type { Cause } from "./triggers.ts";

const drift: Cause = { name: "drift", evidence: { columns: ["age"] } };
const last = (given: Partial<LastTraining> = {}): LastTraining => ({
  id: "r1", state: "aborted", reason: "labels: 9.00 % were wrong", parent: 3, version: 4, createdAt: "2026-03-09T12:00:00.000Z", endedAt: "2026-03-09T13:00:00.000Z", given: { data: "d1", labels: 500 }, ...given });

describe("a trigger that is met again", () => {
  it("begins nothing where the last training was given the same and came to nothing, and says until when", () => {
    expect(heldBecause(drift, 3, last(), "d1", 20)).toBe("the training of 2026-03-09 12:00 UTC was given the same and ended aborted (labels: 9.00 % were wrong); nothing is begun until the data changes or 500 labels more have come (20 have)");
    expect(heldBecause(drift, 3, last({ state: "failed", reason: "the gate is not passed" }), "d1", 20)).toContain("until the data changes");
    expect(heldBecause(drift, 3, last({ state: "unchanged", version: 3 }), "d1", 9000)).toContain("nothing is begun until the data changes");
  });
  it("begins one when the data has changed, or as many labels more have come as it had", () => {
    expect([heldBecause(drift, 3, last(), "d2", 0), heldBecause(drift, 3, last(), "d1", 500)]).toEqual([undefined, undefined]);
  });
  it("goes by labels alone where the data cannot be seen from here", () => {
    const unseen = { given: { data: null, labels: 0 } };
    expect(heldBecause(drift, 3, last(unseen), null, 199)).toContain("until 200 labels more have come (199 have)");
    expect(heldBecause(drift, 3, last({ ...unseen, state: "unchanged" }), null, 200)).toBeUndefined();
  });
  it("begins one where another version is in use, the last one was promoted or its program failed, and by the clock", () => {
    expect([heldBecause(drift, 4, last(), "d1", 0), heldBecause(drift, 3, last({ state: "promoted" }), "d1", 0), heldBecause(drift, 3, last({ state: "failed", version: null }), "d1", 0), heldBecause(drift, 3, undefined, "d1", 0),
      heldBecause({ name: "schedule", evidence: {} }, 3, last(), "d1", 0), heldBecause({ name: "new-labels", evidence: {} }, 3, last(), "d1", 0)]).toEqual([undefined, undefined, undefined, undefined, undefined, undefined]);
  });
});

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));
function newFolder(): string {
  folders.push(mkdtempSync(join(tmpdir(), "slipway-given-")));
  return folders.at(-1)!;
}

it("the state of the data is that of its files and of the program; elsewhere it cannot be seen", async () => {
  const folder = newFolder();
  for (const [name, text] of [["a.csv", "1"], ["train.py", "print()"]] as const) writeFileSync(join(folder, name), text);
  const settings = { command: ["python", "train.py"], folder, data: "." };
  const first = await dataState(settings);
  expect(first).toMatch(/^[0-9a-f]{64}$/);
  expect(await dataState(settings)).toBe(first);
  utimesSync(join(folder, "train.py"), 1, 1);
  const second = await dataState({ ...settings, data: "a.csv" });
  expect(await dataState(settings)).not.toBe(first);
  writeFileSync(join(folder, "a.csv"), "12");
  expect(await dataState({ ...settings, data: "a.csv" })).not.toBe(second);
  expect([await dataState({ ...settings, data: "s3://lake/new" }), await dataState({ command: ["x"] }), await dataState({ ...settings, data: "nothing" })]).toEqual([null, null, null]);
});

it("data that is looked at again and again is listed when something in it changed, or much time has gone by", async () => {
  const folder = newFolder();
  mkdirSync(join(folder, "data", "2026"), { recursive: true });
  const path = (i: number): string => join(folder, "data", "2026", `${i}.csv`);
  for (let i = 0; i < 450; i++) writeFileSync(path(i), "1");
  writeFileSync(join(folder, "train.py"), "print()");
  const settings = { command: ["python", "train.py"], folder, data: "data" };
  const watch = new DataWatch();
  let now = 0;
  const look = async (): Promise<string | null> => watch.state(settings, (now += 1000));
  const first = await look();
  for (let i = 0; i < 10; i++) expect(await look()).toBe(first);
  expect(watch.listings).toBe(1);
  // A file that comes, one that goes, the program: at once.
  writeFileSync(path(1000), "1");
  const second = await look();
  expect([second === first, second === await dataState(settings), watch.listings]).toEqual([false, true, 2]);
  rmSync(path(1000));
  utimesSync(join(folder, "train.py"), 1, 1);
  expect([await look() === await dataState(settings), watch.listings]).toEqual([true, 3]);
  // One that is written over, within as many looks as its turn takes.
  writeFileSync(path(444), "22");
  for (let i = 0; i < 3; i++) await look();
  expect([await look() === await dataState(settings), watch.listings]).toEqual([true, 4]);
  now += 600_000;
  await look();
  expect(watch.listings).toBe(5);
  expect([await watch.state({ ...settings, data: "nothing" }, now), await watch.state({ ...settings, data: "s3://lake" }, now), watch.listings]).toEqual([null, null, 7]);
});
