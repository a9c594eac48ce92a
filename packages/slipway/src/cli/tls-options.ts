// The options that say how the server encrypts.

import type { ServeSettings } from "../config/index.ts";
import type { TlsOptions } from "../server/index.ts";
import { usageError } from "./command.ts";

export function tlsOptions({ cert, key, ca, client }: ServeSettings["tls"] = {}): TlsOptions | undefined {
  if (cert === undefined && key === undefined && ca === undefined && client === undefined) return undefined;
  if (cert === undefined || key === undefined) throw usageError("bad-argument", "TLS needs --tls-cert and --tls-key", { hint: "For a try: openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=localhost -addext subjectAltName=DNS:localhost" });
  return { cert, key, ca, client };
}
