import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { collectErrors, errorsDocument, renderErrors } from "./errors-doc.ts";

it("docs/errors.md lists every error code and no other (node scripts/errors-doc.ts rewrites it)", async () => {
  expect(readFileSync(errorsDocument, "utf8")).toBe(renderErrors(await collectErrors()));
});

it("every code is lower-case words joined by hyphens, and every entry says something", async () => {
  for (const codes of (await collectErrors()).values()) {
    for (const [code, definition] of codes) {
      expect(code).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
      expect(definition.doc.length).toBeGreaterThan(20);
    }
  }
});
