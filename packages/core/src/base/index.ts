export { SlipwayError, defineErrors, type ErrorDefinition, type ErrorDetails, type ErrorKind, type ErrorMaker, type ErrorTable } from "./error.ts";
export { ByteReader, bytesError } from "./bytes.ts";
export { nearest } from "./nearest.ts";
export { VERSION } from "./version.ts";
export { plainBytes } from "./plain-bytes.ts";
