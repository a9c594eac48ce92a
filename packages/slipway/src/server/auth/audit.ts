// Who did which act of administration, when, from where and with what end: one JSON line each, also of those refused.

import { appendFileSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import type { Call } from "../http/call.ts";
import type { Logger } from "../telemetry/log.ts";

export class Audit {
  readonly #path: string | undefined;
  readonly #log: Logger;
  constructor(path: string | undefined, log: Logger) {
    this.#path = path;
    this.#log = log;
    if (path !== undefined) mkdirSync(dirname(path), { recursive: true });
  }

  record(call: Call, status: number): void {
    const action = call.route?.action;
    if (action !== "operate" && action !== "admin") return;
    const entry = {
      time: new Date().toISOString(), who: call.principal?.id ?? "unknown", from: call.remote ?? null, action, method: call.method, path: call.path.slice(0, 500),
      status, ...(call.errorCode === undefined ? {} : { code: call.errorCode }), request_id: call.id,
    };
    this.#log.info("audit", entry);
    if (this.#path === undefined) return;
    try {
      appendFileSync(this.#path, `${JSON.stringify(entry)}\n`, { mode: 0o600 });
    } catch (error) {
      // A full disk must not stop the service; the log has the line all the same.
      this.#log.error("the audit file cannot be written", { path: this.#path, err: error });
    }
  }
}
