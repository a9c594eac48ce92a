export { localFile, type LocalFile, type LocalOptions } from "./local-file.ts";
