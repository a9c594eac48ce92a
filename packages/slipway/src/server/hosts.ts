// Which Host headers a server on loopback takes. A web page can point its own name at 127.0.0.1 (DNS rebinding) and
// would then read answers as its own; its name gives it away.

import type { Layer } from "./app.ts";
import type { ServerOptions } from "./context.ts";
import { serverError } from "./errors.ts";

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

function hostAllowed(header: string | undefined, allowed: readonly string[]): boolean {
  if (header === undefined || header === "") return true;
  const host = header.replace(/:\d+$/, "").toLowerCase();
  return LOOPBACK.has(host) || host.endsWith(".localhost") || /^127(?:\.\d{1,3}){3}$/.test(host) || allowed.some((a) => a.toLowerCase() === host);
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

export function hostLayer(options: ServerOptions): Layer {
  const allowed = options.allowedHosts ?? [];
  // The usual client asks under one name all the time.
  let good: string | undefined;
  return {
    name: "hosts",
    before(call) {
      const host = call.header("host") ?? call.header(":authority");
      if (options.loopbackOnly !== true || (host !== undefined && host === good)) return;
      if (hostAllowed(host, allowed)) {
        good = host;
        return;
      }
      throw serverError("host-refused", `this server is on loopback and was asked as ${JSON.stringify((host ?? "").slice(0, 100))}`, {
        hint: "Use localhost or 127.0.0.1, or allow the host name when starting the server." });
    },
  };
}
