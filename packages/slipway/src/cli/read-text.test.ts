import { expect, it } from "vitest";
import { readText } from "./read-text.ts";

it("tells a file that is not there from one that cannot be read", async () => {
  await expect(readText("nowhere.csv")).rejects.toMatchObject({ code: "data-not-found", message: 'there is no data file "nowhere.csv"', hint: expect.stringContaining("relative to the folder") as string });
  await expect(readText(".")).rejects.toMatchObject({ code: "data-not-found", message: expect.stringContaining("EISDIR") as string });
});
