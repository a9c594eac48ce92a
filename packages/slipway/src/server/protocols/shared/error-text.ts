// An error as one text, for protocols whose errors are one: the valid request that it refers to goes into it.

import type { SlipwayError } from "@slipway/core/base";

/** Examples longer than this would bury the error they belong to. */
const MAX_EXAMPLE = 1500;

export function errorText({ message, hint, data }: SlipwayError): string {
  if (hint === undefined) return message;
  if (!hint.includes("data.example")) return `${message}. ${hint}`;
  const example = JSON.stringify(data?.["example"]) ?? "";
  return example === "" || example.length > MAX_EXAMPLE ? message : `${message}. Rows that fit: ${example}`;
}
