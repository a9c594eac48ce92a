// How far apart the times of a series are: words (hour, month ...) or the aliases of pandas' date offsets, those of version 2.2 and
// later and the ones that they replaced. https://pandas.pydata.org/docs/user_guide/timeseries.html#offset-aliases

/** `fixed` periods have a length; `business` days are Monday to Friday; `months` are counted in the calendar. */
export type Frequency =
  | { readonly kind: "fixed"; /** Seconds. */ readonly seconds: number; /** A wall clock's days, not 24 hours. */ readonly days: boolean; /** 0 is Monday; undefined: any. */ readonly weekday?: number }
  | { readonly kind: "business"; readonly count: number }
  | { readonly kind: "months"; readonly months: number; /** Which day of the month; undefined: as the first time of a series has it. */ readonly day?: "start" | "end"; /** A month that is a period's, 0 to 11; undefined: any. */ readonly month?: number };

const MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS = ["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"];
const WORDS: Readonly<Record<string, string>> = { minute: "min", hour: "h", day: "D", "business day": "B", T: "min", H: "h", M: "ME", Q: "QE", A: "YE", Y: "YE", AS: "YS" };
const MINUTE = 60;
const HOUR = 3600;
const DAY = 86_400;
const MOST = 100_000;

/** For messages. */
export const FREQUENCIES = "minute, hour, day, business day, week, month, quarter, year, or an alias of pandas': 15min, h, D, B, W-MON, MS, ME, QS, QE-DEC, YS, YE ...";

/** undefined: it is none. */
export function parseFrequency(text: string): Frequency | undefined {
  const [, digits, word, anchor] = /^(\d{0,6})\s?([A-Za-z]{1,8}(?: day)?)(?:-([A-Z]{3}))?$/.exec(text) ?? [];
  if (word === undefined) return undefined;
  const count = digits === "" ? 1 : Number(digits);
  if (count < 1 || count > MOST) return undefined;
  const unit = Object.hasOwn(WORDS, word) ? WORDS[word]! : word;
  const fixed = (seconds: number, days: boolean): Frequency | undefined => (anchor === undefined ? { kind: "fixed", seconds: seconds * count, days } : undefined);
  switch (unit) {
    case "min": return fixed(MINUTE, false);
    case "h": return fixed(HOUR, false);
    case "D": return fixed(DAY, true);
    case "B": return anchor === undefined ? { kind: "business", count } : undefined;
    case "week": return fixed(7 * DAY, true);
    case "W": {
      const weekday = WEEKDAYS.indexOf(anchor ?? "SUN");
      return weekday < 0 ? undefined : { kind: "fixed", seconds: 7 * DAY * count, days: true, weekday };
    }
    case "month": return anchor === undefined ? { kind: "months", months: count } : undefined;
    case "quarter": return anchor === undefined ? { kind: "months", months: 3 * count } : undefined;
    case "year": return anchor === undefined ? { kind: "months", months: 12 * count } : undefined;
    case "MS": case "ME": return anchor === undefined ? { kind: "months", months: count, day: unit === "MS" ? "start" : "end" } : undefined;
    case "QS": case "QE": case "YS": case "YE": {
      const start = unit.endsWith("S");
      const month = MONTHS.indexOf(anchor ?? (start ? "JAN" : "DEC"));
      return month < 0 ? undefined : { kind: "months", months: (unit.startsWith("Q") ? 3 : 12) * count, day: start ? "start" : "end", month };
    }
    default: return undefined;
  }
}
