// For tests and for the pictures in docs/images: a `slipway up` with something on every page.

import { CHURN_ROW, churnSlip, wrongChurnSlip } from "./testing-models.ts";
import { startUp, workingFolder, type Place, type Running } from "./testing-up.ts";

export interface Filled {
  readonly place: Place;
  readonly up: Running;
  /** The open request. */
  readonly request: string;
  readonly webhook: string;
  call<T>(person: string, method: string, path: string, body?: unknown): Promise<T>;
}

const CARD = `## What it is for

Says which customers are likely to **leave** within a month. The retention team calls them on Mondays.

- Not for prices
- Not for business customers: none was in the data

## Data

| months | customers | left |
| --- | --- | --- |
| 2026-01 to 2026-06 | 18 204 | 21% |
| 2026-07 to 2026-10 | 12 871 | 24% |

## Who to ask

Ana Sousa, data science
`;

export async function filledUp(): Promise<Filled> {
  const place = workingFolder({
    "Ana Sousa": { roles: ["developer"] }, "Ben Okafor": { roles: ["reviewer"], groups: ["business"] }, "Otto Lind": { roles: ["reviewer"], groups: ["operations"] }, "Olga Petrov": { roles: ["operator"] }, root: { roles: ["admin"] },
  }, { approvals: { production: { approvals: 2, groups: { business: 1 }, gate: "7d" } }, webhooks: { allow: ["loopback"] },
    // It never ends by itself.
    retrain: { churn: { command: [process.execPath, "-e", "console.log('reading s3://lake/customers'); setInterval(() => {}, 1000)"], alias: "staging", data: "s3://lake/customers", interval: "1d", triggers: { metric: { name: "accuracy", below: 0.9 }, drift: true } } },
  });
  const up = await startUp(place.folder);
  const call = async <T>(person: string, method: string, path: string, body?: unknown): Promise<T> => {
    const bytes = body instanceof Uint8Array;
    const answer = await fetch(`${up.url}/api/v1${path}`, {
      method, headers: { authorization: `Bearer ${place.keys[person]!}`, ...(bytes || body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: bytes ? new Blob([body as Uint8Array<ArrayBuffer>]) : JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${text}`);
    return (text === "" ? undefined : JSON.parse(text)) as T;
  };
  const tested = async (version: number): Promise<void> => {
    await call("Ana Sousa", "POST", `/models/churn/versions/${version}/gate`, version === 3 ? labelled() : {});
    for (let i = 0; i < 600; i++) {
      const { state } = await call<{ state: string }>("Ana Sousa", "GET", `/models/churn/versions/${version}/gate`);
      if (state !== "running") return;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };
  const webhook = (await call<{ id: string }>("root", "POST", "/webhooks", { url: `${up.url}/no-such-place`, events: ["*"] })).id;
  const offers = [await churnSlip("1.0.0"), await wrongChurnSlip("1.1.0"), await churnSlip("1.1.1")];
  for (const [i, slip] of offers.entries()) {
    const parent = i === 0 ? "" : `&parent=${i === 2 ? 1 : i}`;
    await call("Ana Sousa", "POST", `/models/churn/versions?data=${encodeURIComponent(`s3://lake/customers/2026-${10 + i}`)}&commit=3f9a0c1${i}${parent}`, slip);
    await tested(i + 1);
  }
  await call("Ana Sousa", "PUT", "/models/churn/versions/3/card", { text: CARD, expected: "package" });
  const first = (await call<{ id: string }>("Ana Sousa", "POST", "/models/churn/requests", { version: 1, alias: "production", comment: "The first one." })).id;
  await call("Ben Okafor", "POST", `/requests/${first}/decisions`, { decision: "approve", as: "business" });
  await call("Otto Lind", "POST", `/requests/${first}/decisions`, { decision: "approve", as: "operations" });
  await call("Olga Petrov", "POST", `/requests/${first}/promote`, {});
  await call("Olga Petrov", "PUT", "/models/churn/aliases/staging", { version: 3, expected: null });
  const request = (await call<{ id: string }>("Ana Sousa", "POST", "/models/churn/requests", { version: 3, alias: "production", comment: "Trained with October. Fewer false alarms among new customers." })).id;
  await call("Otto Lind", "POST", `/requests/${request}/comments`, { text: "Same memory as version 1?" });
  await call("Ana Sousa", "POST", `/requests/${request}/comments`, { text: "Yes, 61 kB." });
  await call("Otto Lind", "POST", `/requests/${request}/decisions`, { decision: "approve", as: "operations", comment: "Fast enough." });
  for (let i = 0; i < 100; i++) {
    const served = await fetch(`${up.url}/models/churn/versions/3/predict`, { method: "POST", headers: { authorization: `Bearer ${place.keys["Ana Sousa"]!}`, "content-type": "application/json" }, body: JSON.stringify([CHURN_ROW]) });
    if (served.ok) break;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  return { place, up, request, webhook, call };
}

/** Rows with what was true, so that the report has its pictures. */
function labelled(): object {
  const contracts = ["month-to-month", "one year", "two year"];
  const rows = Array.from({ length: 240 }, (_, i) => {
    const tenure = (i * 7) % 60;
    const calls = (i * 3) % 6;
    const contract = contracts[i % 3]!;
    const leaves = contract === "month-to-month" && (tenure < 20 || calls > 2) !== (i % 9 === 0);
    return [contract, ["dsl", "fibre", "none"][(i >> 1) % 3], tenure, 20 + ((i * 13) % 90), calls, i % 5 === 0, leaves ? "leaves" : "stays"].join(",");
  });
  return { data: `contract,internet,tenure_months,monthly_charges,support_calls,senior,churned\n${rows.join("\n")}\n`, target: "churned", slices: ["contract"] };
}
