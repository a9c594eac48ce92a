import type { FastifyReply } from "fastify";
export async function sendAsset(_file: string, reply: FastifyReply): Promise<unknown> {
  return reply.code(404).send();
}
