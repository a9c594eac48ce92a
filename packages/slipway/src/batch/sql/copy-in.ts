// COPY ... FROM STDIN over a connection of pg (PostgreSQL's frontend/backend protocol, "COPY Operations"; its text format),
// which knows no more of it than the messages: a query of our own that answers when the server asks for the data.

import { once } from "node:events";
import type pg from "pg";
import type { SqlCell } from "./sql-destination.ts";

/** What pg's connection has and its types do not tell. */
interface CopyConnection {
  readonly stream: NodeJS.WritableStream & { readonly writableNeedDrain: boolean };
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
  sendCopyFail(message: string): void;
}

/** @throws what the server answers, or what `chunks` threw; the transaction is then void */
export function copyIn(client: pg.Client, statement: string, chunks: Iterable<Buffer>): Promise<void> {
  return new Promise((resolve, reject) => {
    const ended = new AbortController();
    let failure: unknown;
    const send = async (connection: CopyConnection): Promise<void> => {
      try {
        for (const chunk of chunks) {
          // The server refused what came before.
          if (ended.signal.aborted) return;
          connection.sendCopyFromChunk(chunk);
          if (connection.stream.writableNeedDrain) await once(connection.stream, "drain", { signal: ended.signal });
        }
        connection.endCopyFrom();
      } catch (error) {
        if (ended.signal.aborted) return;
        failure = error;
        connection.sendCopyFail("the rows could not be read");
      }
    };
    const query = {
      submit: (connection: CopyConnection) => connection.query(statement),
      handleCopyInResponse: (connection: CopyConnection) => void send(connection),
      handleError(error: unknown) {
        failure ??= error;
        ended.abort();
        reject(failure as Error);
      },
      handleCommandComplete: () => undefined,
      handleReadyForQuery: () => resolve(),
    };
    client.query(query as unknown as pg.Submittable);
  });
}

/** A line of COPY's text format. */
export function copyLine(cells: readonly SqlCell[]): string {
  return `${cells.map((cell) => (cell === null ? "\\N" : typeof cell === "string" ? escaped(cell) : String(cell))).join("\t")}\n`;
}

const SPECIAL = /[\\\t\n\r\0]/g;
/** Postgres has no text with U+0000. */
const AS: Readonly<Record<string, string>> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\uFFFD" };
function escaped(text: string): string {
  return text.replace(SPECIAL, (c) => AS[c]!);
}
