// Every gRPC service of the server, as protocols of its routing table, with health and reflection for all of them.

import type { ServerContext } from "../context.ts";
import type { Protocol } from "../http/routing-table.ts";
import { grpcProtocol, type GrpcService } from "./method.ts";
import { inferenceService } from "./oip/service.ts";
import { describeFiles, type ProtoFile, type ProtoSource } from "./protobuf/descriptor.ts";
import { healthService } from "./services/health.ts";
import { reflectionService } from "./services/reflection.ts";
import { SignatureDefMap } from "./tfs/messages.ts";
import { modelService } from "./tfs/model-service.ts";
import { predictionService } from "./tfs/service.ts";

export function grpcProtocols(context: ServerContext): readonly Protocol[] {
  const served: readonly ProtoSource[] = [
    { name: "grpc_service.proto", package: "inference", services: [inferenceService(context)] },
    { name: "tensorflow_serving/apis/serving.proto", package: "tensorflow.serving", services: [predictionService(context), modelService(context)], more: [SignatureDefMap] },
  ];
  let files: readonly ProtoFile[] | undefined;
  // Made when somebody asks: it costs more than all the rest of gRPC's part in a start.
  const protoFiles = (): readonly ProtoFile[] => (files ??= describeFiles([...served, ...own]));
  const all = (): readonly GrpcService[] => [...served, ...own].flatMap((s) => s.services);
  const own: readonly ProtoSource[] = [
    { name: "grpc/health/v1/health.proto", package: "grpc.health.v1", services: [healthService(context, () => all().map((s) => s.name))] },
    ...(["v1", "v1alpha"] as const).map((v) => ({ name: `grpc/reflection/${v}/reflection.proto`, package: `grpc.reflection.${v}`, services: [reflectionService(v, protoFiles)] })),
  ];
  return [...served.map((s) => grpcProtocol(s.package, s.services)), grpcProtocol("grpc", own.flatMap((s) => s.services))];
}
