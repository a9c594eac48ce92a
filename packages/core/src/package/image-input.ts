// How pictures become a tensor, read from JSON with every field checked: of signature.json, and of a user's own file.

import { JsonObject, type Fail } from "./json.ts";
import { IMAGE_FILTERS, type ImageInput } from "./signature.ts";

const MAX_EDGE = 16_384;

export function parseImageInput(json: unknown, where: string, fail: Fail): ImageInput {
  const o = new JsonObject(json, where, fail);
  const numbers = (key: string): number[] => o.array(key, 4, (v, at) => {
    if (typeof v !== "number" || !Number.isFinite(v)) throw fail("expected a number", at);
    return v;
  });
  const resize = o.oneOf("resize", ["stretch", "shortest", "crop", "pad", "none"]);
  const size = o.has("size") ? numbers("size") : undefined;
  if (size?.some((n) => !Number.isInteger(n) || n < 1 || n > MAX_EDGE) === true) throw fail(`expected pixels from 1 to ${MAX_EDGE}`, o.at("size"));
  if (size !== undefined && (resize === "shortest" ? size.length < 1 || size.length > 2 || size[0]! > (size[1] ?? Infinity) : size.length !== 2)) throw fail(resize === "shortest" ? "expected the shorter edge, or it and the most of the longer one" : "expected [height, width]", o.at("size"));
  if (resize === "shortest" && size === undefined) throw fail("the shorter edge is not told", o.at("size"));
  const scale = o.get("scale");
  const [mean, std] = [numbers("mean"), numbers("std")];
  if (typeof scale !== "number" || !Number.isFinite(scale)) throw fail("expected a number", o.at("scale"));
  if (mean.length === 0 || std.length === 0 || std.includes(0)) throw fail("expected one number, or one a channel; none of std is 0", o.at("std"));
  const multiple = o.has("multiple") ? o.count("multiple", MAX_EDGE) : undefined;
  if (multiple !== undefined && (resize !== "shortest" || multiple < 1)) throw fail("expected at least 1, and only of the resizing by the shortest edge", o.at("multiple"));
  const fill = o.has("fill") ? o.count("fill", 255) : undefined;
  return { resize, ...(size === undefined ? {} : { size }), ...(multiple === undefined ? {} : { multiple }), ...(fill === undefined ? {} : { fill }), filter: o.oneOf("filter", IMAGE_FILTERS), order: o.oneOf("order", ["rgb", "bgr"]), scale, mean, std };
}
