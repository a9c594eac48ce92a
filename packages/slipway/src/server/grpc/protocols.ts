// Every gRPC service of the server, as protocols of its routing table, with health and reflection for all of them.

import type { ServerContext } from "../context.ts";
import type { Protocol } from "../http/routing-table.ts";
import { grpcProtocol, type GrpcService } from "./method.ts";
import { inferenceService } from "./oip/service.ts";
import { typesOf, type ProtoFile } from "./protobuf/descriptor.ts";
import { healthService } from "./services/health.ts";
import { reflectionService } from "./services/reflection.ts";

/** File names as the public .proto files have them. */
const FILES: readonly { readonly name: string; readonly package: string; readonly services: (context: ServerContext) => readonly GrpcService[] }[] = [
  { name: "grpc_service.proto", package: "inference", services: (context) => [inferenceService(context)] },
];

export function grpcProtocols(context: ServerContext): readonly Protocol[] {
  const services = FILES.map((f) => f.services(context));
  let files: readonly ProtoFile[] | undefined;
  // Made when somebody asks: it costs more than all the rest of a cold start's part in gRPC.
  const protoFiles = (): readonly ProtoFile[] => (files ??= [
    ...FILES.map((f, i) => ({ name: f.name, package: f.package, services: services[i]!, types: typesOf(services[i]!) })),
    { name: "grpc/health/v1/health.proto", package: "grpc.health.v1", services: [health], types: typesOf([health]) },
    ...reflection.map((s, i) => ({ name: i === 0 ? "grpc/reflection/v1/reflection.proto" : "grpc/reflection/v1alpha/reflection.proto", package: `grpc.reflection.${i === 0 ? "v1" : "v1alpha"}`, services: [s], types: typesOf([s]) })),
  ]);
  const health = healthService(context, () => [...services.flat(), health, ...reflection].map((s) => s.name));
  const reflection = (["v1", "v1alpha"] as const).map((version) => reflectionService(version, protoFiles));
  return [...FILES.map((f, i) => grpcProtocol(f.package, services[i]!)), grpcProtocol("grpc", [health, ...reflection])];
}
