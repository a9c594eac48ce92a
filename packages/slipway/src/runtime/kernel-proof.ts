// Whether our kernel answers as ONNX Runtime does: both are asked the same rows, those of the package's checks and others
// made from its signature. Labels must be equal, numbers up to what two ways to add up the same terms differ by.

import type { Kernel } from "@slipway/core/kernel";
import { REFUSED_OUTPUT, type Checks, type Signature } from "@slipway/core/package";
import { type Batch, Encoder, type EngineTensor, type Feed, pickRows, planFeeds, type Session } from "@slipway/core/predict";
import { proofRows, type Boundaries } from "./proof-rows.ts";

const ROWS = 192;
const TEXT_ROWS = 64;
const MOST_CHECKS = 100;
/** Relative to the number, and to the largest of its column. */
const TOLERANCE = { float64: [1e-9, 1e-12], float32: [1e-5, 1e-6] } as const;

/** Undefined when they agree, or what differs. */
export async function proveKernel(kernel: Kernel, own: Session, reference: Session, columns: ReadonlyMap<string, readonly string[]>, signature: Signature, checks: Checks | null | undefined): Promise<string | undefined> {
  const encoder = new Encoder(signature);
  const feeds = planFeeds(reference.inputs, columns, encoder.plan);
  const made = proofRows(signature, boundariesOf(kernel, columns, signature), kernel.words, signature.layout === "text" ? TEXT_ROWS : ROWS);
  const names = [...signature.outputs.map((o) => o.graphName), ...(signature.rowChecks === undefined ? [] : [REFUSED_OUTPUT])];
  for (const records of [checks?.inputs.slice(0, MOST_CHECKS) ?? [], made]) {
    const { batch } = encoder.encode({ kind: "records", records }, "rows");
    if (batch.rows === 0) continue;
    const differs = await compare(own, reference, feeds, names, batch, encoder);
    if (differs !== undefined) return differs;
  }
  return undefined;
}

async function compare(own: Session, reference: Session, feeds: readonly Feed[], names: readonly string[], batch: Batch, encoder: Encoder): Promise<string | undefined> {
  const given: Record<string, EngineTensor> = {};
  for (const feed of feeds) given[feed.name] = feed.take(batch, 0, batch.rows);
  const answer = (session: Session): Promise<Readonly<Record<string, EngineTensor>> | undefined> => session.run(given, names).catch(() => undefined);
  const [a, b] = [await answer(own), await answer(reference)];
  if (a === undefined || b === undefined) {
    if (batch.rows === 1) return (a === undefined) === (b === undefined) ? undefined : `a row that ${a === undefined ? "the kernel" : "ONNX Runtime"} cannot compute`;
    // Which row it was is not known: each is asked alone.
    for (let row = 0; row < batch.rows; row++) {
      const differs = await compare(own, reference, feeds, names, pickRows(batch, [row], encoder.plan), encoder);
      if (differs !== undefined) return differs;
    }
    return undefined;
  }
  for (const name of names) {
    const differs = difference(a[name]!, b[name]!);
    if (differs !== undefined) return `${name}: ${differs}`;
  }
  return undefined;
}

function difference(own: EngineTensor, reference: EngineTensor): string | undefined {
  if (own.type !== reference.type || own.dims.join() !== reference.dims.join()) return `${own.type} [${own.dims.join(", ")}] instead of ${reference.type} [${reference.dims.join(", ")}]`;
  const tolerance = reference.type === "float64" || reference.type === "float32" ? TOLERANCE[reference.type] : undefined;
  const [a, b] = [own.data as ArrayLike<number | string | bigint>, reference.data as ArrayLike<number | string | bigint>];
  const width = b.length / Math.max(1, reference.dims[0] ?? 1);
  const largest = new Float64Array(tolerance ? width : 0);
  if (tolerance) for (let i = 0; i < b.length; i++) if (Number.isFinite(b[i])) largest[i % width] = Math.max(largest[i % width]!, Math.abs(b[i] as number));
  for (let i = 0; i < b.length; i++) {
    const [x, y] = [a[i]!, b[i]!];
    if (x === y || (x !== x && y !== y)) continue;
    if (tolerance && Math.abs((x as number) - (y as number)) <= tolerance[0] * Math.abs(y as number) + tolerance[1] * largest[i % width]!) continue;
    return `row ${Math.floor(i / width) + 1}: ${String(x)} instead of ${String(y)}`;
  }
  return undefined;
}

/** The kernel's boundaries by the signature's columns. */
function boundariesOf(kernel: Kernel, columns: ReadonlyMap<string, readonly string[]>, signature: Signature): Boundaries {
  const names = kernel.inputs.flatMap((input) => {
    if (input.name === signature.matrixName) return signature.columns.filter((c) => c.used).map((c) => c.name);
    return columns.get(input.name) ?? [input.name];
  });
  return new Map([...kernel.boundaries].map(([place, at]) => [names[place] ?? "", [...at]]));
}
