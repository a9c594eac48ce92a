// Cross-origin resource sharing (https://fetch.spec.whatwg.org/#http-cors-protocol) for the origins that were named.
// Without any, a page of another origin gets no answer that its script could read, and its preflight is refused.

import type { Layer } from "../app.ts";
import { authError } from "./errors.ts";

const EXPOSED = "x-request-id, x-prediction-id, x-slipway-version, x-slipway-experiment, retry-after, x-ratelimit-limit, x-ratelimit-remaining, inference-header-content-length";

export function corsLayer(origins: readonly string[]): Layer {
  const allowed = (origin: string): boolean => origins.includes("*") || origins.includes(origin);
  return {
    name: "cors",
    preflight(call) {
      const origin = call.header("origin");
      const method = call.header("access-control-request-method");
      if (call.method !== "OPTIONS" || origin === undefined || method === undefined) return undefined;
      if (!allowed(origin)) throw authError("origin-refused", `pages of ${origin.slice(0, 200)} are not answered`, { hint: "Start the server with --cors-origin to name the origins that may ask." });
      return {
        status: 204, body: null,
        headers: {
          "access-control-allow-methods": "GET, POST, PUT, PATCH, DELETE", "access-control-max-age": "600",
          "access-control-allow-headers": call.header("access-control-request-headers")?.slice(0, 1000) ?? "authorization, content-type, x-api-key, x-request-id",
        },
      };
    },
    headers(call) {
      const origin = call.header("origin");
      if (origin === undefined || origins.length === 0) return undefined;
      // An answer that differs by origin must not be given to another one from a cache.
      return { vary: "origin", ...(allowed(origin) ? { "access-control-allow-origin": origins.includes("*") ? "*" : origin, "access-control-expose-headers": EXPOSED } : {}) };
    },
  };
}
