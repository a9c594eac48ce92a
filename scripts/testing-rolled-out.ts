// For tests and for the pictures in docs/images: a rollout in the middle of its way, with requests that were answered by both.

import type { Filled } from "./testing-dashboard.ts";
import { CHURN_ROW } from "./testing-models.ts";

/** Version 1 on its way to staging, held at half of the requests. @returns its id */
export async function rolledOut({ call, place, up }: Filled): Promise<string> {
  const plan = { latencySlack: "10s", shadow: { requests: 40 }, bake: "0s", requests: 20, steps: [{ weight: 5 }, { weight: 25 }, { weight: 50, requests: 1_000_000 }, { weight: 100 }] };
  const { id } = await call<{ id: string }>("Olga Petrov", "POST", "/models/churn/rollouts", { version: 1, alias: "staging", plan, comment: "Back to the small one for staging." });
  const months = [2, 14, 40, 60];
  for (let i = 0; i < 400; i++) {
    await Promise.all(Array.from({ length: 8 }, (_, j) => fetch(`${up.url}/models/churn/versions/staging/predict`, {
      method: "POST", headers: { authorization: `Bearer ${place.keys["Ana Sousa"]!}`, "content-type": "application/json" }, body: JSON.stringify([{ ...CHURN_ROW, tenure_months: months[(i + j) % 4] }]),
    }).then((answer) => answer.arrayBuffer())));
    if (i % 10 !== 0) continue;
    const { stage, samples } = await call<{ stage: number; samples: readonly { readonly stage: number }[] }>("Olga Petrov", "GET", `/rollouts/${id}`);
    if (stage === 5 && samples.filter((s) => s.stage === 5).length >= 4) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return id;
}
