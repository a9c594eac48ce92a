// Events that are HTTP requests: API Gateway's REST interface (payload 1.0) and HTTP interface (2.0), function URLs (2.0 as
// well) and Application Load Balancers. To the web's Request, and its Response back to what each of them wants.

import { lambdaError } from "./errors.ts";

export interface HttpEvent {
  readonly request: Request;
  /** What the function gives back. */
  readonly answer: (response: Response) => Promise<object>;
}

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null && !Array.isArray(value);
/** What a body in JSON can carry as it is. */
const TEXT = /^(?:text\/|application\/(?:[\w.+-]+\+)?(?:json|xml|javascript|openapi)|application\/x-ndjson)/i;

/** Undefined where the event is none of these. @throws lambda-event */
export function httpEvent(event: unknown): HttpEvent | undefined {
  if (!isFields(event) || !isFields(event["requestContext"])) return undefined;
  const context = event["requestContext"];
  const http = isFields(context["http"]) ? context["http"] : undefined;
  if (http !== undefined && typeof event["rawPath"] === "string") {
    const stage = typeof context["stage"] === "string" && context["stage"] !== "$default" ? `/${context["stage"]}` : "";
    const raw = event["rawPath"];
    const path = stage !== "" && (raw === stage || raw.startsWith(`${stage}/`)) ? raw.slice(stage.length) || "/" : raw;
    const headers = headersOf(event);
    if (Array.isArray(event["cookies"])) headers.set("cookie", event["cookies"].join("; "));
    return made(String(http["method"]), path, typeof event["rawQueryString"] === "string" ? event["rawQueryString"] : "", headers, event, (plain) => plain);
  }
  if (typeof event["httpMethod"] !== "string" || typeof event["path"] !== "string") return undefined;
  const many = isFields(event["multiValueHeaders"]);
  return made(event["httpMethod"], event["path"], queryOf(event), headersOf(event), event, ({ headers, ...rest }) => ({
    ...rest,
    // A load balancer looks at one of the two, as it sent them.
    ...(many ? { multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])) } : {}),
    ...(many && isFields(context["elb"]) ? {} : { headers }),
    ...(isFields(context["elb"]) ? { statusDescription: `${rest.statusCode}` } : {}),
  }));
}

interface PlainAnswer {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

function made(method: string, path: string, query: string, headers: Headers, event: Fields, shape: (answer: PlainAnswer) => object): HttpEvent {
  const text = event["body"];
  const body = typeof text !== "string" || text === "" || method === "GET" || method === "HEAD" ? undefined : event["isBase64Encoded"] === true ? Buffer.from(text, "base64") : text;
  const host = headers.get("host") ?? "lambda";
  let request: Request;
  try {
    request = new Request(`https://${/^[\w.:[\]-]+$/.test(host) ? host : "lambda"}${path.startsWith("/") ? path : `/${path}`}${query === "" ? "" : `?${query}`}`, { method, headers, ...(body === undefined ? {} : { body }) });
  } catch (cause) {
    throw lambdaError("lambda-event", `the event's request cannot be understood: ${(cause as Error).message}`, { cause });
  }
  return {
    request,
    answer: async (response) => {
      const bytes = Buffer.from(await response.arrayBuffer());
      const plain = TEXT.test(response.headers.get("content-type") ?? "") && !response.headers.has("content-encoding");
      return shape({ statusCode: response.status, headers: Object.fromEntries(response.headers), body: bytes.toString(plain ? "utf8" : "base64"), isBase64Encoded: !plain && bytes.length > 0 });
    },
  };
}

function headersOf(event: Fields): Headers {
  const headers = new Headers();
  const single = isFields(event["headers"]) ? event["headers"] : {};
  const many = isFields(event["multiValueHeaders"]) ? event["multiValueHeaders"] : {};
  const put = (name: string, value: unknown): void => {
    try {
      headers.append(name, String(value));
    } catch {
      // A header that HTTP does not allow: nobody could have sent it.
    }
  };
  for (const [name, values] of Object.entries(many)) for (const value of Array.isArray(values) ? values : []) put(name, value);
  const given = new Set(Object.keys(many).map((name) => name.toLowerCase()));
  for (const [name, value] of Object.entries(single)) if (!given.has(name.toLowerCase())) put(name, value);
  // The body is whole, and decoded where it was.
  for (const name of ["content-length", "transfer-encoding"]) headers.delete(name);
  return headers;
}

function queryOf(event: Fields): string {
  const query = new URLSearchParams();
  const many = isFields(event["multiValueQueryStringParameters"]) ? event["multiValueQueryStringParameters"] : undefined;
  // A load balancer leaves them as they came, encoded.
  const plain = (text: unknown): string => {
    if (!isFields((event["requestContext"] as Fields)["elb"])) return String(text);
    try {
      return decodeURIComponent(String(text).replaceAll("+", " "));
    } catch {
      return String(text);
    }
  };
  if (many !== undefined) for (const [name, values] of Object.entries(many)) for (const value of Array.isArray(values) ? values : []) query.append(plain(name), plain(value));
  else if (isFields(event["queryStringParameters"])) for (const [name, value] of Object.entries(event["queryStringParameters"])) query.append(plain(name), plain(value));
  return query.toString();
}
