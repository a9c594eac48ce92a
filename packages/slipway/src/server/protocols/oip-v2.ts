import type { FastifyInstance } from "fastify";
import type { ServerContext } from "../context.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";

export function registerOip(_app: FastifyInstance, _context: ServerContext, _telemetry: Telemetry): void {}
