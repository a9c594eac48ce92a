// Figures as people read them.

export function percent(share: number): string {
  return `${Number((share * 100).toPrecision(3))}%`;
}
export function numberText(value: number): string {
  if (!Number.isFinite(value) || Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  return size >= 1e-4 && size < 1e9 ? String(Number(value.toPrecision(4))) : value.toExponential(2);
}
