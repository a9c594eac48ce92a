// How sounds become a model's tensor, read out of preprocessor_config.json as transformers' feature extractors write it (5.24).

import type { AudioInput } from "@slipway/core/package";
import { imageError } from "./errors.ts";

type Json = Readonly<Record<string, unknown>>;
/** Windows of 25 ms every 10 ms at 16 kHz, whatever the rate is. */
const AST_FRAME = 400;

export function isAudio(p: Json): boolean {
  return ["feature_extractor_type", "sampling_rate"].every((key) => p[key] !== undefined);
}

/** @throws SlipwayError image-preparation */
export function audioPreparation(p: Json, where: string): AudioInput {
  const kind = String(p["feature_extractor_type"]);
  const number = (key: string, usual: number): number => {
    const value = p[key] ?? usual;
    if (typeof value !== "number" || !Number.isFinite(value)) throw imageError("image-preparation", `${key} is no number`, { where });
    return value;
  };
  const rate = number("sampling_rate", 16_000);
  if (number("dither", 0) !== 0) throw imageError("image-preparation", "dither is not done: it is random", { where });
  if (number("padding_value", 0) !== 0) throw imageError("image-preparation", "sounds are padded with 0 only", { where });
  switch (kind) {
    case "Wav2Vec2FeatureExtractor": return { rate, standardize: p["do_normalize"] !== false };
    case "ASTFeatureExtractor": {
      const normalize = p["do_normalize"] !== false;
      return { rate, mel: {
        frame: AST_FRAME, hop: 160, fft: 512, window: "hann-symmetric", center: false, removeMean: true, preemphasis: 0.97, power: 2, bins: number("num_mel_bins", 128), lowest: 20, highest: Math.floor(rate / 2), scale: "kaldi", inMelSpace: true,
        floor: 2 ** -23, log: "log", mean: normalize ? number("mean", -4.2677393) : 0, std: normalize ? number("std", 4.5689974) * 2 : 1, frames: number("max_length", 1024), timeFirst: true,
      } };
    }
    case "WhisperFeatureExtractor": {
      if (p["do_normalize"] === true) throw imageError("image-preparation", "do_normalize is not done by WhisperFeatureExtractor's path", { where });
      const fft = number("n_fft", 400);
      return { rate, samples: number("chunk_length", 30) * rate, mel: { frame: fft, hop: number("hop_length", 160), fft, window: "hann", center: true, power: 2, bins: number("feature_size", 80), lowest: 0, highest: 8000, scale: "slaney", norm: "slaney", inMelSpace: false, floor: 1e-10, log: "log10", range: 8, mean: -4, std: 4, dropLast: true, timeFirst: false } };
    }
    default: throw imageError("image-preparation", `${kind.slice(0, 100)} is not done`, { where, hint: "Wav2Vec2FeatureExtractor, ASTFeatureExtractor and WhisperFeatureExtractor are; or tell it with --audio audio.json." });
  }
}
