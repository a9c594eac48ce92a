// Where a row of a check file stands in the file, for messages.

/** The line, from 1, on which row `row` (from 0) of CSV with a header, or of JSON lines, begins; undefined in a JSON list. */
export function lineOfRow(text: string, row: number): number | undefined {
  const first = /\S/.exec(text)?.[0];
  if (first === "[") return undefined;
  // The header is the first record of CSV.
  let left = first === "{" ? row : row + 1;
  let line = 1;
  let begin = 1;
  let quoted = false;
  let blank = true;
  for (let i = 0; i <= text.length; i++) {
    const code = i === text.length ? 10 : text.charCodeAt(i);
    if (code === 10) {
      line++;
      if (quoted && i < text.length) continue;
      if (!blank && left-- === 0) return begin;
      begin = line;
      blank = true;
    } else {
      // In CSV a quoted cell may hold ends of lines; in JSON a line is a row.
      if (code === 34 && first !== "{") quoted = !quoted;
      if (code !== 13 && code !== 32 && code !== 0xfeff) blank = false;
    }
  }
  return undefined;
}
