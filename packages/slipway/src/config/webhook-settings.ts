// How webhooks are delivered, under `webhooks` of the configuration file.

import type { Settings } from "./spec.ts";

const settings = {
  allow: { type: "texts", flag: false, help: "private destinations that may be called: loopback, private, or a network such as 10.1.0.0/16; public addresses only by default" },
  timeout: { type: "duration", min: 100, max: 60_000, default: 10_000, flag: false, help: "longest time for one call" },
  disableAfter: { type: "duration", min: 1000, default: 259_200_000, flag: false, help: "a webhook whose calls fail for so long is switched off" },
} as const;

export const WEBHOOK_SETTINGS: typeof settings = settings;
export type WebhookSettings = Settings<typeof settings>;
