// Coded errors of sound.

import { defineErrors, type ErrorDetails, type SlipwayError } from "../base/index.ts";

const table = {
  "audio-damaged": { kind: "invalid", doc: "The body is no WAV file, or one that cannot be read: cut short, without samples, or with a header that contradicts itself." },
  "audio-encoding": { kind: "unsupported", doc: "The WAV file holds samples in a way that is not read (compressed, or of an unusual size). PCM of 8, 16, 24 and 32 bits and floats of 32 and 64 bits are. Convert it: `ffmpeg -i in.wav -c:a pcm_s16le out.wav`." },
  "audio-limit": { kind: "limit", doc: "The sound is longer, or sampled more finely, than is taken." },
} as const;

export const audioError: ((code: keyof typeof table, message: string, details?: ErrorDetails) => SlipwayError) & { readonly table: typeof table } = defineErrors(table);
