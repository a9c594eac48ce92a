// When people are told of watched models, and how, under `monitor.alerts` of the configuration file.

import type { Settings } from "./spec.ts";

const rule = {
  on: { type: "choice", required: true, choices: ["drift", "quality", "errors", "latency", "accuracy", "estimate", "outliers", "silence"], help: "what is looked at" },
  models: { type: "texts", help: "names, or prefixes with *; all models by default" },
  columns: { type: "texts", help: "of drift and quality: these columns and outputs only" },
  above: { type: "number", help: "of errors: the share of requests (0.05); of latency: the 99th percentile in milliseconds; of accuracy and estimate: the most that an error such as mae may be; of outliers: the share of the rows" },
  below: { type: "number", help: "of accuracy and estimate: the least that the metric may be; without it, accuracy speaks when it drops by more than chance" },
  metric: { type: "text", default: "accuracy", help: "of accuracy and estimate: which metric" },
  severity: { type: "choice", choices: ["info", "warning", "critical"], default: "warning", help: "how urgent" },
  cooldown: { type: "duration", min: 1000, default: 3_600_000, help: "the same is not told again within this time, nor when it comes back" },
} as const;

const settings = {
  rules: { type: "map", keys: "rules' names", of: { type: "section", help: "", fields: rule as typeof rule }, help: "when to tell; by default drift, quality, errors above 5 %, accuracy that drops, and silence" },
  webhook: { type: "text", pattern: "https?://.+", help: "an address that gets each message as JSON, signed after Standard Webhooks where there is a secret" },
  secret: { type: "text", secret: true, pattern: "whsec_[A-Za-z0-9+/=]+", help: "that signs calls of the webhook" },
  slack: { type: "text", secret: true, pattern: "https?://.+", help: "an incoming webhook of Slack, or of what takes the same (Mattermost, Rocket.Chat, Discord with /slack)" },
  alertmanager: { type: "text", pattern: "https?://.+", help: "a Prometheus Alertmanager: what is the matter is posted to its /api/v2/alerts, until it is over" },
  email: {
    type: "section", help: "messages by SMTP",
    fields: {
      smtp: { type: "text", secret: true, required: true, pattern: "smtps?://.+", help: "smtp://USER:PASSWORD@HOST:587, or smtps:// where the connection is encrypted from its beginning" },
      from: { type: "text", required: true, help: "the sender" },
      to: { type: "texts", required: true, help: "who gets them" },
    },
  },
} as const;

export const ALERT_SETTINGS: typeof settings = settings;
export type AlertSettings = Settings<typeof settings>;
export type AlertRuleSettings = Settings<typeof rule>;
