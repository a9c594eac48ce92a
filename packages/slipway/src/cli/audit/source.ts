// The log of a store that is opened here, or of a running service.

import type { OptionSpec, Invocation } from "../command.ts";
import { askService } from "../release/remote-desk.ts";

export const sourceOptions: Readonly<Record<string, OptionSpec>> = {
  server: { type: "string", value: "URL", help: "a running service; SLIPWAY_SERVER does the same" },
  "api-key": { type: "string", value: "KEY", help: "for a service; SLIPWAY_API_KEY does the same" },
};

/** Undefined where no service is named. */
export function serviceOf(call: Invocation): ((path: string) => Promise<Response>) | undefined {
  const server = call.text("server") ?? process.env["SLIPWAY_SERVER"];
  const key = call.text("api-key") ?? process.env["SLIPWAY_API_KEY"];
  return server === undefined ? undefined : (path) => askService(server, key, "GET", path);
}
