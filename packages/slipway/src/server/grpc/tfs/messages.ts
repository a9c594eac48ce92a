// The messages of TensorFlow Serving's gRPC interface (tensorflow_serving/apis/*.proto) and what they take from
// TensorFlow (core/framework/tensor.proto, tensor_shape.proto, types.proto, core/example/*.proto, core/protobuf/meta_graph.proto).

import { enumeration, many, map, maybe, message, one, type EnumType, type Int64, type MessageType } from "../protobuf/schema.ts";

export const DataType: EnumType = enumeration("tensorflow.DataType", {
  DT_INVALID: 0, DT_FLOAT: 1, DT_DOUBLE: 2, DT_INT32: 3, DT_UINT8: 4, DT_INT16: 5, DT_INT8: 6, DT_STRING: 7, DT_COMPLEX64: 8, DT_INT64: 9, DT_BOOL: 10,
  DT_QINT8: 11, DT_QUINT8: 12, DT_QINT32: 13, DT_BFLOAT16: 14, DT_QINT16: 15, DT_QUINT16: 16, DT_UINT16: 17, DT_COMPLEX128: 18, DT_HALF: 19, DT_RESOURCE: 20,
  DT_VARIANT: 21, DT_UINT32: 22, DT_UINT64: 23,
});
interface Dim {
  readonly size: Int64;
  readonly name: string;
}
interface TensorShape {
  readonly dim: readonly Dim[];
  readonly unknown_rank: boolean;
}
const TensorShape: MessageType<TensorShape> = message("tensorflow.TensorShapeProto", {
  dim: many(2, message<Dim>("tensorflow.TensorShapeProto.Dim", { size: one(1, "int64"), name: one(2, "string") })), unknown_rank: one(3, "bool"),
});
export interface TensorProto {
  readonly dtype: number;
  readonly tensor_shape: TensorShape | undefined;
  readonly version_number: number;
  readonly tensor_content: Uint8Array;
  readonly half_val: ArrayLike<number>;
  readonly float_val: ArrayLike<number>;
  readonly double_val: ArrayLike<number>;
  readonly int_val: ArrayLike<number>;
  readonly string_val: readonly Uint8Array[];
  readonly int64_val: ArrayLike<Int64>;
  readonly bool_val: ArrayLike<boolean>;
  readonly uint32_val: ArrayLike<number>;
  readonly uint64_val: ArrayLike<Int64>;
}
export const TensorProto: MessageType<TensorProto> = message("tensorflow.TensorProto", {
  dtype: one(1, DataType), tensor_shape: maybe(2, TensorShape), version_number: one(3, "int32"), tensor_content: one(4, "bytes"), half_val: many(13, "int32"),
  float_val: many(5, "float"), double_val: many(6, "double"), int_val: many(7, "int32"), string_val: many(8, "bytes"), int64_val: many(10, "int64"),
  bool_val: many(11, "bool"), uint32_val: many(16, "uint32"), uint64_val: many(17, "uint64"),
});

export interface Feature {
  readonly bytes_list: { readonly value: readonly Uint8Array[] } | undefined;
  readonly float_list: { readonly value: ArrayLike<number> } | undefined;
  readonly int64_list: { readonly value: ArrayLike<Int64> } | undefined;
}
export interface Example {
  readonly features: { readonly feature: ReadonlyMap<string, Feature> } | undefined;
}
const Feature: MessageType<Feature> = message("tensorflow.Feature", {
  bytes_list: maybe(1, message<{ readonly value: readonly Uint8Array[] }>("tensorflow.BytesList", { value: many(1, "bytes") }), "kind"),
  float_list: maybe(2, message<{ readonly value: ArrayLike<number> }>("tensorflow.FloatList", { value: many(1, "float") }), "kind"),
  int64_list: maybe(3, message<{ readonly value: ArrayLike<Int64> }>("tensorflow.Int64List", { value: many(1, "int64") }), "kind"),
});
const Example: MessageType<Example> = message("tensorflow.Example", {
  features: maybe(1, message<{ readonly feature: ReadonlyMap<string, Feature> }>("tensorflow.Features", { feature: map(1, "string", Feature) })),
});

const Int64Value: MessageType<{ readonly value: Int64 }> = message("google.protobuf.Int64Value", { value: one(1, "int64") });
export interface ModelSpec {
  readonly name: string;
  readonly version: { readonly value: Int64 } | undefined;
  readonly version_label: string | undefined;
  readonly signature_name: string;
}
export const ModelSpec: MessageType<ModelSpec> = message("tensorflow.serving.ModelSpec", {
  name: one(1, "string"), version: maybe(2, Int64Value, "version_choice"), version_label: maybe(4, "string", "version_choice"), signature_name: one(3, "string"),
});

type Tensors = ReadonlyMap<string, TensorProto>;
export interface PredictRequest {
  readonly model_spec: ModelSpec | undefined;
  readonly inputs: Tensors;
  readonly output_filter: readonly string[];
}
export const PredictRequest: MessageType<PredictRequest> = message("tensorflow.serving.PredictRequest", { model_spec: maybe(1, ModelSpec), inputs: map(2, "string", TensorProto), output_filter: many(3, "string") });
export interface PredictResponse {
  readonly outputs: Tensors;
  readonly model_spec: ModelSpec | undefined;
}
export const PredictResponse: MessageType<PredictResponse> = message("tensorflow.serving.PredictResponse", { outputs: map(1, "string", TensorProto), model_spec: maybe(2, ModelSpec) });

interface ExampleList {
  readonly examples: readonly Example[];
}
interface ExampleListWithContext extends ExampleList {
  readonly context: Example | undefined;
}
export interface Input {
  readonly example_list: ExampleList | undefined;
  readonly example_list_with_context: ExampleListWithContext | undefined;
}
const Input: MessageType<Input> = message("tensorflow.serving.Input", {
  example_list: maybe(1, message<ExampleList>("tensorflow.serving.ExampleList", { examples: many(1, Example) }), "kind"),
  example_list_with_context: maybe(2, message<ExampleListWithContext>("tensorflow.serving.ExampleListWithContext", { examples: many(1, Example), context: maybe(2, Example) }), "kind"),
});
export interface ExamplesRequest {
  readonly model_spec: ModelSpec | undefined;
  readonly input: Input | undefined;
}
export const ClassificationRequest: MessageType<ExamplesRequest> = message("tensorflow.serving.ClassificationRequest", { model_spec: maybe(1, ModelSpec), input: maybe(2, Input) });
export const RegressionRequest: MessageType<ExamplesRequest> = message("tensorflow.serving.RegressionRequest", { model_spec: maybe(1, ModelSpec), input: maybe(2, Input) });

interface Class {
  readonly label: string;
  readonly score: number;
}
export interface ClassificationResult {
  readonly classifications: readonly { readonly classes: readonly Class[] }[];
}
const ClassificationResult: MessageType<ClassificationResult> = message("tensorflow.serving.ClassificationResult", {
  classifications: many(1, message<{ readonly classes: readonly Class[] }>("tensorflow.serving.Classifications", {
    classes: many(1, message<Class>("tensorflow.serving.Class", { label: one(1, "string"), score: one(2, "float") })),
  })),
});
export interface RegressionResult {
  readonly regressions: readonly { readonly value: number }[];
}
const RegressionResult: MessageType<RegressionResult> = message("tensorflow.serving.RegressionResult", {
  regressions: many(1, message<{ readonly value: number }>("tensorflow.serving.Regression", { value: one(1, "float") })),
});
interface Result<R> {
  readonly result: R | undefined;
  readonly model_spec: ModelSpec | undefined;
}
export const ClassificationResponse: MessageType<Result<ClassificationResult>> = message("tensorflow.serving.ClassificationResponse", { result: maybe(1, ClassificationResult), model_spec: maybe(2, ModelSpec) });
export const RegressionResponse: MessageType<Result<RegressionResult>> = message("tensorflow.serving.RegressionResponse", { result: maybe(1, RegressionResult), model_spec: maybe(2, ModelSpec) });

interface InferenceTask {
  readonly model_spec: ModelSpec | undefined;
  readonly method_name: string;
}
export interface MultiInferenceRequest {
  readonly tasks: readonly InferenceTask[];
  readonly input: Input | undefined;
}
export const MultiInferenceRequest: MessageType<MultiInferenceRequest> = message("tensorflow.serving.MultiInferenceRequest", {
  tasks: many(1, message<InferenceTask>("tensorflow.serving.InferenceTask", { model_spec: maybe(1, ModelSpec), method_name: one(2, "string") })), input: maybe(2, Input),
});
export interface InferenceResult {
  readonly model_spec: ModelSpec | undefined;
  readonly classification_result: ClassificationResult | undefined;
  readonly regression_result: RegressionResult | undefined;
}
export const MultiInferenceResponse: MessageType<{ readonly results: readonly InferenceResult[] }> = message("tensorflow.serving.MultiInferenceResponse", {
  results: many(1, message<InferenceResult>("tensorflow.serving.InferenceResult", {
    model_spec: maybe(1, ModelSpec), classification_result: maybe(2, ClassificationResult, "result"), regression_result: maybe(3, RegressionResult, "result"),
  })),
});

export interface MetadataRequest {
  readonly model_spec: ModelSpec | undefined;
  readonly metadata_field: readonly string[];
}
export const GetModelMetadataRequest: MessageType<MetadataRequest> = message("tensorflow.serving.GetModelMetadataRequest", { model_spec: maybe(1, ModelSpec), metadata_field: many(2, "string") });
interface Any {
  readonly type_url: string;
  readonly value: Uint8Array;
}
export const GetModelMetadataResponse: MessageType<{ readonly model_spec: ModelSpec | undefined; readonly metadata: ReadonlyMap<string, Any> }> = message("tensorflow.serving.GetModelMetadataResponse", {
  model_spec: maybe(1, ModelSpec), metadata: map(2, "string", message<Any>("google.protobuf.Any", { type_url: one(1, "string"), value: one(2, "bytes") })),
});
interface TensorInfo {
  readonly name: string;
  readonly dtype: number;
  readonly tensor_shape: TensorShape | undefined;
}
interface SignatureDef {
  readonly inputs: ReadonlyMap<string, TensorInfo>;
  readonly outputs: ReadonlyMap<string, TensorInfo>;
  readonly method_name: string;
}
const TensorInfo: MessageType<TensorInfo> = message("tensorflow.TensorInfo", { name: one(1, "string"), dtype: one(2, DataType), tensor_shape: maybe(3, TensorShape) });
/** Comes as bytes inside an Any. */
export const SignatureDefMap: MessageType<{ readonly signature_def: ReadonlyMap<string, SignatureDef> }> = message("tensorflow.serving.SignatureDefMap", {
  signature_def: map(1, "string", message<SignatureDef>("tensorflow.SignatureDef", { inputs: map(1, "string", TensorInfo), outputs: map(2, "string", TensorInfo), method_name: one(3, "string") })),
});
