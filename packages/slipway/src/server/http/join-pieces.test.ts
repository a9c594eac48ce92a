import fc from "fast-check";
import { expect, it } from "vitest";
import { joinPieces } from "./join-pieces.ts";

it("pieces are put together, and what follows the JSON of a long body begins at a multiple of eight bytes", () => {
  fc.assert(fc.property(fc.array(fc.nat({ max: 40_000 }), { minLength: 1, maxLength: 6 }), fc.nat({ max: 400 }), fc.option(fc.constantFrom("0", "1", "106", "64000", "-3", "1e9", "x")), (sizes, head, json) => {
    const pieces = sizes.map((size, i) => Buffer.alloc(size, i + 1));
    const all = Buffer.concat(pieces);
    const whole = joinPieces(pieces, all.length, json === null ? {} : { "inference-header-content-length": json }, head);
    expect(whole.equals(all)).toBe(true);
    const behind = Number(json ?? 0) > 0 && Number(json) < all.length ? Number(json) : 0;
    if (all.length >= 2 ** 16) expect((whole.byteOffset + head + behind) % 8).toBe(0);
  }));
});
