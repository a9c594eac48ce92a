// Fastify: npm install fastify
// In a plugin of its own, so that Fastify leaves these bodies unread.

import Fastify from "fastify";
import { toNodeHandler } from "slipway";
import { churnHandler } from "./model.ts";

const handle = toNodeHandler(await churnHandler("/api/model"));
const app = Fastify();
app.get("/", () => "my own site");
await app.register(async (own) => {
  own.removeAllContentTypeParsers();
  own.addContentTypeParser("*", (_request, _body, done) => done(null));
  own.all("/api/model/*", (request, reply) => {
    reply.hijack();
    handle(request.raw, reply.raw);
  });
});

await app.listen({ host: "127.0.0.1", port: Number(process.env["PORT"] ?? 3000) });
export const { server } = app;
console.log(`http://127.0.0.1:${(server.address() as { port: number }).port}`);
