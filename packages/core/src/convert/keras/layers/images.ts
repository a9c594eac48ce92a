// Layers that change an image's size: Resizing, CenterCrop, UpSampling.

import type { Value } from "../../../onnx/index.ts";
import { defineLayer, rankOf, single, type KerasContext, type LayerDefinition, type LayerView } from "../layer.ts";
import { toChannelsFirst, toChannelsLast } from "./convolution.ts";
import { INTERPOLATIONS, resizeImage } from "./resample.ts";
import { boundedSize, repeatAxis } from "./shape.ts";

type Size = readonly [height: number, width: number];

/** What a layer does to [N, H, W, C], for either order of dimensions. */
function onImages(layer: LayerView, x: Value, c: KerasContext, change: (x: Value) => Value): Value {
  return layer.channelsFirst ? toChannelsFirst(change(toChannelsLast(x, c)), c) : change(x);
}
const f = Math.fround;
const part = (a: number, b: number, by: number): number => Math.trunc(f(f(a * b) / by));

function crop(x: Value, [height, width]: Size, start: Size, c: KerasContext): Value {
  return c.o.slice(c.o.slice(x, start[0], start[0] + height, 1), start[1], start[1] + width, 2);
}
/** The largest part in the middle that has the ratio of `to`. */
function cropToRatio(x: Value, [th, tw]: Size, layer: LayerView, c: KerasContext): Value {
  const [h, w] = [c.size(x, 1, layer), c.size(x, 2, layer)];
  const [ch, cw] = [Math.max(1, Math.min(h, part(w, th, tw))), Math.max(1, Math.min(w, part(h, tw, th)))];
  return crop(x, [ch, cw], [Math.trunc((h - ch) / 2), Math.trunc((w - cw) / 2)], c);
}
function padToRatio(x: Value, [th, tw]: Size, fill: number, layer: LayerView, c: KerasContext): Value {
  const [h, w] = [c.size(x, 1, layer), c.size(x, 2, layer)];
  const by = [Math.max(h, part(w, th, tw)) - h, Math.max(w, part(h, tw, th)) - w].map((v) => Math.trunc(v / 2));
  return c.graph.op("Pad", [x, c.o.int64s([0, by[0]!, by[1]!, 0, 0, by[0]!, by[1]!, 0]), c.scalar(fill)]);
}

const resizing = defineLayer({
  names: ["Resizing"],
  mask: "stop",
  convert: (layer, call, c) => {
    const x = c.float(single(layer, call).value);
    rankOf(layer, x, 4);
    const smooth = layer.bool("antialias", false);
    const how = layer.word("interpolation", INTERPOLATIONS, "bilinear");
    const size: Size = [layer.int("height", undefined, 1), layer.int("width", undefined, 1)];
    size.forEach((v) => boundedSize(v, layer));
    return onImages(layer, x, c, (image) => {
      let y = image;
      if (layer.bool("crop_to_aspect_ratio", false)) y = cropToRatio(y, size, layer, c);
      else if (layer.bool("pad_to_aspect_ratio", false)) {
        layer.word("fill_mode", ["constant"], "constant");
        y = padToRatio(y, size, layer.number("fill_value", 0), layer, c);
      }
      return resizeImage(y, size, how, layer, c, smooth);
    });
  },
});

const centerCrop = defineLayer({
  names: ["CenterCrop"],
  mask: "stop",
  convert: (layer, call, c) => {
    const x = c.float(single(layer, call).value);
    rankOf(layer, x, 4);
    const size: Size = [layer.int("height", undefined, 1), layer.int("width", undefined, 1)];
    return onImages(layer, x, c, (image) => {
      const [h, w] = [c.size(image, 1, layer), c.size(image, 2, layer)];
      if (h >= size[0] && w >= size[1]) return crop(image, size, [Math.floor((h - size[0]) / 2), Math.floor((w - size[1]) / 2)], c);
      return resizeImage(cropToRatio(image, size, layer, c), size, "bilinear", layer, c);
    });
  },
});

const upSampling = defineLayer({
  names: ["UpSampling1D", "UpSampling2D", "UpSampling3D"],
  mask: "stop",
  convert: (layer, call, c) => {
    const k = Number(layer.className.at(-2));
    const { value } = single(layer, call);
    rankOf(layer, value, k + 2);
    const sizes = layer.perAxis("size", k, 2);
    const how = layer.word("interpolation", INTERPOLATIONS, "nearest");
    if (how === "nearest") return sizes.reduce((x, times, i) => repeatAxis(x, i + (layer.channelsFirst ? 2 : 1), times, layer, c), value);
    if (k !== 2) throw layer.malformed(`interpolation is ${how} for ${k} dimensions`);
    return onImages(layer, value, c, (x) => resizeImage(x, [c.size(x, 1, layer) * sizes[0]!, c.size(x, 2, layer) * sizes[1]!], how, layer, c));
  },
});

export const IMAGES: readonly LayerDefinition[] = [resizing, centerCrop, upSampling];
