// Hono: npm install hono @hono/node-server

import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { churnHandler } from "./model.ts";

const handle = await churnHandler("/api/model");
const app = new Hono();
app.get("/", (c) => c.text("my own site"));
app.all("/api/model/*", (c) => handle(c.req.raw));

export const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: Number(process.env["PORT"] ?? 3000) }, ({ port }) => console.log(`http://127.0.0.1:${port}`));
