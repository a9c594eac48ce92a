// A table for people: a heading and rows, columns as wide as their widest cell, two blanks between.

export function textTable(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = heading.map((h, j) => Math.max(h.length, ...rows.map((row) => row[j]?.length ?? 0)));
  return [heading, ...rows].map((row) => row.map((cell, j) => (j === row.length - 1 ? cell : cell.padEnd(widths[j]!))).join("  ").trimEnd()).join("\n");
}
