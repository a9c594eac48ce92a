// The order of versions: semantic versioning's precedence (semver.org, 2.0.0, rule 11) where both are such versions, whole
// numbers as Triton and TensorFlow Serving use them by size (a bare 3 stands for 3.0.0), anything else below them by text.

const PARSED = /^v?(\d{1,15})(?:\.(\d{1,15}))?(?:\.(\d{1,15}))?(?:-([0-9A-Za-z.-]{1,128}))?(?:\+.*)?$/;

interface Parsed {
  readonly numbers: readonly [number, number, number];
  readonly pre: readonly string[];
}

/** Negative where `a` comes before `b`. */
export function compareVersions(a: string, b: string): number {
  const x = parse(a);
  const y = parse(b);
  if (x === undefined || y === undefined) return x === y ? text(a, b) : x === undefined ? -1 : 1;
  for (let i = 0; i < 3; i++) if (x.numbers[i] !== y.numbers[i]) return x.numbers[i]! - y.numbers[i]!;
  if (x.pre.length === 0 || y.pre.length === 0) return y.pre.length - x.pre.length || text(a, b);
  for (let i = 0; i < Math.min(x.pre.length, y.pre.length); i++) {
    const order = identifiers(x.pre[i]!, y.pre[i]!);
    if (order !== 0) return order;
  }
  return x.pre.length - y.pre.length || text(a, b);
}

function parse(version: string): Parsed | undefined {
  const [whole, major, minor, patch, pre] = (version.length > 200 ? null : PARSED.exec(version)) ?? [];
  return whole === undefined ? undefined : { numbers: [Number(major), Number(minor ?? 0), Number(patch ?? 0)], pre: pre === undefined ? [] : pre.split(".") };
}
/** Numbers below texts. */
function identifiers(a: string, b: string): number {
  const [x, y] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  return x && y ? Number(a) - Number(b) : x !== y ? (x ? -1 : 1) : text(a, b);
}
function text(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
