// The served model as the examples' programs ask it: plain HTTP.

/** Where start.mjs serves, or where SLIPWAY_URL says. */
export const serviceUrl: string = process.env["SLIPWAY_URL"] ?? "http://127.0.0.1:8080";

const apiKey = process.env["SLIPWAY_API_KEY"];

export interface Answers<Row> {
  readonly predictions: readonly Row[];
  readonly prediction_id: string;
}

export class ServiceError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function ask<T>(path: string, body?: unknown): Promise<T> {
  return send(body === undefined ? "GET" : "POST", path, body);
}

export function patch<T>(path: string, body: unknown): Promise<T> {
  return send("PATCH", path, body);
}

async function send<T>(method: string, path: string, body: unknown): Promise<T> {
  const headers = { "content-type": "application/json", ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }) };
  const response = await fetch(serviceUrl + path, body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new ServiceError(response.status, `${path} answered ${response.status}: ${text.slice(0, 500)}`);
  return JSON.parse(text) as T;
}
