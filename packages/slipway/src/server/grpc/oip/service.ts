// inference.GRPCInferenceService: the Open Inference Protocol over gRPC with Triton's extensions.

import { allowModel } from "../../auth/index.ts";
import type { ServerContext } from "../../context.ts";
import { serverError } from "../../errors.ts";
import type { Call } from "../../http/call.ts";
import { configuration, EXTENSIONS, metadata, statistics } from "../../protocols/oip-v2.ts";
import { changeModels, loadByRequest } from "../../models/change.ts";
import { logSettings, notSettable, traceSettings } from "../../protocols/oip/settings.ts";
import { listModels } from "../../protocols/oip/repository.ts";
import type { Servable } from "../../../runtime/index.ts";
import { bidi, unary, type GrpcMethod, type GrpcService } from "../method.ts";
import { empty, type Draft, type MessageType } from "../protobuf/schema.ts";
import * as control from "./control-messages.ts";
import { inferGrpc, streamGrpc } from "./infer.ts";
import * as m from "./messages.ts";

export function inferenceService(context: ServerContext): GrpcService {
  const { models, telemetry } = context;
  const find = (call: Call, { name, version }: m.NameAndVersion): Servable => {
    allowModel(call, name);
    return models.find(name, version === "" ? undefined : version);
  };
  return {
    name: "inference.GRPCInferenceService",
    methods: [
      unary("ServerLive", "open", empty("inference.ServerLiveRequest"), m.ServerLiveResponse, () => ({ live: true })),
      unary("ServerReady", "open", empty("inference.ServerReadyRequest"), m.ServerReadyResponse, () => ({ ready: context.ready })),
      unary("ModelReady", "open", m.nameAndVersion("ModelReadyRequest"), m.ModelReadyResponse, (_call, asked) => ({ ready: context.ready && isReady(asked) })),
      unary("ServerMetadata", "open", empty("inference.ServerMetadataRequest"), m.ServerMetadataResponse, () => ({ name: "slipway", version: context.options.version, extensions: EXTENSIONS })),
      unary("ModelMetadata", "read", m.nameAndVersion("ModelMetadataRequest"), m.ModelMetadataResponse, (call, asked) => metadata(find(call, asked), models.versionsOf(asked.name))),
      unary("ModelConfig", "read", m.nameAndVersion("ModelConfigRequest"), m.ModelConfigResponse, (call, asked) => ({ config: configuration(find(call, asked)) as never })),
      unary("ModelStatistics", "observe", m.nameAndVersion("ModelStatisticsRequest"), m.ModelStatisticsResponse, (call, asked) => {
        const wanted = asked.name === "" ? models.all : [find(call, asked)];
        return { model_stats: wanted.map((model) => statistics(model, telemetry.of(model))) };
      }),
      unary("ModelInfer", "predict", m.ModelInferRequest, m.ModelInferResponse, (call, request) => inferGrpc(context, call, request)),
      bidi("ModelStreamInfer", "predict", m.ModelInferRequest, m.ModelStreamInferResponse, (_call, requests, calls) => streamGrpc(context, requests, calls)),
      ...repository(),
      ...sharedMemory(),
      ...settings(context),
    ],
  };

  function isReady({ name, version }: m.NameAndVersion): boolean {
    try {
      models.find(name, version === "" ? undefined : version);
      return true;
    } catch {
      // As Triton answers: what is not known is not ready.
      return false;
    }
  }

  function repository(): GrpcMethod[] {
    return [
      unary("RepositoryIndex", "read", control.RepositoryIndexRequest, control.RepositoryIndexResponse, (_call, { ready }) => ({ models: listModels(context, ready) })),
      unary("RepositoryModelLoad", "operate", control.RepositoryModelLoadRequest, control.RepositoryModelLoadResponse, async (call, { model_name: name, parameters }) => {
        allowModel(call, name);
        changeModels(call);
        await loadByRequest(context, name, JSON.stringify({ parameters: Object.fromEntries([...parameters].map(([key, value]) => [key, parameterValue(value)])) }));
        return {};
      }),
      unary("RepositoryModelUnload", "operate", control.RepositoryModelUnloadRequest, control.RepositoryModelUnloadResponse, async (call, { model_name: name }) => {
        allowModel(call, name);
        changeModels(call);
        await context.repository.unload(name);
        return {};
      }),
    ];
  }
}

/** As the REST request carries it: files as base64. */
function parameterValue(value: control.RepositoryParameter): string | number | boolean | null {
  if (value.bytes_param !== undefined) return Buffer.from(value.bytes_param.buffer, value.bytes_param.byteOffset, value.bytes_param.length).toString("base64");
  return value.string_param ?? value.bool_param ?? (value.int64_param === undefined ? null : Number(value.int64_param));
}

/** Nothing is registered, so nothing is listed and there is nothing to take back. */
function sharedMemory(): GrpcMethod[] {
  return [
    ...regions("System", control.SystemSharedMemoryStatusResponse, control.SystemSharedMemoryRegisterRequest),
    ...regions("Cuda", control.CudaSharedMemoryStatusResponse, control.CudaSharedMemoryRegisterRequest),
  ];
}
function regions<S, R>(kind: string, status: MessageType<S>, register: MessageType<R>): GrpcMethod[] {
  return [
    unary(`${kind}SharedMemoryStatus`, "read", control.regionName(`${kind}SharedMemoryStatusRequest`), status, () => ({}) as Draft<S>),
    unary(`${kind}SharedMemoryRegister`, "operate", register, empty(`inference.${kind}SharedMemoryRegisterResponse`), () => {
      throw serverError("not-offered", "shared memory is not offered", { hint: "Send tensors in the requests: raw_input_contents." });
    }),
    unary(`${kind}SharedMemoryUnregister`, "operate", control.regionName(`${kind}SharedMemoryUnregisterRequest`), empty(`inference.${kind}SharedMemoryUnregisterResponse`), () => ({})),
  ];
}

function settings(context: ServerContext): GrpcMethod[] {
  return [
    unary("TraceSetting", "read", control.TraceSettingRequest, control.TraceSettingResponse, (call, { settings: wanted }) => {
      if (wanted.size > 0) notSettable(call);
      return { settings: new Map(Object.entries(traceSettings(context)).map(([name, value]) => [name, { value: [value].flat() }])) };
    }),
    unary("LogSettings", "read", control.LogSettingsRequest, control.LogSettingsResponse, (call, { settings: wanted }) => {
      if (wanted.size > 0) notSettable(call);
      return { settings: new Map(Object.entries(logSettings(context)).map(([name, value]) => [name, typeof value === "string" ? { string_param: value } : typeof value === "number" ? { uint32_param: value } : { bool_param: value }])) };
    }),
  ];
}
