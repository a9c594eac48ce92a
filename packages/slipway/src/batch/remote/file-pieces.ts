// A file in pieces, several of them on their way at once.

import { open } from "node:fs/promises";
import { several } from "./object-store.ts";

/** Pieces of `bytes`, or of more where there would be more than `most`; one that is empty of an empty file. Gives how many there were. */
export async function piecesOf(path: string, { bytes, most, inFlight }: { readonly bytes: number; readonly most: number; readonly inFlight: number }, act: (piece: Uint8Array, index: number) => Promise<void>): Promise<number> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const step = Math.max(bytes, Math.ceil(size / most));
    const count = Math.max(1, Math.ceil(size / step));
    const piece = async (index: number): Promise<void> => {
      const from = index * step;
      const body = Buffer.allocUnsafe(Math.min(step, size - from));
      for (let at = 0; at < body.length; ) at += (await file.read(body, at, body.length - at, from + at)).bytesRead;
      await act(body, index);
    };
    // What is in flight beside a piece that failed is waited for: whoever aborts the upload then aborts all of it.
    await several(Array.from({ length: count }, (_, i) => i), piece, inFlight);
    return count;
  } finally {
    await file.close();
  }
}
