import { readBundle } from "./bundle.ts";
import { fromBase64 } from "./bytes.ts";
import { parseStatement } from "./statement.ts";

/** The type of what a bundle says, read without believing it; undefined where it is none. */
export function predicateTypeOf(bundle: Uint8Array): string | undefined {
  try {
    return parseStatement(fromBase64(readBundle(bundle).envelope.payload)!).predicateType;
  } catch {
    return undefined;
  }
}
