export { Member } from "./member.ts";
export { mergeFamilies } from "./merge-families.ts";
export { runPrimary } from "./primary.ts";
