import { expect, it } from "vitest";
import { wholeSummary } from "./finish-shared.ts";

it("takes a record for what it is: of this run and whole, or nothing", () => {
  const summary = { rows: 3, failed: [] };
  expect(wholeSummary("r", JSON.stringify({ run: "r", digest: "sha256:1", summary }))).toEqual({ digest: "sha256:1", summary });
  for (const record of ["", "{", "null", "[]", '{"run":"r"}', '{"run":"r","summary":null}', JSON.stringify({ run: "other", summary }), JSON.stringify({ run: "r", summary: { failed: [{}] } })]) {
    expect(wholeSummary("r", record), record).toBeUndefined();
  }
});
