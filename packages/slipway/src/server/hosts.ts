// Which Host headers a server on loopback takes. A web page can point its own name at 127.0.0.1 (DNS rebinding) and
// would then read answers as its own; its name gives it away.

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

export function hostAllowed(header: string | undefined, allowed: readonly string[]): boolean {
  if (header === undefined || header === "") return true;
  const host = header.replace(/:\d+$/, "").toLowerCase();
  return LOOPBACK.has(host) || host.endsWith(".localhost") || /^127(?:\.\d{1,3}){3}$/.test(host) || allowed.some((a) => a.toLowerCase() === host);
}

export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}
