import type { ServerContext } from "./context.ts";
export function openApiDocument(_context: ServerContext): object {
  return {};
}
