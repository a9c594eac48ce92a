// gzip and zstd while they are read. What came out before a damage is given before it is told: a stream would drop what
// nobody has taken yet, now more and now less of it.

import { createGunzip, createZstdDecompress } from "node:zlib";

/** What goes in at once: what comes out of it is held. */
const SLICE = 2 ** 16;
const CHUNK = 2 ** 18;

export async function* decompressed(stored: AsyncIterable<Uint8Array>, kind: "gzip" | "zstd"): AsyncGenerator<Uint8Array> {
  const plain = kind === "gzip" ? createGunzip({ chunkSize: CHUNK }) : createZstdDecompress({ chunkSize: CHUNK });
  const out: Uint8Array[] = [];
  let failed: Error | undefined;
  plain.on("data", (piece: Uint8Array) => out.push(piece));
  plain.on("error", (error) => (failed ??= error));
  // After a failure nothing is called back any more.
  const closed = new Promise<void>((done) => plain.once("close", done));
  const fail = (): void => {
    if (failed !== undefined) throw failed;
  };
  try {
    for await (const piece of stored) {
      for (let at = 0; at < piece.length; at += SLICE) {
        await Promise.race([closed, new Promise<void>((done) => plain.write(piece.subarray(at, at + SLICE), () => done()))]);
        yield* out.splice(0);
        fail();
      }
    }
    plain.end();
    await closed;
    yield* out.splice(0);
    fail();
  } finally {
    plain.destroy();
  }
}
