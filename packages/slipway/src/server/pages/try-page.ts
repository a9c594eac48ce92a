import type { FastifyReply } from "fastify";
import type { Model } from "../../runtime/index.ts";
import type { ServerContext } from "../context.ts";
export async function sendTryPage(model: Model, _context: ServerContext, reply: FastifyReply): Promise<unknown> {
  return reply.type("text/html; charset=utf-8").send(model.name);
}
