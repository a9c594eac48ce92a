// Snappy (https://github.com/google/snappy/blob/main/format_description.txt) in WebAssembly: literals and copies of bytes that
// were written before. Up to 16 bytes are read and written at once, over the end of what is there: behind it there has to be room.

import { FunctionWriter } from "@slipway/core/wasm";

/** snappy(from, end, to, limit): gives the place behind what it wrote from `to` on; 0 where the bytes are damaged or there are more than fit. Behind the length, which stands first. */
export function snappyFunction(): FunctionWriter {
  const f = new FunctionWriter("snappy", ["i32", "i32", "i32", "i32"], "i32");
  const [from, end, to, limit] = [0, 1, 2, 3];
  const [start, tag, length, offset, p, q] = f.locals("i32", 6) as [number, number, number, number, number, number];
  /** Copies by pieces from `p` to `q` until `q` is at `to` + `length`. */
  const pieces = (bytes: number, copy: () => void): void => {
    f.repeat((again) => {
      copy();
      f.increase(p, bytes).increase(q, bytes).get(q).get(to, length).op("i32.add", "i32.lt_u").branchIf(again);
    });
  };
  f.get(to).set(start);
  f.block((broken) => {
    f.block((done) => f.repeat((next) => {
      f.get(from, end).op("i32.ge_u").branchIf(done);
      f.get(from).access("i32.load8_u").set(tag).increase(from, 1);
      f.get(tag).i32(3).op("i32.and", "i32.eqz").when(() => {
        f.get(tag).i32(2).op("i32.shr_u").set(length);
        f.get(length).i32(60).op("i32.ge_u").when(() => {
          // The length stands in one to four bytes.
          f.get(length).i32(59).op("i32.sub").set(offset);
          f.get(from).access("i32.load").i32(-1).i32(4).get(offset).op("i32.sub").i32(3).op("i32.shl", "i32.shr_u", "i32.and").set(length);
          f.get(from, offset).op("i32.add").set(from);
        });
        f.increase(length, 1);
        f.get(from, end).op("i32.gt_u").branchIf(broken);
        f.get(length).op("i32.eqz").get(length).get(end, from).op("i32.sub", "i32.gt_u", "i32.or").get(length).get(limit, to).op("i32.sub", "i32.gt_u", "i32.or").branchIf(broken);
        f.get(length).i32(16).op("i32.le_u").when(() => f.get(to, from).access("v128.load").access("v128.store"), () => f.get(to, from, length).op("memory.copy"));
        f.get(from, length).op("i32.add").set(from).get(to, length).op("i32.add").set(to).branch(next);
      });
      f.get(tag).i32(3).op("i32.and").i32(1).op("i32.eq").when(() => {
        f.get(tag).i32(2).op("i32.shr_u").i32(7).op("i32.and").i32(4).op("i32.add").set(length);
        f.get(tag).i32(0xe0).op("i32.and").i32(3).op("i32.shl").get(from).access("i32.load8_u").op("i32.or").set(offset).increase(from, 1);
      }, () => {
        f.get(tag).i32(2).op("i32.shr_u").i32(1).op("i32.add").set(length);
        f.get(tag).i32(1).op("i32.and", "i32.eqz").when(() => f.get(from).access("i32.load16_u").set(offset).increase(from, 2), () => f.get(from).access("i32.load").set(offset).increase(from, 4));
      });
      f.get(offset).i32(1).op("i32.sub").get(to, start).op("i32.sub", "i32.ge_u").get(length).get(limit, to).op("i32.sub", "i32.gt_u", "i32.or").branchIf(broken);
      f.get(to, offset).op("i32.sub").set(p).get(to).set(q);
      f.get(offset).i32(16).op("i32.ge_u").when(
        () => pieces(16, () => f.get(q, p).access("v128.load").access("v128.store")),
        () => f.get(offset).i32(8).op("i32.ge_u").when(
          () => pieces(8, () => f.get(q, p).access("i64.load").access("i64.store")),
          () => pieces(1, () => f.get(q, p).access("i32.load8_u").access("i32.store8")),
        ),
      );
      f.get(to, length).op("i32.add").set(to).branch(next);
    }));
    f.get(from, end).op("i32.ne").branchIf(broken);
    f.get(to).op("return");
  });
  return f.i32(0);
}
