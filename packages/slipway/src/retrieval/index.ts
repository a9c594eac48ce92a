export { makeIndex } from "./make-index.ts";
export { readFolder } from "./read-folder.ts";
