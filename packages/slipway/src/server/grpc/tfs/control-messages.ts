// The messages of tensorflow.serving.ModelService: get_model_status.proto, model_management.proto, and of
// model_server_config.proto what says which versions of which models to serve.

import { enumeration, many, map, maybe, message, one, type EnumType, type Int64, type MessageType } from "../protobuf/schema.ts";
import { ModelSpec } from "./messages.ts";

/** tensorflow.error.Code: the codes of gRPC. */
const ErrorCode: EnumType = enumeration("tensorflow.error.Code", {
  OK: 0, CANCELLED: 1, UNKNOWN: 2, INVALID_ARGUMENT: 3, DEADLINE_EXCEEDED: 4, NOT_FOUND: 5, ALREADY_EXISTS: 6, PERMISSION_DENIED: 7, RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9, ABORTED: 10, OUT_OF_RANGE: 11, UNIMPLEMENTED: 12, INTERNAL: 13, UNAVAILABLE: 14, DATA_LOSS: 15, UNAUTHENTICATED: 16,
});
interface Status {
  readonly error_code: number;
  readonly error_message: string;
}
const Status: MessageType<Status> = message("tensorflow.serving.StatusProto", { error_code: one(1, ErrorCode), error_message: one(2, "string") });

const State: EnumType = enumeration("tensorflow.serving.ModelVersionStatus.State", { UNKNOWN: 0, START: 10, LOADING: 20, AVAILABLE: 30, UNLOADING: 40, END: 50 });
export const STATES: Readonly<Record<string, number>> = State.values;
interface ModelVersionStatus {
  readonly version: Int64;
  readonly state: number;
  readonly status: Status | undefined;
}
export const GetModelStatusRequest: MessageType<{ readonly model_spec: ModelSpec | undefined }> = message("tensorflow.serving.GetModelStatusRequest", { model_spec: maybe(1, ModelSpec) });
export const GetModelStatusResponse: MessageType<{ readonly model_version_status: readonly ModelVersionStatus[] }> = message("tensorflow.serving.GetModelStatusResponse", {
  model_version_status: many(1, message<ModelVersionStatus>("tensorflow.serving.ModelVersionStatus", { version: one(1, "int64"), state: one(2, State), status: maybe(3, Status) })),
});

const POLICY = "tensorflow.serving.FileSystemStoragePathSourceConfig.ServableVersionPolicy";
interface Policy {
  readonly latest: { readonly num_versions: number } | undefined;
  readonly all: object | undefined;
  readonly specific: { readonly versions: ArrayLike<Int64> } | undefined;
}
export interface ModelConfig {
  readonly name: string;
  readonly base_path: string;
  readonly model_platform: string;
  readonly model_version_policy: Policy | undefined;
  readonly version_labels: ReadonlyMap<string, Int64>;
}
const ModelConfig: MessageType<ModelConfig> = message("tensorflow.serving.ModelConfig", {
  name: one(1, "string"), base_path: one(2, "string"), model_platform: one(4, "string"),
  model_version_policy: maybe(7, message<Policy>(POLICY, {
    latest: maybe(100, message<{ readonly num_versions: number }>(`${POLICY}.Latest`, { num_versions: one(1, "uint32") }), "policy_choice"),
    all: maybe(101, message<object>(`${POLICY}.All`, {}), "policy_choice"),
    specific: maybe(102, message<{ readonly versions: ArrayLike<Int64> }>(`${POLICY}.Specific`, { versions: many(1, "int64") }), "policy_choice"),
  })),
  version_labels: map(8, "string", "int64"),
});
interface ModelServerConfig {
  readonly model_config_list: { readonly config: readonly ModelConfig[] } | undefined;
}
export const ReloadConfigRequest: MessageType<{ readonly config: ModelServerConfig | undefined }> = message("tensorflow.serving.ReloadConfigRequest", {
  config: maybe(1, message<ModelServerConfig>("tensorflow.serving.ModelServerConfig", {
    model_config_list: maybe(1, message<{ readonly config: readonly ModelConfig[] }>("tensorflow.serving.ModelConfigList", { config: many(1, ModelConfig) }), "config"),
  })),
});
export const ReloadConfigResponse: MessageType<{ readonly status: Status | undefined }> = message("tensorflow.serving.ReloadConfigResponse", { status: maybe(1, Status) });
