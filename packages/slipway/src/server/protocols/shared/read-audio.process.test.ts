import type { Signature } from "@slipway/core/package";
import { afterAll, expect, it } from "vitest";
import { stopDecoder } from "../../decoding/decoder.ts";
import type { Call } from "../../http/call.ts";
import { readSounds } from "./read-audio.ts";

afterAll(stopDecoder);

/** PCM of 8 bits, silent, said to have `rate` samples a second. */
function wav(rate: number, count: number): Uint8Array {
  const bytes = Buffer.alloc(44 + count, 128);
  bytes.write("RIFF", 0);
  bytes.writeUInt32LE(36 + count, 4);
  bytes.write("WAVEfmt ", 8);
  bytes.writeUInt32LE(16, 16);
  for (const [at, value] of [[20, 1], [22, 1], [32, 1], [34, 8]] as const) bytes.writeUInt16LE(value, at);
  for (const at of [24, 28]) bytes.writeUInt32LE(rate, at);
  bytes.write("data", 36);
  bytes.writeUInt32LE(count, 40);
  return bytes;
}

it("sounds that a header makes long are bounded together, not only one by one", async () => {
  const signature = { layout: "tensors", tensorRows: "independent", columns: [], extraColumns: "refused", outputs: [], tensors: [{ name: "x", type: "float", shape: [-1, -1], audio: { rate: 16_000 } }] } as Signature;
  const call = { deadline: performance.now() + 120_000 } as Call;
  expect(await readSounds([wav(1, 3)], call, signature)).toMatchObject({ tensors: { x: { shape: [1, 48_000] } } });
  await expect(readSounds([wav(1, 2500), wav(1, 2500), wav(1, 2500)], call, signature)).rejects.toMatchObject({ code: "request-limit" });
});
