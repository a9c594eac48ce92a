// Models of texts: settings that came with a package are checked before a session is made of them.

import type { Session } from "@slipway/core/predict";
import { textError } from "./errors.ts";
import type { TextSettings } from "./text-folder.ts";
import { textSession } from "./text-session.ts";

/** @throws SlipwayError text-folder */
export function dressing(given: unknown): (network: Session) => Session {
  const settings = parseTextSettings(given);
  return (network) => textSession(network, settings);
}

function parseTextSettings(given: unknown): TextSettings {
  const s = (typeof given === "object" && given !== null ? given : {}) as Record<string, unknown>;
  const among = (key: string, values: readonly string[]): boolean => values.includes(s[key] as string);
  const fits = among("task", ["embedding", "classification", "tokens"]) && among("pooling", ["mean", "cls", "max", "mean_sqrt_len"]) && typeof s["pairs"] === "boolean"
    && typeof s["tokenizer"] === "string" && typeof s["tokenizerConfig"] === "string" && (s["padToken"] === undefined || typeof s["padToken"] === "string")
    && typeof s["maxTokens"] === "number" && s["maxTokens"] > 2 && s["maxTokens"] <= 1e6 && Array.isArray(s["labels"]) && s["labels"].every((l) => typeof l === "string")
    && typeof s["multiLabel"] === "boolean" && typeof s["normalize"] === "boolean";
  if (!fits) throw textError("text-folder", "the package's text.json is none that slipway writes", { where: "text.json", hint: "Pack the model again." });
  return s as unknown as TextSettings;
}
