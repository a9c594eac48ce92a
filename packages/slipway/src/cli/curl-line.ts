// A curl line that works as it stands.

import { exampleRequest, type Servable } from "../runtime/index.ts";

/** A longer request is better read from a file. */
const MAX_BODY = 1000;

/** @param url of a service, or of a model there. @param keyed the service asks for a key, which the line takes from the environment */
export function curlLine(url: string, model: Servable, keyed: boolean): string {
  const call = `curl -s ${url}/predict${keyed ? ' -H "authorization: Bearer $SLIPWAY_API_KEY"' : ""} -H 'content-type: application/json'`;
  const body = JSON.stringify(exampleRequest(model.signature)).replaceAll("'", "'\\''");
  if (body.length > MAX_BODY) return `${call} -d @request.json`;
  return `${call} -d '${body}'`;
}

/** A conversation to begin with. */
export function chatLine(url: string, model: string): string {
  return `curl -s ${url}/v1/chat/completions -H 'content-type: application/json' -d '${JSON.stringify({ model, messages: [{ role: "user", content: "Hello!" }] })}'`;
}
