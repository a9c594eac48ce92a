export { type Database, type Dialect, type Locks, type Value } from "./database.ts";
export { databaseError } from "./errors.ts";
export { migrate, type Migration } from "./migrate.ts";
export { newId } from "./new-id.ts";
export { openDatabase, shownUrl } from "./open.ts";
export { connectPostgres } from "./connect.ts";
export { isBroken, translatePostgres } from "./postgres-errors.ts";
