// Tables of what was counted. A replica has a row of its own for each window, which it writes anew with everything it has
// counted in it so far: writing twice changes nothing, and what several replicas counted is the merger of their rows.

import type { Migration } from "../database/index.ts";

export const MONITOR_MIGRATIONS: readonly Migration[] = [
  {
    title: "monitoring: what is watched, windows, replicas",
    statements: () => [
      `create table monitor_subjects (
        model text not null, version text not null, digest text not null, subject text not null, first_at text not null, primary key (model, version, digest))`,
      // `counts`: see core/stats/window-bytes.ts, in base64. Replicas that are gone are merged into one row without a name.
      `create table monitor_windows (
        model text not null, version text not null, digest text not null, begins text not null, replica text not null, length_ms bigint not null,
        counts text not null, primary key (model, version, digest, begins, replica))`,
      "create index monitor_windows_begins on monitor_windows (begins)",
      // `lost`: rows of its last whole interval, which is what one that ended without a word may have taken with it.
      `create table monitor_replicas (
        id text primary key, host text not null, started_at text not null, seen_at text not null, interval_ms bigint not null, state text not null,
        row_count bigint not null, last_rows bigint not null, dropped bigint not null, lost bigint not null)`,
    ],
  },
  {
    title: "monitoring: predictions that labels are compared with, and labels",
    statements: () => [
      // `scores`: probabilities in the order of the classes, as JSON. `answer`: the label or the number.
      `create table monitor_predictions (
        id text primary key, model text not null, version text not null, digest text not null, at text not null, business_key text, answer text not null, scores text)`,
      "create index monitor_predictions_at on monitor_predictions (model, version, at)",
      "create index monitor_predictions_key on monitor_predictions (business_key)",
      // `kind`: whether \`ref\` is a prediction's id or a business key. A label without a model is for every model that was asked with the key.
      `create table monitor_labels (
        kind text not null, ref text not null, model text not null, label text not null, at text, received_at text not null, changed_at text not null, corrections integer not null,
        primary key (kind, ref, model))`,
      "create index monitor_labels_received on monitor_labels (received_at)",
    ],
  },
  {
    title: "monitoring: alerts, messages that wait to be delivered, and who looks",
    statements: () => [
      `create table monitor_alerts (
        id text primary key, rule text not null, kind text not null, severity text not null, model text not null, version text not null, subject text not null, summary text not null,
        since text, next text not null, picture text, state text not null, first_at text not null, last_at text not null, resolved_at text, told_at text)`,
      `create table monitor_messages (
        id text not null, sink text not null, body text not null, attempts integer not null, next_at text, created_at text not null, error text, primary key (id, sink))`,
      "create table monitor_leases (name text primary key, owner text not null, until text not null)",
    ],
  },
  {
    title: "monitoring: how far labels of a source were taken",
    statements: () => ["create table monitor_watermarks (source text primary key, watermark text not null, changed_at text not null)"],
  },
  {
    title: "monitoring: references made from traffic",
    statements: () => [
      // `counts`: as of a window; null where the package's profile counts again.
      `create table monitor_references (
        model text not null, version text not null, digest text not null, number integer not null, from_at text not null, to_at text not null, row_count bigint not null, counts text, made_at text not null,
        primary key (model, version, digest, number))`,
    ],
  },
];
