import { expect, it } from "vitest";
import { labelledPredictions, labelsSince, lossOf } from "./label-trials.ts";
import { storeLabels } from "./label-store.ts";
import { MonitorStore } from "./store.ts";

it("counts labels of a version, those that show it wrong, and those that are new", async () => {
  const store = await MonitorStore.open("sqlite::memory:");
  const at = "2026-03-01T10:00:00.000Z";
  const subject = { model: "churn", version: "2", digest: "sha256:a", series: [], distinctShare: null, task: { kind: "classification", classes: ["0", "1"], probabilities: false } };
  await store.database.query("insert into monitor_subjects (model, version, digest, subject, first_at) values ($1, $2, $3, $4, $5)", ["churn", "2", "sha256:a", JSON.stringify(subject), at]);
  for (const [id, answer] of [["a", "1"], ["b", "0"], ["c", "1"], ["d", "0"]]) await store.database.query("insert into monitor_predictions (id, model, version, digest, at, business_key, answer, scores) values ($1, 'churn', '2', 'sha256:a', $2, null, $3, null)", [id!, at, answer!]);
  const label = (ref: string, text: string) => ({ kind: "id" as const, ref, model: "", label: text, at: null });
  await storeLabels(store.database, [label("a", "1.0"), label("b", "1"), label("c", "1"), label("elsewhere", "1")], Date.parse("2026-03-02T10:00:00Z"));
  const found = await labelledPredictions(store, "churn", "2", "2026-03-01T00:00:00.000Z");
  expect([found?.kind, found?.rows.map((r) => [r.id, lossOf("classification", r.answer, r.label), r.receivedAt]).sort()]).toEqual(["classification", [["a", 0, "2026-03-02T10:00:00.000Z"], ["b", 1, "2026-03-02T10:00:00.000Z"], ["c", 0, "2026-03-02T10:00:00.000Z"]]]);
  expect((await labelledPredictions(store, "churn", "2", "2026-03-01T11:00:00.000Z"))?.rows).toEqual([]);
  expect(await labelledPredictions(store, "unknown", "2", at)).toBeUndefined();
  expect([await labelsSince(store, "churn", "2026-03-02T00:00:00.000Z"), await labelsSince(store, "churn", "2026-03-03T00:00:00.000Z")]).toEqual([3, 0]);
  await store.close();
});

it("a number's error is its distance from what was true", () => {
  expect([lossOf("regression", "3.5", "5"), lossOf("regression", "5", " 5.0 "), lossOf("regression", "5", ""), lossOf("regression", "5", "five")]).toEqual([1.5, 0, NaN, NaN]);
});
