// A map of classes as run lengths, as COCO has them (cocoapi's maskApi.c, rleEncode and rleToString): column after column, how
// many pixels are none of the class, how many are, and so on; and those numbers as a text that pycocotools reads as `counts`.

export interface ClassRuns {
  readonly class: number;
  readonly pixels: number;
  readonly counts: string;
}

/** `at(x, y)`: a pixel's class; below 0 it has none. By class. */
export function classRuns(width: number, height: number, at: (x: number, y: number) => number): ClassRuns[] {
  /** Lengths, the end of the last run, and how many pixels. */
  const found = new Map<number, { readonly lengths: number[]; end: number; pixels: number }>();
  let [current, start, place] = [-1, 0, 0];
  const close = (): void => {
    if (current < 0 || place === start) return;
    let of = found.get(current);
    if (of === undefined) found.set(current, (of = { lengths: [], end: 0, pixels: 0 }));
    of.lengths.push(start - of.end, place - start);
    of.end = place;
    of.pixels += place - start;
  };
  for (let x = 0; x < width; x++) {
    for (let y = 0; y < height; y++, place++) {
      const c = at(x, y);
      if (c === current) continue;
      close();
      [current, start] = [c, place];
    }
  }
  close();
  return [...found].sort(([a], [b]) => a - b).map(([c, { lengths, end, pixels }]) => ({ class: c, pixels, counts: countsText(end < place ? [...lengths, place - end] : lengths) }));
}

/** Each number from the fourth on as its difference to the one two before; five bits a character, the lowest first. */
function countsText(lengths: readonly number[]): string {
  const codes: number[] = [];
  lengths.forEach((length, i) => {
    let rest = i > 2 ? length - lengths[i - 2]! : length;
    for (let more = true; more;) {
      const bits = rest & 0x1f;
      rest >>= 5;
      more = (bits & 0x10) !== 0 ? rest !== -1 : rest !== 0;
      codes.push((more ? bits | 0x20 : bits) + 48);
    }
  });
  let text = "";
  for (let i = 0; i < codes.length; i += 8192) text += String.fromCharCode(...codes.slice(i, i + 8192));
  return text;
}

/** The lengths of a text of `counts`; undefined where it is none. */
function lengthsOf(counts: string): number[] | undefined {
  const lengths: number[] = [];
  for (let at = 0; at < counts.length;) {
    let value = 0;
    for (let shift = 0; ; shift += 5) {
      const code = counts.charCodeAt(at++) - 48;
      if (!(code >= 0 && code < 64) || shift > 25) return undefined;
      value |= (code & 0x1f) << shift;
      if ((code & 0x20) !== 0) continue;
      if ((code & 0x10) !== 0) value |= -1 << (shift + 5);
      break;
    }
    lengths.push(lengths.length > 2 ? value + lengths[lengths.length - 2]! : value);
    if (lengths.at(-1)! < 0) return undefined;
  }
  return lengths;
}

/** The map again, row after row, in `into`; false where the runs are none of a map of that size. */
export function drawRuns(counts: string, value: number, width: number, height: number, into: Uint8Array | Uint16Array): boolean {
  const lengths = lengthsOf(counts);
  if (lengths === undefined || lengths.reduce((a, b) => a + b, 0) !== width * height) return false;
  let place = 0;
  lengths.forEach((length, i) => {
    if (i % 2 === 1) for (let p = place; p < place + length; p++) into[(p % height) * width + Math.floor(p / height)] = value;
    place += length;
  });
  return true;
}
