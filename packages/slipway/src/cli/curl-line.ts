// A curl line that works as it stands.

import { exampleRequest, type Servable } from "../runtime/index.ts";

/** A longer request is better read from a file. */
const MAX_BODY = 1000;

export function curlLine(url: string, model: Servable): string {
  const body = JSON.stringify(exampleRequest(model.signature)).replaceAll("'", "'\\''");
  if (body.length > MAX_BODY) return `curl -s ${url}/predict -H 'content-type: application/json' -d @request.json`;
  return `curl -s ${url}/predict -H 'content-type: application/json' -d '${body}'`;
}
