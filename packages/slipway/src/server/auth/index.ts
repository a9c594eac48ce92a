export { allowModel, mayAsk, authLayer, isAuthenticated, type AuthOptions } from "./layer.ts";
export { Audit } from "./audit.ts";
export { corsLayer } from "./cors.ts";
export { limitLayer, type LimitOptions } from "./limits.ts";
export { KeyStore, makeKey, readKeyFile, recordOf, writeKeyFile, type KeyRecord } from "./key-file.ts";
export { GROUP, isRole, mayUse, principalOf, ROLE_NAMES, ROLES, type Principal, type Role } from "./principal.ts";
export { authError } from "./errors.ts";
export { cookieOf, sameSite, SESSION_COOKIE, sessionCookie, type SessionHolder, type SessionSource } from "./sessions.ts";
