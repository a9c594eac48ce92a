// The report of a file, beside the package's profile and beside a reference that was made from traffic.

import type { ModelPackage } from "@slipway/core/package";
import { expect, it } from "vitest";
import { changeReference, referenceOf } from "../index.ts";
import { loanRows, profiledLoan, START, watchedApp, type LoanRow } from "../testing.ts";
import { countRows, driftPage, type FileReport } from "./index.ts";

async function* stream(rows: readonly LoanRow[]): AsyncGenerator<{ readonly rows: Record<string, unknown>[]; readonly texts: boolean }> {
  yield { rows: rows as unknown as Record<string, unknown>[], texts: false };
}

it("compares with traffic where a store has a reference of the package, and the page says so", async () => {
  const source = await profiledLoan();
  const watched = await watchedApp({ source });
  try {
    const older = loanRows(1200, 2, 53);
    await watched.ask(older);
    const store = await watched.monitor.store();
    const report = (beside: "profile" | "store", rows = loanRows(1000, 5, 53)): Promise<FileReport> => countRows({ ...source, digest: watched.model.digest } as unknown as ModelPackage, "week.csv", stream(rows) as never, {}, beside === "store" ? (subject) => referenceOf(store.database, subject) : undefined);
    const before = await report("store");
    expect([before.reference, before.state.state]).toEqual([null, "drift"]);
    await changeReference(watched.monitor, "loan", { from: new Date(START).toISOString() }, { name: "olga", roles: ["operator"], groups: [], how: "key" });
    const beside = await report("store");
    expect([beside.reference, beside.state.state]).toEqual([expect.objectContaining({ number: 1, rows: 1200 }), "ok"]);
    expect((await report("store", loanRows(1000, 6))).state.state).toBe("drift");
    const page = driftPage(beside);
    expect(page).toContain(`1200 rows of reference 1, traffic from <time>${new Date(START).toISOString()}</time>`);
    expect(page).toContain("in place of the package");
    const plain = driftPage(await report("profile"));
    expect(plain).toContain("5000 rows of the reference");
    expect(plain).not.toContain("traffic");
    // Without a profile a reference of traffic would do, and there is none.
    await expect(countRows({ ...source, profile: null, digest: watched.model.digest } as unknown as ModelPackage, "week.csv", stream(older) as never, {}, () => Promise.resolve(undefined))).rejects.toMatchObject({ code: "monitor-no-profile" });
  } finally {
    await watched.close();
  }
}, 60_000);
