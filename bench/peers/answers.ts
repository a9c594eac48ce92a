// What the servers answer, in the form of each, beside the probabilities that the model's library gives.

/** What is wrong, if anything is. Probabilities agree to 1e-3, as the expected ones and the payloads are rounded. */
export function wrongIn(form: string, text: string, expected: readonly (readonly number[])[], sent: Buffer): string | undefined {
  const answer = JSON.parse(text) as Readonly<Record<string, unknown>>;
  if (form === "echo") return text === JSON.stringify(JSON.parse(sent.toString())) ? undefined : "not what was sent";
  const width = expected[0]!.length;
  const rows = rowsOf(form, answer, width);
  if (rows.length !== expected.length) return `${rows.length} rows for ${expected.length}`;
  for (let i = 0; i < rows.length; i++) {
    for (let j = 0; j < width; j++) {
      if (!(Math.abs(rows[i]![j]! - expected[i]![j]!) < 1e-3)) return `row ${i}, class ${j}: ${rows[i]![j]} for ${expected[i]![j]}`;
    }
  }
  return undefined;
}

function rowsOf(form: string, answer: Readonly<Record<string, unknown>>, width: number): readonly (readonly number[])[] {
  switch (form) {
    case "v2": {
      const { data } = (answer["outputs"] as { data: number[] | number[][] }[]).at(-1)!;
      return chunks(data.flat(), width);
    }
    case "mlflow": return answer["predictions"] as number[][];
    case "slipway": return answer["outputs"] !== undefined ? rowsOf("v2", answer, width) : (answer["predictions"] as Readonly<Record<string, unknown>>[]).map((row) => probabilitiesIn(row, width));
    default: return answer["probs"] as number[][];
  }
}

/** The one value of a row that holds as many numbers as there are classes. */
function probabilitiesIn(row: Readonly<Record<string, unknown>>, width: number): number[] {
  const lists = Object.values(row).filter((v) => typeof v === "object" && v !== null).map((v) => Object.values(v as object).flat() as number[]);
  const found = lists.find((l) => l.length === width);
  if (found === undefined) throw new Error(`no ${width} probabilities in ${JSON.stringify(row).slice(0, 300)}`);
  return found;
}

function chunks(list: readonly number[], width: number): number[][] {
  return Array.from({ length: list.length / width }, (_, i) => list.slice(i * width, (i + 1) * width));
}
