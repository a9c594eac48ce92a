// What push and pull may be told about a registry; the rest comes from the environment (docs/registries.md).

import type { RegistryOptions } from "../oci/index.ts";
import type { Invocation, OptionSpec } from "./command.ts";

export const registryFlags: Readonly<Record<"ca" | "plain-http", OptionSpec>> = {
  ca: { type: "string", value: "FILE", help: "certificates (PEM) to trust beside the public ones" },
  "plain-http": { type: "boolean", help: "speak to the registry without encryption (this machine's own is found out)" },
};

export function registryOptions(call: Invocation): RegistryOptions {
  const ca = call.text("ca");
  return { ...(ca === undefined ? {} : { ca }), ...(call.flag("plain-http") ? { plainHttp: true } : {}) };
}
