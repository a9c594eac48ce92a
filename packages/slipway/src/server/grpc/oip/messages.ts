// The messages of inference.GRPCInferenceService: the Open Inference Protocol's
// (https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/open_inference_grpc.proto) with
// Triton's extensions (https://github.com/triton-inference-server/common/blob/main/protobuf/grpc_service.proto).

import { enumeration, many, map, maybe, message, one, type EnumType, type Int64, type MessageType } from "../protobuf/schema.ts";

export interface Parameter {
  readonly bool_param: boolean | undefined;
  readonly int64_param: Int64 | undefined;
  readonly string_param: string | undefined;
  readonly double_param: number | undefined;
  readonly uint64_param: Int64 | undefined;
}
export const Parameter: MessageType<Parameter> = message("inference.InferParameter", {
  bool_param: maybe(1, "bool", "parameter_choice"), int64_param: maybe(2, "int64", "parameter_choice"), string_param: maybe(3, "string", "parameter_choice"),
  double_param: maybe(4, "double", "parameter_choice"), uint64_param: maybe(5, "uint64", "parameter_choice"),
});
export type Parameters = ReadonlyMap<string, Parameter>;

export interface Contents {
  readonly bool_contents: ArrayLike<boolean>;
  readonly int_contents: ArrayLike<number>;
  readonly int64_contents: ArrayLike<Int64>;
  readonly uint_contents: ArrayLike<number>;
  readonly uint64_contents: ArrayLike<Int64>;
  readonly fp32_contents: ArrayLike<number>;
  readonly fp64_contents: ArrayLike<number>;
  readonly bytes_contents: readonly Uint8Array[];
}
export const Contents: MessageType<Contents> = message("inference.InferTensorContents", {
  bool_contents: many(1, "bool"), int_contents: many(2, "int32"), int64_contents: many(3, "int64"), uint_contents: many(4, "uint32"),
  uint64_contents: many(5, "uint64"), fp32_contents: many(6, "float"), fp64_contents: many(7, "double"), bytes_contents: many(8, "bytes"),
});

export interface InputTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: ArrayLike<Int64>;
  readonly parameters: Parameters;
  readonly contents: Contents | undefined;
}
interface RequestedOutput {
  readonly name: string;
  readonly parameters: Parameters;
}
export interface ModelInferRequest {
  readonly model_name: string;
  readonly model_version: string;
  readonly id: string;
  readonly parameters: Parameters;
  readonly inputs: readonly InputTensor[];
  readonly outputs: readonly RequestedOutput[];
  readonly raw_input_contents: readonly Uint8Array[];
}
const tensor = (name: string): MessageType<InputTensor> => message(name, {
  name: one(1, "string"), datatype: one(2, "string"), shape: many(3, "int64"), parameters: map(4, "string", Parameter), contents: maybe(5, Contents),
});
export const ModelInferRequest: MessageType<ModelInferRequest> = message("inference.ModelInferRequest", {
  model_name: one(1, "string"), model_version: one(2, "string"), id: one(3, "string"), parameters: map(4, "string", Parameter),
  inputs: many(5, tensor("inference.ModelInferRequest.InferInputTensor")),
  outputs: many(6, message<RequestedOutput>("inference.ModelInferRequest.InferRequestedOutputTensor", { name: one(1, "string"), parameters: map(2, "string", Parameter) })),
  raw_input_contents: many(7, "bytes"),
});

export interface ModelInferResponse {
  readonly model_name: string;
  readonly model_version: string;
  readonly id: string;
  readonly parameters: Parameters;
  readonly outputs: readonly InputTensor[];
  readonly raw_output_contents: readonly Uint8Array[];
}
export const ModelInferResponse: MessageType<ModelInferResponse> = message("inference.ModelInferResponse", {
  model_name: one(1, "string"), model_version: one(2, "string"), id: one(3, "string"), parameters: map(4, "string", Parameter),
  outputs: many(5, tensor("inference.ModelInferResponse.InferOutputTensor")), raw_output_contents: many(6, "bytes"),
});
/** As Triton wraps the answers of a stream. */
export interface ModelStreamInferResponse {
  readonly error_message: string;
  readonly infer_response: ModelInferResponse | undefined;
}
export const ModelStreamInferResponse: MessageType<ModelStreamInferResponse> = message("inference.ModelStreamInferResponse", {
  error_message: one(1, "string"), infer_response: maybe(2, ModelInferResponse),
});

/** Messages about models and the server. */
export interface NameAndVersion {
  readonly name: string;
  readonly version: string;
}
export function nameAndVersion(type: string): MessageType<NameAndVersion> {
  return message(`inference.${type}`, { name: one(1, "string"), version: one(2, "string") });
}
export const ServerLiveResponse: MessageType<{ readonly live: boolean }> = message("inference.ServerLiveResponse", { live: one(1, "bool") });
export const ServerReadyResponse: MessageType<{ readonly ready: boolean }> = message("inference.ServerReadyResponse", { ready: one(1, "bool") });
export const ModelReadyResponse: MessageType<{ readonly ready: boolean }> = message("inference.ModelReadyResponse", { ready: one(1, "bool") });
export interface ServerMetadataResponse {
  readonly name: string;
  readonly version: string;
  readonly extensions: readonly string[];
}
export const ServerMetadataResponse: MessageType<ServerMetadataResponse> = message("inference.ServerMetadataResponse", { name: one(1, "string"), version: one(2, "string"), extensions: many(3, "string") });

interface TensorMetadata {
  readonly name: string;
  readonly datatype: string;
  readonly shape: ArrayLike<Int64>;
}
const TensorMetadata: MessageType<TensorMetadata> = message("inference.ModelMetadataResponse.TensorMetadata", { name: one(1, "string"), datatype: one(2, "string"), shape: many(3, "int64") });
export interface ModelMetadataResponse {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly TensorMetadata[];
  readonly outputs: readonly TensorMetadata[];
}
export const ModelMetadataResponse: MessageType<ModelMetadataResponse> = message("inference.ModelMetadataResponse", {
  name: one(1, "string"), versions: many(2, "string"), platform: one(3, "string"), inputs: many(4, TensorMetadata), outputs: many(5, TensorMetadata),
});

const DataType: EnumType = enumeration("inference.DataType", {
  TYPE_INVALID: 0, TYPE_BOOL: 1, TYPE_UINT8: 2, TYPE_UINT16: 3, TYPE_UINT32: 4, TYPE_UINT64: 5, TYPE_INT8: 6, TYPE_INT16: 7, TYPE_INT32: 8, TYPE_INT64: 9,
  TYPE_FP16: 10, TYPE_FP32: 11, TYPE_FP64: 12, TYPE_STRING: 13, TYPE_BF16: 14,
});
interface ConfiguredTensor {
  readonly name: string;
  readonly data_type: number;
  readonly dims: ArrayLike<Int64>;
}
/** Of Triton's model_config.proto what its clients read of a model. */
export interface ModelConfig {
  readonly name: string;
  readonly platform: string;
  readonly max_batch_size: number;
  readonly input: readonly ConfiguredTensor[];
  readonly output: readonly ConfiguredTensor[];
  readonly backend: string;
}
const ModelConfig: MessageType<ModelConfig> = message("inference.ModelConfig", {
  name: one(1, "string"), platform: one(2, "string"), max_batch_size: one(4, "int32"),
  input: many(5, message<ConfiguredTensor>("inference.ModelInput", { name: one(1, "string"), data_type: one(2, DataType), dims: many(4, "int64") })),
  output: many(6, message<ConfiguredTensor>("inference.ModelOutput", { name: one(1, "string"), data_type: one(2, DataType), dims: many(3, "int64") })),
  backend: one(17, "string"),
});
export const ModelConfigResponse: MessageType<{ readonly config: ModelConfig | undefined }> = message("inference.ModelConfigResponse", { config: maybe(1, ModelConfig) });

interface Duration {
  readonly count: Int64;
  readonly ns: Int64;
}
const Duration: MessageType<Duration> = message("inference.StatisticDuration", { count: one(1, "uint64"), ns: one(2, "uint64") });
type Durations = { readonly [K in "success" | "fail" | "queue" | "compute_input" | "compute_infer" | "compute_output" | "cache_hit" | "cache_miss"]: Duration | undefined };
interface BatchStatistics {
  readonly batch_size: Int64;
  readonly compute_input: Duration | undefined;
  readonly compute_infer: Duration | undefined;
  readonly compute_output: Duration | undefined;
}
interface MemoryUsage {
  readonly type: string;
  readonly id: Int64;
  readonly byte_size: Int64;
}
export interface ModelStatistics {
  readonly name: string;
  readonly version: string;
  readonly last_inference: Int64;
  readonly inference_count: Int64;
  readonly execution_count: Int64;
  readonly inference_stats: Durations | undefined;
  readonly batch_stats: readonly BatchStatistics[];
  readonly memory_usage: readonly MemoryUsage[];
}
const ModelStatistics: MessageType<ModelStatistics> = message("inference.ModelStatistics", {
  name: one(1, "string"), version: one(2, "string"), last_inference: one(3, "uint64"), inference_count: one(4, "uint64"), execution_count: one(5, "uint64"),
  inference_stats: maybe(6, message<Durations>("inference.InferStatistics", {
    success: maybe(1, Duration), fail: maybe(2, Duration), queue: maybe(3, Duration), compute_input: maybe(4, Duration), compute_infer: maybe(5, Duration),
    compute_output: maybe(6, Duration), cache_hit: maybe(7, Duration), cache_miss: maybe(8, Duration),
  })),
  batch_stats: many(7, message<BatchStatistics>("inference.InferBatchStatistics", { batch_size: one(1, "uint64"), compute_input: maybe(2, Duration), compute_infer: maybe(3, Duration), compute_output: maybe(4, Duration) })),
  memory_usage: many(8, message<MemoryUsage>("inference.MemoryUsage", { type: one(1, "string"), id: one(2, "int64"), byte_size: one(3, "uint64") })),
});
export const ModelStatisticsResponse: MessageType<{ readonly model_stats: readonly ModelStatistics[] }> = message("inference.ModelStatisticsResponse", { model_stats: many(1, ModelStatistics) });
