// Sends payments to the service and, with --labels, what turned out to be true; then ends.
//
//     node traffic.ts [--rows 1000] [--drift] [--labels]

import { parseArgs } from "node:util";
import { ask, type Answers } from "../shared/service.ts";
import { nextPayment } from "./payments.ts";
import type { Risk } from "./app.ts";

const { values } = parseArgs({ options: { rows: { type: "string", default: "1000" }, drift: { type: "boolean", default: false }, labels: { type: "boolean", default: false } } });
const begun = Date.now();
const payments = Array.from({ length: Number(values.rows) }, (_, i) => nextPayment(`t${begun}-${i}`, values.drift));

let stopped = 0;
for (let at = 0; at < payments.length; at += 50) {
  const { predictions } = await ask<Answers<Risk>>("/predict", payments.slice(at, at + 50).map((p) => ({ ...p.row, payment: p.id })));
  stopped += predictions.filter((p) => p.label === "fraud").length;
}
if (values.labels) await ask("/feedback", payments.map((p) => ({ key: p.id, label: p.outcome })));
console.log(`${payments.length} payments, ${stopped} stopped${values.labels ? `, ${payments.length} labels sent` : ""}`);
