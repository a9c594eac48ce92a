export { Member } from "./member.ts";
export { runPrimary } from "./primary.ts";
