// Times, sizes and numbers as people read them.

const RELATIVE = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const UNITS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [["year", 31_557_600_000], ["month", 2_629_800_000], ["week", 604_800_000], ["day", 86_400_000], ["hour", 3_600_000], ["minute", 60_000]];

export function ago(iso: string, now: number = Date.now()): string {
  const difference = Date.parse(iso) - now;
  for (const [unit, ms] of UNITS) if (Math.abs(difference) >= ms) return RELATIVE.format(Math.trunc(difference / ms), unit);
  return difference > 5000 ? "in less than a minute" : "just now";
}
export function fullTime(iso: string): string {
  return new Date(iso).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "medium" });
}
export function bytes(size: number): string {
  if (size < 1024) return `${size} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = size / 1024;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]!}`;
}
export function shortDigest(digest: string): string {
  return digest.replace(/^sha256:/, "").slice(0, 12);
}
export function numberText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return value.toLocaleString("en");
  return String(Number(value.toPrecision(4)));
}
export function percent(share: number): string {
  return `${(share * 100).toFixed(share > 0.001 && share < 0.999 ? 1 : 0)}%`;
}
export function plural(count: number, one: string, many: string = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
/** With a capital, unless it begins with a name: `churn:2`, `web-1-2211`. */
export function capitalized(text: string): string {
  return /^[a-z]+[,:;]?(?:\s|$)/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}
