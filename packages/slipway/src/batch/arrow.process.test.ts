// Arrow IPC in and out: files and streams, batches smaller and larger than a shard, dictionaries, what is damaged.

import { readFileSync, writeFileSync } from "node:fs";
import { bool, columnFromArray, decimal, dictionary, float16, float32, float64, int64, tableFromColumns, tableFromIPC, tableToIPC, utf8 } from "@uwdata/flechette";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readArrowTables } from "./input/arrow-tables.ts";
import { expectedCsv, loanPackage, loanRows, loanScore, TestRuns, type LoanRow } from "./testing-run.ts";

let runs: TestRuns;
beforeAll(async () => void (runs = new TestRuns(await loanPackage())), 60_000);
afterAll(() => runs.remove());

function arrow(rows: readonly LoanRow[], format: "file" | "stream", maxBatchRows: number): Uint8Array {
  const column = (name: keyof LoanRow, type: Parameters<typeof columnFromArray>[1]): [string, unknown] => [name, columnFromArray(rows.map((r) => (name === "id" ? BigInt(r.id) : r[name])), type, { maxBatchRows })];
  const columns = [column("id", int64()), column("age", float64()), column("plan", dictionary(utf8())), column("member", bool()), column("note", utf8())];
  return tableToIPC(tableFromColumns(columns as Parameters<typeof tableFromColumns>[0]), { format })!;
}

describe("Arrow", () => {
  const rows = loanRows(5000);
  it.each([["file", 700], ["stream", 5000]] as const)("is read from a %s, and is the same as CSV", async (format, batch) => {
    writeFileSync(runs.at(`in-${format}.arrow`), arrow(rows, format, batch));
    expect(await runs.run(runs.at(`in-${format}.arrow`), `${format}.csv`)).toMatchObject({ rows: 5000, bad: 0 });
    expect(runs.text(`${format}.csv`)).toBe(expectedCsv(rows));
  });
  it("is cut into shards of whole batches, and of parts of those that are larger", async () => {
    writeFileSync(runs.at("small.arrow"), arrow(rows, "file", 700));
    const of = async (limit: number): Promise<[number, number][]> => (await readArrowTables([{ path: runs.at("small.arrow") }], limit)).shards.map((s) => [s.from, s.to]);
    expect(await of(1500)).toEqual([[0, 1400], [1400, 2800], [2800, 4200], [4200, 5000]]);
    expect((await of(300)).slice(0, 4)).toEqual([[0, 300], [300, 600], [600, 700], [700, 1000]]);
    expect((await of(300)).at(-1)?.[1]).toBe(5000);
  });
  it.each(["arrow", "arrows"] as const)("is written as .%s of one part or several, with the outputs' types", async (format) => {
    writeFileSync(runs.at("many.arrows"), arrow(loanRows(70_000), "stream", 40_000));
    expect(await runs.run(runs.at("many.arrows"), `out.${format}`, { ids: true, outputs: ["label", "score"] })).toMatchObject({ rows: 70_000, shards: 2 });
    const bytes = readFileSync(runs.at(`out.${format}`));
    expect(bytes.subarray(0, 6).toString() === "ARROW1").toBe(format === "arrow");
    const table = tableFromIPC(bytes, { useBigInt: true });
    expect(table.numRows).toBe(70_000);
    expect(table.schema.fields.map((f) => f.name)).toEqual(["id", "label", "score", "prediction_id", "model_version"]);
    expect([table.getChild("id").at(69_999), table.getChild("prediction_id").at(69_999)]).toEqual([69_999n, expect.stringMatching(/-1-29999$/)]);
    expect([4, 60_003].map((i) => table.getChild("score").at(i))).toEqual([loanScore(loanRows(5)[4]!), NaN]);
  });
  it.each([["a dictionary", () => dictionary(float64())], ["short decimals", () => decimal(9, 2, 32)], ["halves", float16], ["floats", float32]] as const)("has numbers as %s, and what is missing stays missing", async (name, type) => {
    const some = rows.slice(0, 12);
    const kept = some.map((_, i) => (i % 5 === 1 ? null : i + 0.5));
    const columns = [["age", columnFromArray(some.map((r) => r.age), type())], ["plan", columnFromArray(some.map((r) => r.plan), dictionary(utf8()))], ["member", columnFromArray(some.map((r) => r.member), bool())], ["kept", columnFromArray(kept, type())]] as const;
    writeFileSync(runs.at(`${name}.arrow`), tableToIPC(tableFromColumns(columns as unknown as Parameters<typeof tableFromColumns>[0]), { format: "file" })!);
    expect(await runs.run(runs.at(`${name}.arrow`), `${name}.out.arrow`, { keep: ["kept"], outputs: ["score"] })).toMatchObject({ rows: 12, bad: 0 });
    const [input, output] = ["", ".out"].map((end) => tableFromIPC(readFileSync(runs.at(`${name}${end}.arrow`))));
    const age = input!.getChild("age");
    expect([input!.getChild("kept").at(1), age.at(3), age.at(0)]).toEqual([null, null, expect.any(Number)]);
    expect([...output!.getChild("kept")]).toEqual([...input!.getChild("kept")]);
    expect([...output!.getChild("score")]).toEqual(some.map((r, i) => loanScore({ ...r, note: null, age: age.at(i) as number | null }) ?? NaN));
  });
  it("names what is wrong with a row, and where a file is cut off", async () => {
    const some = rows.slice(0, 100).map((r, i) => (i === 7 ? { ...r, plan: "gold" } : r));
    writeFileSync(runs.at("gold.arrow"), arrow(some, "file", 50));
    expect(await runs.run(runs.at("gold.arrow"), "gold.csv")).toMatchObject({ rows: 100, bad: 1 });
    expect(runs.bad("gold.csv")[0]).toMatchObject({ row: 8, column: "plan", text: expect.stringContaining('"plan":"gold"') as string });
    const whole = readFileSync(runs.at("gold.arrow"));
    for (const end of [0, 5, 9, 300, whole.length >> 1]) {
      writeFileSync(runs.at("cut.arrow"), whole.subarray(0, end));
      await expect(runs.run(runs.at("cut.arrow"), "cut.csv"), `cut at ${end}`).rejects.toMatchObject({ code: "batch-input-damaged" });
    }
  });
});
