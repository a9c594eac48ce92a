// Decimal numbers read from bytes, as JSON and CSV have them. At most 15 digits and a power of ten up to 22 are exact doubles,
// so their quotient is rounded once, rightly (Clinger, "How to read floating point numbers accurately", 1990); what has more
// digits is left to Number().

const MAX_EXACT_DIGITS = 15;
/** So many digits fit into 32 bits. */
const MAX_INT_DIGITS = 9;
const POWERS = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
const MINUS = 0x2d, POINT = 0x2e, ZERO = 0x30, NINE = 0x39;

/** One for each reader: what it read last stands in its fields. */
export class DecimalReader {
  /** Behind the last digit, or the point where none follows it. */
  end = 0;
  /** Digits before and behind the point. */
  digits = 0;
  /** Whether it is written as JSON has numbers (RFC 8259, 6): no zero before other digits, digits on both sides of a point. */
  inJson = false;

  /** Sign, digits, point, digits; what follows is the caller's to look at. NaN: no digits, or more than are exact. */
  read(bytes: Uint8Array, from: number): number {
    let at = from;
    let c = bytes[at]!;
    const negative = c === MINUS;
    if (negative) c = bytes[++at]!;
    const first = at;
    let whole = 0;
    while (c >= ZERO && c <= NINE) {
      whole = (Math.imul(whole, 10) + c - ZERO) | 0;
      c = bytes[++at]!;
    }
    let digits = at - first;
    let places = 0;
    this.inJson = digits === 1 || (digits > 1 && bytes[first] !== ZERO);
    if (c === POINT && digits > 0) {
      const point = ++at;
      c = bytes[at]!;
      while (c >= ZERO && c <= NINE) {
        whole = (Math.imul(whole, 10) + c - ZERO) | 0;
        c = bytes[++at]!;
      }
      places = at - point;
      digits += places;
      if (places === 0) this.inJson = false;
    }
    this.end = at;
    this.digits = digits;
    if (digits === 0 || digits > MAX_EXACT_DIGITS) return NaN;
    const size = digits <= MAX_INT_DIGITS ? whole : digitsOf(bytes, first, at);
    return (negative ? -size : size) / POWERS[places]!;
  }

  /** A number as JSON has it, with an exponent where there is one; NaN: something else. What is beyond a double is infinite. */
  readJson(bytes: Uint8Array, from: number): number {
    const value = this.read(bytes, from);
    if (!this.inJson) return NaN;
    let at = this.end;
    let c = bytes[at]!;
    if (c === 0x65 || c === 0x45) {
      c = bytes[++at]!;
      if (c === 0x2b || c === MINUS) c = bytes[++at]!;
      if (!(c >= ZERO && c <= NINE)) return NaN;
      while (c >= ZERO && c <= NINE) c = bytes[++at]!;
    } else if (value === value) return value;
    this.end = at;
    return Number(textOf(bytes, from, at));
  }
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return (Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)).toString("latin1", start, end);
}

/** Digits from `start` to before `end`, without regard to a point among them. */
function digitsOf(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) if (bytes[at] !== POINT) value = value * 10 + (bytes[at]! - ZERO);
  return value;
}
