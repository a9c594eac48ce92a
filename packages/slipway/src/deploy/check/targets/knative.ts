// Knative Serving: https://github.com/knative/specs/blob/main/specs/serving/runtime-contract.md

import { defineContract, execForm, numericUser, type Finding, type HttpContract, type ImageFacts } from "../contract.ts";
import { requestOf } from "../instances.ts";

/** Taken by Knative's own proxy beside the container. */
const RESERVED = ["8008", "8012", "8013", "8022", "9090", "9091"];

export const knative: HttpContract = defineContract({
  kind: "http", name: "knative", port: 8082,
  env: { PORT: "8082", K_SERVICE: "model", K_REVISION: "model-00001", K_CONFIGURATION: "model" },
  health: { path: "/health/ready", startMs: 600_000, answerMs: 1000 }, also: ["/health/live"],
  predict: ({ signature }) => ({ path: "/predict", body: requestOf(signature) }),
  answerMs: 300_000, payloadBytes: 32 * 1024 * 1024, stopMs: 300_000, readOnly: true,
  image: (facts) => [execForm(facts), numericUser(facts), reservedPorts(facts)],
});

function reservedPorts({ env }: ImageFacts): Finding {
  const set = env.filter((e) => /^(?:SLIPWAY_(?:ADMIN_)?PORT|PORT|K_[A-Z]+)=/.test(e));
  return { check: "reserved names", required: "neither PORT nor K_..., none of the ports 8008, 8012, 8013, 8022, 9090, 9091", found: set.join(", ") || "none", ok: !set.some((e) => e.startsWith("PORT=") || e.startsWith("K_") || RESERVED.includes(e.slice(e.indexOf("=") + 1))) };
}
