import { signingError } from "./errors.ts";

/** Web Crypto, in Node, workers and browsers alike. @throws signing-no-crypto */
export function subtle(): SubtleCrypto {
  const found = globalThis.crypto?.subtle;
  if (found === undefined) throw signingError("signing-no-crypto", "this platform offers no crypto.subtle");
  return found;
}
