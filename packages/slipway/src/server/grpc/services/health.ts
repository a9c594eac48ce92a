// grpc.health.v1.Health: https://github.com/grpc/grpc/blob/master/doc/health-checking.md

import type { ServerContext } from "../../context.ts";
import { serverError } from "../../errors.ts";
import type { Call } from "../../http/call.ts";
import { serverStream, unary, type GrpcService } from "../method.ts";
import { enumeration, message, one, type EnumType, type MessageType } from "../protobuf/schema.ts";

const ServingStatus: EnumType = enumeration("grpc.health.v1.HealthCheckResponse.ServingStatus", { UNKNOWN: 0, SERVING: 1, NOT_SERVING: 2, SERVICE_UNKNOWN: 3 });
const SERVING = 1;
const NOT_SERVING = 2;
const SERVICE_UNKNOWN = 3;

const Request: MessageType<{ readonly service: string }> = message("grpc.health.v1.HealthCheckRequest", { service: one(1, "string") });
const Response: MessageType<{ readonly status: number }> = message("grpc.health.v1.HealthCheckResponse", { status: one(1, ServingStatus) });

/** How often a watched status is looked at. */
const WATCH_MS = 250;

/** `services`: the names that may be asked for; "" stands for the server as a whole. */
export function healthService(context: ServerContext, services: () => readonly string[]): GrpcService {
  const now = (service: string): number => {
    if (service !== "" && !services().includes(service)) return SERVICE_UNKNOWN;
    return context.ready ? SERVING : NOT_SERVING;
  };
  return {
    name: "grpc.health.v1.Health",
    methods: [
      unary("Check", "open", Request, Response, (_call, { service }) => {
        const status = now(service);
        if (status === SERVICE_UNKNOWN) throw serverError("service-unknown", `there is no service ${JSON.stringify(service.slice(0, 100))}`, { hint: `Served here: ${services().join(", ")}.` });
        return { status };
      }),
      serverStream("Watch", "open", Request, Response, async function* (call: Call, { service }) {
        let last: number | undefined;
        while (!call.isGone()) {
          const status = now(service);
          if (status !== last) yield { status: (last = status) };
          // A server that stops says so and ends the stream, which would otherwise keep it from stopping.
          if (!context.ready) return;
          await new Promise((resolve) => setTimeout(resolve, WATCH_MS));
        }
      }),
    ],
  };
}
