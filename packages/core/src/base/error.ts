// Coded errors. One class for the whole project; each room declares its own table with `defineErrors`.
// A code is lower-case words joined by hyphens and is never reused with another meaning.
// `kind` is turned into an HTTP status, a gRPC code or an exit code only in server/ and cli/.

/** What sort of failure it is, in words that every outer surface can map to its own codes. */
export type ErrorKind =
  | "usage" // the command, option or call is wrong
  | "invalid" // the file or the request is not what it claims to be, or is malformed
  | "unsupported" // well-formed, but something Slipway does not do
  | "refused" // well-formed, but unsafe: it carries code, or reaches outside itself
  | "limit" // larger, deeper or longer than allowed
  | "not-found"
  | "conflict"
  | "failed-check" // a check that was asked for did not hold
  | "unavailable" // a service, component or model is not there now
  | "exhausted" // a queue, a rate or a quota is full: ask again later
  | "timeout" // it took longer than its time
  | "unauthenticated" // nobody said who they are, or not in a way that is believed
  | "unimplemented" // a part of a protocol that is not offered
  | "internal"; // a fault of ours

export interface ErrorDetails {
  /** Where it was found: a byte offset, a class path, a node, a row and column. */
  readonly where?: string | undefined;
  /** What to do about it. */
  readonly hint?: string | undefined;
  /** Structured data for programs: rows, columns, limits. Must be JSON. */
  readonly data?: Readonly<Record<string, unknown>> | undefined;
  readonly cause?: unknown;
}

const BRAND = Symbol.for("slipway.error");

/** An error that a user can understand and act on. */
export class SlipwayError extends Error {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly where: string | undefined;
  readonly hint: string | undefined;
  readonly data: Readonly<Record<string, unknown>> | undefined;

  constructor(code: string, kind: ErrorKind, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "SlipwayError";
    Object.defineProperty(this, BRAND, { value: true });
    this.code = code;
    this.kind = kind;
    this.where = details.where;
    this.hint = details.hint;
    this.data = details.data;
  }

  /** Survives two copies of this package in one process, unlike the built-in check by prototype. */
  static override [Symbol.hasInstance](value: unknown): value is SlipwayError {
    return typeof value === "object" && value !== null && BRAND in value;
  }

  toJSON(): Record<string, unknown> {
    return {
      code: this.code,
      message: this.message,
      ...(this.where === undefined ? {} : { where: this.where }),
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(this.data === undefined ? {} : { data: this.data }),
    };
  }
}

export interface ErrorDefinition {
  readonly kind: ErrorKind;
  /** One sentence for docs/errors.md: when it happens and what to do. */
  readonly doc: string;
}

export type ErrorTable = Readonly<Record<string, ErrorDefinition>>;

/** Makes an error of one room; `table` is for the documentation. */
export type ErrorMaker<T extends ErrorTable> = ((code: keyof T & string, message: string, details?: ErrorDetails) => SlipwayError) & { readonly table: T };

/**
 * Declares a room's errors and returns a constructor that only takes its codes:
 * `const table = { "pickle-truncated": { kind: "invalid", doc: "..." } } as const;`
 * `export const fail: ErrorMaker<typeof table> = defineErrors(table);`
 * then `throw fail("pickle-truncated", "the file ends inside a string", { where: "byte 812" })`.
 */
export function defineErrors<const T extends ErrorTable>(table: T): ErrorMaker<T> {
  const make = (code: keyof T & string, message: string, details?: ErrorDetails): SlipwayError =>
    new SlipwayError(code, table[code]!.kind, message, details);
  return Object.assign(make, { table });
}
