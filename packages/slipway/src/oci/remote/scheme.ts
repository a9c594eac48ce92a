// Whether a registry on this machine's own address speaks TLS: asked once, as docker does for loopback. A certificate that
// is not trusted is no reason to go without one.

import { discard, type HttpClient } from "./http-client.ts";
import { Retryable } from "./retry.ts";

/** @throws Retryable, oci-certificate */
export async function findOrigin(client: HttpClient, host: string): Promise<URL> {
  const secure = new URL(`https://${host}`);
  try {
    discard(await client.request({ method: "GET", url: new URL("/v2/", secure), headers: {} }));
    return secure;
  } catch (error) {
    if (!(error instanceof Retryable)) throw error;
    // Something listens there, and it is not TLS that it speaks.
    const code = (error.error.cause as NodeJS.ErrnoException | undefined)?.code ?? "";
    if (code === "EPROTO" || code === "ECONNRESET" || code.startsWith("ERR_SSL")) return new URL(`http://${host}`);
    throw error;
  }
}
