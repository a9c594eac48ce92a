// YAML is read for MLflow's folders and stores alone, and the parser is much of what starting a server would load: it is
// loaded when it is needed, at once, as models are found without waiting.

import { createRequire } from "node:module";

export function yaml(): typeof import("yaml") {
  return createRequire(import.meta.url)("yaml") as typeof import("yaml");
}
