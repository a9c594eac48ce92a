// Patterns spelled so that every engine of ONNX's text operators reads them alike: RE2 (ONNX Runtime) knows \p{L} and
// \x{e9}, Python's re (the reference evaluator of the onnx package) neither. Both take the characters themselves.

/** Where characters of one category begin and end that need no look at each: planes without any, and those for private use. */
const UNIFORM: ReadonlyMap<number, number> = new Map([[0x40000, 0xdffff], [0xe1000, 0xefffd], [0xf0000, 0xffffd], [0x100000, 0x10fffd]]);
const classes = new Map<string, string>();

/** `pattern` uses \p{...} inside of bracket expressions only. */
export function spellPortably(pattern: string): string {
  return pattern.replace(/\\p\{(\w+)\}|\\x\{([0-9a-f]+)\}/g, (_, category: string | undefined, code: string | undefined) =>
    (category === undefined ? spell(Number.parseInt(code!, 16)) : categoryRanges(category)));
}

function categoryRanges(category: string): string {
  let text = classes.get(category);
  if (text === undefined) {
    const test = new RegExp(`\\p{${category}}`, "u");
    text = "";
    let first = -1;
    for (let code = 0; code <= 0x110000; code++) {
      const at = code;
      const inside = code <= 0x10ffff && test.test(String.fromCodePoint(code));
      code = UNIFORM.get(code) ?? code;
      if (inside && first < 0) first = at;
      if (inside || first < 0) continue;
      text += at - first === 1 ? spell(first) : `${spell(first)}-${spell(at - 1)}`;
      first = -1;
    }
    classes.set(category, text);
  }
  return text;
}

function spell(code: number): string {
  return code < 0x80 ? `\\x${code.toString(16).padStart(2, "0")}` : String.fromCodePoint(code);
}
