// The messages of Triton's extensions that steer a server: repository, shared memory, tracing, logging.
// https://github.com/triton-inference-server/common/blob/main/protobuf/grpc_service.proto

import { empty, many, map, maybe, message, one, type EmptyMessage, type Int64, type MessageType } from "../protobuf/schema.ts";

export interface RepositoryParameter {
  readonly bool_param: boolean | undefined;
  readonly int64_param: Int64 | undefined;
  readonly string_param: string | undefined;
  readonly bytes_param: Uint8Array | undefined;
}
const RepositoryParameter: MessageType<RepositoryParameter> = message("inference.ModelRepositoryParameter", {
  bool_param: maybe(1, "bool", "parameter_choice"), int64_param: maybe(2, "int64", "parameter_choice"), string_param: maybe(3, "string", "parameter_choice"), bytes_param: maybe(4, "bytes", "parameter_choice"),
});
export interface RepositoryIndexRequest {
  readonly repository_name: string;
  readonly ready: boolean;
}
export const RepositoryIndexRequest: MessageType<RepositoryIndexRequest> = message("inference.RepositoryIndexRequest", { repository_name: one(1, "string"), ready: one(2, "bool") });
export interface ModelIndex {
  readonly name: string;
  readonly version: string;
  readonly state: string;
  readonly reason: string;
}
export const RepositoryIndexResponse: MessageType<{ readonly models: readonly ModelIndex[] }> = message("inference.RepositoryIndexResponse", {
  models: many(1, message<ModelIndex>("inference.RepositoryIndexResponse.ModelIndex", { name: one(1, "string"), version: one(2, "string"), state: one(3, "string"), reason: one(4, "string") })),
});
export interface RepositoryChangeRequest {
  readonly repository_name: string;
  readonly model_name: string;
  readonly parameters: ReadonlyMap<string, RepositoryParameter>;
}
const change = (name: string): MessageType<RepositoryChangeRequest> => message(`inference.${name}`, { repository_name: one(1, "string"), model_name: one(2, "string"), parameters: map(3, "string", RepositoryParameter) });
export const RepositoryModelLoadRequest: MessageType<RepositoryChangeRequest> = change("RepositoryModelLoadRequest");
export const RepositoryModelUnloadRequest: MessageType<RepositoryChangeRequest> = change("RepositoryModelUnloadRequest");
export const RepositoryModelLoadResponse: MessageType<EmptyMessage> = empty("inference.RepositoryModelLoadResponse");
export const RepositoryModelUnloadResponse: MessageType<EmptyMessage> = empty("inference.RepositoryModelUnloadResponse");

export interface RegionName {
  readonly name: string;
}
export const regionName = (type: string): MessageType<RegionName> => message(`inference.${type}`, { name: one(1, "string") });
interface SystemRegion {
  readonly name: string;
  readonly key: string;
  readonly offset: Int64;
  readonly byte_size: Int64;
}
export const SystemSharedMemoryStatusResponse: MessageType<{ readonly regions: ReadonlyMap<string, SystemRegion> }> = message("inference.SystemSharedMemoryStatusResponse", {
  regions: map(1, "string", message<SystemRegion>("inference.SystemSharedMemoryStatusResponse.RegionStatus", { name: one(1, "string"), key: one(2, "string"), offset: one(3, "uint64"), byte_size: one(4, "uint64") })),
});
export const SystemSharedMemoryRegisterRequest: MessageType<SystemRegion> = message("inference.SystemSharedMemoryRegisterRequest", { name: one(1, "string"), key: one(2, "string"), offset: one(3, "uint64"), byte_size: one(4, "uint64") });
interface CudaRegion {
  readonly name: string;
  readonly device_id: Int64;
  readonly byte_size: Int64;
}
export const CudaSharedMemoryStatusResponse: MessageType<{ readonly regions: ReadonlyMap<string, CudaRegion> }> = message("inference.CudaSharedMemoryStatusResponse", {
  regions: map(1, "string", message<CudaRegion>("inference.CudaSharedMemoryStatusResponse.RegionStatus", { name: one(1, "string"), device_id: one(2, "uint64"), byte_size: one(3, "uint64") })),
});
interface CudaRegister extends RegionName {
  readonly raw_handle: Uint8Array;
  readonly device_id: Int64;
  readonly byte_size: Int64;
}
export const CudaSharedMemoryRegisterRequest: MessageType<CudaRegister> = message("inference.CudaSharedMemoryRegisterRequest", { name: one(1, "string"), raw_handle: one(2, "bytes"), device_id: one(3, "int64"), byte_size: one(4, "uint64") });

interface TraceValue {
  readonly value: readonly string[];
}
export interface TraceSettings {
  readonly settings: ReadonlyMap<string, TraceValue>;
}
export const TraceSettingRequest: MessageType<TraceSettings & { readonly model_name: string }> = message("inference.TraceSettingRequest", {
  settings: map(1, "string", message<TraceValue>("inference.TraceSettingRequest.SettingValue", { value: many(1, "string") })), model_name: one(2, "string"),
});
export const TraceSettingResponse: MessageType<TraceSettings> = message("inference.TraceSettingResponse", {
  settings: map(1, "string", message<TraceValue>("inference.TraceSettingResponse.SettingValue", { value: many(1, "string") })),
});
export interface LogValue {
  readonly bool_param: boolean | undefined;
  readonly uint32_param: number | undefined;
  readonly string_param: string | undefined;
}
const logSettings = (name: string): MessageType<{ readonly settings: ReadonlyMap<string, LogValue> }> => message(`inference.${name}`, {
  settings: map(1, "string", message<LogValue>(`inference.${name}.SettingValue`, {
    bool_param: maybe(1, "bool", "parameter_choice"), uint32_param: maybe(2, "uint32", "parameter_choice"), string_param: maybe(3, "string", "parameter_choice"),
  })),
});
export const LogSettingsRequest: MessageType<{ readonly settings: ReadonlyMap<string, LogValue> }> = logSettings("LogSettingsRequest");
export const LogSettingsResponse: MessageType<{ readonly settings: ReadonlyMap<string, LogValue> }> = logSettings("LogSettingsResponse");
