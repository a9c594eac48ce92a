// A curl line that works as it stands.

import { exampleRequest, type Model } from "../runtime/index.ts";

export function curlLine(url: string, model: Model): string {
  const body = JSON.stringify(exampleRequest(model.signature)).replaceAll("'", "'\\''");
  return `curl -s ${url}/predict -H 'content-type: application/json' -d '${body}'`;
}
