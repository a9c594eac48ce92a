// No framework: node's own server. Bun and Deno take the handler as it is: Bun.serve({ fetch: handle }), Deno.serve(handle).

import { createServer } from "node:http";
import { toNodeHandler } from "slipway";
import { churnHandler } from "./model.ts";

const model = toNodeHandler(await churnHandler("/api/model"));

export const server = createServer((request, response) => {
  if (request.url?.startsWith("/api/model")) model(request, response);
  else response.end("my own site");
}).listen(Number(process.env["PORT"] ?? 3000), "127.0.0.1", () => console.log(`http://127.0.0.1:${(server.address() as { port: number }).port}`));
