// A gRPC method as one object, and services of methods as a protocol of the routing table: what a caller must be allowed
// to do stands in the same table, and passes the same layers, as for every other address.

import { serverError } from "../errors.ts";
import type { Call } from "../http/call.ts";
import type { Action, Protocol, Route } from "../http/routing-table.ts";
import type { Draft, MessageType } from "./protobuf/schema.ts";

export interface GrpcMethod {
  readonly name: string;
  readonly kind: "unary" | "server-stream" | "bidi";
  readonly action: Action;
  readonly request: MessageType;
  readonly response: MessageType;
  /** Of unary methods. */
  readonly answer?: (call: Call, request: unknown) => unknown;
  /** Of the others. Ends early when the call is gone. */
  readonly stream?: (call: Call, requests: AsyncIterable<unknown>, calls: MessageCalls) => AsyncIterable<unknown>;
}
/** Calls of single messages of a stream: they pass the layers, have a time limit and are counted as calls of their own. */
export interface MessageCalls {
  begin(): Call;
  /** @throws SlipwayError */
  admit(call: Call): Promise<void>;
  end(call: Call, error: unknown): void;
}
export interface GrpcService {
  /** With its package. */
  readonly name: string;
  readonly methods: readonly GrpcMethod[];
}

export function unary<Q, R>(name: string, action: Action, request: MessageType<Q>, response: MessageType<R>, answer: (call: Call, request: Q) => Draft<R> | Promise<Draft<R>>): GrpcMethod {
  return { name, kind: "unary", action, request, response, answer: answer as NonNullable<GrpcMethod["answer"]> };
}
export function serverStream<Q, R>(name: string, action: Action, request: MessageType<Q>, response: MessageType<R>, stream: (call: Call, request: Q) => AsyncIterable<Draft<R>>): GrpcMethod {
  return {
    name, kind: "server-stream", action, request, response,
    async *stream(call, requests) {
      for await (const first of requests) {
        yield* stream(call, first as Q);
        return;
      }
      throw serverError("grpc-message", "the call came without a message");
    },
  };
}
export function bidi<Q, R>(name: string, action: Action, request: MessageType<Q>, response: MessageType<R>, stream: (call: Call, requests: AsyncIterable<Q>, calls: MessageCalls) => AsyncIterable<Draft<R>>): GrpcMethod {
  return { name, kind: "bidi", action, request, response, stream: stream as NonNullable<GrpcMethod["stream"]> };
}

export function grpcProtocol(name: string, services: readonly GrpcService[]): Protocol {
  return {
    name,
    routes: services.flatMap((service) => service.methods.map((grpc): Route => ({
      method: "POST", path: `/${service.name}/${grpc.name}`, action: grpc.action, grpc,
      handle: () => {
        throw serverError("grpc-only", `${service.name}/${grpc.name} is a gRPC method`, { hint: "Ask with a gRPC client, which speaks HTTP/2. /openapi.json lists what is asked over plain HTTP." });
      },
    }))),
  };
}
