import { defineErrors, type ErrorMaker } from "@slipway/core/base";

const table = {
  "database-url": { kind: "usage", doc: "The database's address cannot be understood, or a certificate that it names cannot be read. Give sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/NAME with libpq's parameters (sslmode, sslrootcert ...)." },
  "database-unreachable": { kind: "unavailable", doc: "The database does not answer, or ended the connection, and did not come back within half a minute. Check that it runs and that the address is right." },
  "database-login": { kind: "unavailable", doc: "The database refuses the user, the password or the name of the database. Check SLIPWAY_DATABASE_URL, PGPASSWORD or ~/.pgpass." },
  "database-busy": { kind: "unavailable", doc: "Others kept the database locked for half a minute. Ask again; look for a process that stands still in the middle of a change." },
  "database-newer": { kind: "unsupported", doc: "The store was written by a newer Slipway. Use that version; nothing was changed." },
  "database-damaged": { kind: "invalid", doc: "The database file is damaged, or is not a SQLite database. Restore it from a copy or an export." },
  "database-unwritable": { kind: "unavailable", doc: "The database cannot be written: the folder is missing or read-only, the disk is full, or the user lacks the right." },
  "database-constraint": { kind: "conflict", doc: "The database refused a change because a rule of its own forbids it: a row that is there already, a row that another needs, or a table that only grows." },
  "database-text": { kind: "invalid", doc: "A text that was to be kept or looked for holds the character NUL, which databases do not keep. Leave it out." },
  "database-fault": { kind: "internal", doc: "The database refused a statement of Slipway's own. Please report it." },
} as const;

export const databaseError: ErrorMaker<typeof table> = defineErrors(table);
