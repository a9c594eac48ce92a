// Long answers written piece by piece, so that the event loop stays free between two of them.

/** Answers of more rows are written in pieces of so many. */
export const ROWS_AT_ONCE = 2000;

/** `head`, then rows with commas between them, then `tail`: at once where they are few. */
export function rowsText(rows: number, row: (i: number) => string, head: string, tail: string): string | AsyncGenerator<string> {
  if (rows <= ROWS_AT_ONCE) return head + piece(row, 0, rows) + tail;
  return pieces();

  async function* pieces(): AsyncGenerator<string> {
    yield head;
    for (let start = 0; start < rows; start += ROWS_AT_ONCE) {
      yield (start === 0 ? "" : ",") + piece(row, start, Math.min(rows, start + ROWS_AT_ONCE));
      await new Promise((resolve) => setImmediate(resolve));
    }
    yield tail;
  }
}

function piece(row: (i: number) => string, start: number, end: number): string {
  let text = "";
  for (let i = start; i < end; i++) text += (i === start ? "" : ",") + row(i);
  return text;
}
