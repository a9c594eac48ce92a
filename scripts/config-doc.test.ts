import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { configDocument, renderConfig } from "./config-doc.ts";

it("docs/configuration.md lists every setting and no other (node scripts/config-doc.ts rewrites it)", () => {
  expect(readFileSync(configDocument, "utf8")).toBe(renderConfig());
});
