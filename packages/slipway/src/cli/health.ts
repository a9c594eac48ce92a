// slipway health, in images: asks the service in the same container as the platform's own probe would.

import { request } from "node:http";
import { request as secureRequest } from "node:https";
import { resolveConfig, SERVE_SETTINGS } from "../config/index.ts";
import { configSources } from "./config-options.ts";
import { defineCommand, type Command } from "./command.ts";
import { hostingOf } from "./hosting.ts";
import { printResult } from "./output.ts";

const WAIT_MS = 4000;

export const health: Command = defineCommand({
  name: "health",
  summary: "whether the service in this container is ready",
  usage: "",
  arguments: [],
  options: {},
  examples: ["slipway health"],
  async run(call) {
    const { settings } = await resolveConfig(SERVE_SETTINGS, { ...configSources(call), env: { ...hostingOf(process.env, false)?.defaults, ...process.env } });
    const status = await ask(settings.tls?.cert !== undefined, settings.port);
    printResult(status === 200 ? "ready" : `not ready (${status === 0 ? "no answer" : status})`);
    return status === 200 ? 0 : 1;
  },
});

/** The status, or 0. Of the certificate nothing is asked: it is this container's own, for its name outside. */
function ask(tls: boolean, port: number): Promise<number> {
  const options = { host: "127.0.0.1", port, path: "/health/ready", timeout: WAIT_MS };
  return new Promise((resolve) => {
    const asked = (tls ? secureRequest({ ...options, rejectUnauthorized: false }) : request(options)).on("response", (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    asked.on("error", () => resolve(0)).on("timeout", () => asked.destroy()).end();
  });
}
