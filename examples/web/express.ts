// Express: npm install express
// Express takes "/api/model" off before it asks, so the prefix is only for the links of the page.

import express from "express";
import { toNodeHandler } from "slipway";
import { churnHandler } from "./model.ts";

const handle = await churnHandler("/api/model");
const app = express();
app.use(express.json());
app.get("/", (_request, response) => void response.send("my own site"));
app.use("/api/model", toNodeHandler(handle));

export const server = app.listen(Number(process.env["PORT"] ?? 3000), "127.0.0.1", () => console.log(`http://127.0.0.1:${(server.address() as { port: number }).port}`));
