import { expect, it } from "vitest";
import { empty, enumeration, many, map, maybe, message, one } from "./schema.ts";
import { describeFiles, encodeFile } from "./descriptor.ts";
import { unary } from "../method.ts";
import { decodeMessage } from "./decode.ts";

// A part of descriptor.proto, read back with names of our own.
const Type = message<{ readonly name: string; readonly field: readonly { readonly name: string; readonly type_name: string; readonly json: string }[]; readonly nested: readonly { readonly name: string; readonly nested: readonly { readonly name: string }[] }[] }>("Type", {
  name: one(1, "string"),
  field: many(2, message<{ readonly name: string; readonly type_name: string; readonly json: string }>("Field", { name: one(1, "string"), type_name: one(6, "string"), json: one(10, "string") })),
  nested: many(3, message<{ readonly name: string; readonly nested: readonly { readonly name: string }[] }>("Inner", { name: one(1, "string"), nested: many(3, message<{ readonly name: string }>("Innermost", { name: one(1, "string") })) })),
});
const File = message<{ readonly name: string; readonly package: string; readonly dependency: readonly string[]; readonly types: readonly { readonly name: string }[] }>("File", {
  name: one(1, "string"), package: one(2, "string"), dependency: many(3, "string"), types: many(4, Type) as never,
});

it("describes services in a file a package, with what is inside of what, and what is used of others", () => {
  const Shared = message<{ readonly kind: number }>("tensorflow.Shared", { kind: one(1, enumeration("tensorflow.Kind", { NONE: 0 })) });
  const Inner = message<{ readonly a_b: string }>("shop.Container.Inner", { a_b: one(1, "string") });
  const Order = message<{ readonly inner: { readonly a_b: string } | undefined; readonly by_name: ReadonlyMap<string, { readonly kind: number }> }>("shop.Order", { inner: maybe(1, Inner), by_name: map(2, "string", Shared) });
  const files = describeFiles([{ name: "shop.proto", package: "shop", services: [{ name: "shop.Till", methods: [unary("Pay", "open", Order, empty("shop.Receipt"), () => ({}))] }] }]);
  const read = files.map((f) => decodeMessage(File, encodeFile(f)));
  expect(read).toMatchObject([
    { name: "shop.proto", package: "shop", dependency: ["tensorflow/core/framework.proto"], types: [
      { name: "Order", field: [{ name: "inner", type_name: ".shop.Container.Inner" }, { name: "by_name", type_name: ".shop.Order.ByNameEntry", json: "byName" }], nested: [{ name: "ByNameEntry" }] },
      { name: "Container", nested: [{ name: "Inner" }] }, { name: "Receipt" }] },
    { name: "tensorflow/core/framework.proto", package: "tensorflow", dependency: [], types: [{ name: "Shared" }] },
  ]);
});
