// Figures as people read them.

export function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))}%`;
}
export function bytesText(bytes: number): string {
  return bytes < 2 ** 20 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 2 ** 20).toFixed(1)} MB`;
}
export function numberText(value: number): string {
  if (!Number.isFinite(value) || Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  return size >= 1e-4 && size < 1e9 ? String(Number(value.toPrecision(4))) : value.toExponential(2);
}
export function cellText(value: string | number | boolean | null): string {
  return typeof value === "number" ? numberText(value) : value === null ? "" : typeof value === "boolean" ? (value ? "yes" : "no") : value;
}
