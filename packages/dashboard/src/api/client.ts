// The one door to the server: JSON in, JSON out; what fails becomes an ApiError with the server's code and hint. The
// session is a cookie that no script can read. A 401 tells the application that the session is over.

import { capitalized } from "../lib/format.ts";
import { hintForPeople } from "../lib/hints.ts";

export class ApiError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly status: number;
  readonly data: unknown;
  constructor(status: number, code: string, message: string, hint?: string, data?: unknown) {
    super(message);
    this.status = status;
    this.code = code;
    this.hint = hint;
    this.data = data;
  }
}

let onSignedOut: () => void = () => undefined;
export function whenSignedOut(tell: () => void): void {
  onSignedOut = tell;
}

export async function get<T>(path: string): Promise<T> {
  return await request<T>("GET", path);
}
export async function send<T>(method: "POST" | "PUT" | "PATCH" | "DELETE", path: string, body?: unknown): Promise<T> {
  return await request<T>(method, path, body);
}

async function request<T>(method: string, path: string, body?: unknown): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(path, {
      method, credentials: "same-origin", redirect: "error",
      headers: { accept: "application/json", ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch {
    throw unreachable();
  }
  const text = await answer.text();
  if (!answer.ok) throw errorOf(answer.status, text);
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

function unreachable(): ApiError {
  return new ApiError(0, "unreachable", "The server does not answer.", "It may have been stopped, or the network is away. Try again in a moment.");
}

function errorOf(status: number, text: string): ApiError {
  let error: { code?: string; message?: string; hint?: string; data?: unknown } = {};
  try {
    error = (JSON.parse(text) as { error?: typeof error }).error ?? {};
  } catch {
    // A proxy's page, for example: its status is what there is to tell.
  }
  if (status === 401) onSignedOut();
  return new ApiError(status, error.code ?? `http-${status}`, sentence(error.message ?? `The server answered with status ${status}.`), hintForPeople(error.code ?? "", error.hint), error.data);
}

function sentence(text: string): string {
  const capital = capitalized(text);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}

/** Sends a file or a form; `onProgress` gets the share of its bytes that are sent. `fetch` cannot tell that. */
export function upload<T>(path: string, body: Blob | FormData, onProgress: (share: number) => void, signal?: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const xhr = new XMLHttpRequest();
    xhr.open("POST", path);
    xhr.setRequestHeader("accept", "application/json");
    // A form's type has its boundary in it, which the browser makes.
    if (body instanceof Blob) xhr.setRequestHeader("content-type", "application/octet-stream");
    xhr.upload.addEventListener("progress", (e) => e.lengthComputable && onProgress(e.loaded / e.total));
    xhr.addEventListener("load", () => {
      if (xhr.status >= 400) return reject(errorOf(xhr.status, xhr.responseText));
      try {
        resolve(JSON.parse(xhr.responseText) as T);
      } catch {
        reject(new ApiError(xhr.status, "answer-malformed", "The server's answer cannot be read."));
      }
    });
    xhr.addEventListener("error", () => reject(unreachable()));
    xhr.addEventListener("abort", () => reject(new ApiError(0, "aborted", "The upload was stopped.")));
    signal?.addEventListener("abort", () => xhr.abort());
    xhr.send(body);
  });
}

export function asApiError(error: unknown): ApiError {
  return error instanceof ApiError ? error : new ApiError(0, "page-failed", error instanceof Error ? error.message : String(error), "Load the page anew. If it happens again, please report it.");
}
