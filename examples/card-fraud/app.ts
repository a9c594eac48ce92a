// What a bank has around the model: payments that ask it before they go through, people at a desk, and customers who say
// days later that it was not they who paid. A day lasts a second here.
//
//     node app.ts [--port 8090] [--rate 30] [--drift]      with the service at SLIPWAY_URL

import { parseArgs } from "node:util";
import { ask, serviceUrl, type Answers } from "../shared/service.ts";
import { Refusal, servePage } from "../shared/web.ts";
import { nextPayment, type Payment } from "./payments.ts";

export interface Risk {
  readonly label: "fraud" | "genuine";
  readonly probabilities: { readonly fraud: number; readonly genuine: number };
}
/** The part of the service's answer about a model that the desk shows. */
interface Watch {
  readonly state: string;
  readonly drifting: readonly string[];
  readonly accuracy: { readonly points: readonly { readonly metrics: { readonly balanced_accuracy?: number } }[] };
}

const DAY_MS = 1000;
const KEPT = 2000;

export async function runDesk(port: number, rate: number, drift: boolean): Promise<string> {
  const times: number[] = [];
  let waiting: { readonly due: number; readonly payment: Payment }[] = [];
  const counts = { payments: 0, stopped: 0, labels: 0 };
  const run = Date.now().toString(36);
  let drifting = drift;

  const page = await servePage(import.meta.dirname, port, {
    "GET /state": () => ({ drift: drifting, service: serviceUrl }),
    "POST /drift": (body) => ({ drift: (drifting = (body as { on?: unknown } | null)?.on === true) }),
    // A person at the desk knows at once.
    "POST /judge": async (body) => {
      const { id, outcome } = (body ?? {}) as { id?: unknown; outcome?: unknown };
      if (typeof id !== "string" || (outcome !== "fraud" && outcome !== "genuine")) throw new Refusal(400, "send the payment's id, and fraud or genuine");
      return ask("/feedback", { key: id, label: outcome });
    },
  });

  async function pay(): Promise<void> {
    const payment = nextPayment(`${run}-${counts.payments++}`, drifting);
    const begun = performance.now();
    const { predictions: [risk] } = await ask<Answers<Risk>>("/predict", { ...payment.row, payment: payment.id });
    const ms = performance.now() - begun;
    times.push(ms);
    if (times.length > KEPT) times.shift();
    if (risk!.label === "fraud") counts.stopped++;
    // Customers find a strange payment in a week or three; after five weeks without a word it was theirs.
    const days = payment.outcome === "fraud" ? 5 + 15 * Math.random() : 35;
    waiting.push({ due: Date.now() + days * DAY_MS, payment });
    page.push({ payment: { id: payment.id, ...payment.row, risk: risk!.probabilities.fraud, stopped: risk!.label === "fraud", ms } });
  }

  async function tellOutcomes(): Promise<void> {
    const due = waiting.filter((w) => w.due <= Date.now());
    if (due.length > 0) await ask("/feedback", due.map(({ payment }) => ({ key: payment.id, label: payment.outcome })));
    waiting = waiting.filter((w) => !due.includes(w));
    counts.labels += due.length;
  }

  async function tellState(): Promise<void> {
    const watch = await ask<Watch>("/api/v1/monitor/models/fraud?hours=1");
    const sorted = times.toSorted((a, b) => a - b);
    page.push({ figures: { ...counts, p99: sorted[Math.floor(sorted.length * 0.99)] ?? null, state: watch.state, drifting: watch.drifting, accuracy: watch.accuracy.points.findLast((p) => p.metrics.balanced_accuracy !== undefined)?.metrics.balanced_accuracy ?? null } });
  }

  every(1000 / rate, pay);
  every(1000, tellOutcomes);
  every(2000, tellState);
  return page.url;
}

/** Again after each time has ended: a slow service is not asked more and more at once. */
function every(ms: number, act: () => Promise<void>): void {
  const next = (): void => void setTimeout(() => void act().catch((e: unknown) => console.error(String(e))).finally(next), ms);
  next();
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { port: { type: "string", default: "8090" }, rate: { type: "string", default: "30" }, drift: { type: "boolean", default: false } } });
  console.log(`\nthe desk: ${await runDesk(Number(values.port), Number(values.rate), values.drift)}\n\nCtrl-C stops.`);
}
