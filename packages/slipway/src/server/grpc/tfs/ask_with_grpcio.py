"""Asks a running server as TensorFlow Serving's clients do, with code made by grpcio-tools from testing-protos.
Usage: ask_with_grpcio.py HOST:PORT ADMIN-HOST:PORT ADMIN-KEY; prints one JSON line."""
import json
import os
import struct
import sys
import tempfile

import grpc
from grpc_tools import protoc

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "testing-protos")
made = tempfile.mkdtemp()
include = os.path.join(os.path.dirname(protoc.__file__), "_proto")
assert protoc.main(["protoc", f"-I{here}", f"-I{include}", f"--python_out={made}", f"--grpc_python_out={made}", "tensorflow.proto", "serving.proto"]) == 0
sys.path.insert(0, made)
import serving_pb2 as s  # noqa: E402
import serving_pb2_grpc  # noqa: E402
import tensorflow_pb2 as tf  # noqa: E402

channel = grpc.insecure_channel(sys.argv[1])
ask, models = serving_pb2_grpc.PredictionServiceStub(channel), serving_pb2_grpc.ModelServiceStub(channel)
out = {}


def tensor(dtype, shape, **values):
    return tf.TensorProto(dtype=dtype, tensor_shape=tf.TensorShapeProto(dim=[tf.TensorShapeProto.Dim(size=d) for d in shape]), **values)


def predict(name, inputs, outputs=(), **spec):
    return ask.Predict(s.PredictRequest(model_spec=s.ModelSpec(name=name, **spec), inputs=inputs, output_filter=outputs))


def shape(t):
    return [d.size for d in t.tensor_shape.dim]


six = [1, 2, 3, 1, 1, 1]
answer = predict("linear", {"X": tensor(tf.DT_DOUBLE, [2, 3], double_val=six)})
out["lists"] = [list(answer.outputs["value"].double_val), shape(answer.outputs["value"]), answer.model_spec.version_label, answer.model_spec.signature_name]
out["content"] = list(predict("linear", {"X": tensor(tf.DT_FLOAT, [2, 3], tensor_content=struct.pack("<6f", *six))}).outputs["value"].double_val)
out["repeated"] = list(predict("linear", {"X": tensor(tf.DT_INT64, [2, 3], int64_val=[2])}).outputs["value"].double_val)
out["half"] = list(predict("linear", {"X": tensor(tf.DT_HALF, [1, 3], half_val=[0x3C00])}).outputs["value"].double_val)
out["label"] = list(predict("linear", {"X": tensor(tf.DT_DOUBLE, [2, 3], double_val=six)}, version_label="1.0.0").outputs["value"].double_val)
columns = {
    "age": tensor(tf.DT_DOUBLE, [2], double_val=[45, 10]), "plan": tensor(tf.DT_STRING, [2, 1], string_val=[b"pro", b"basic"]), "member": tensor(tf.DT_BOOL, [2], bool_val=[False, True]),
}
answer = predict("loan", columns)
out["columns"] = [list(answer.outputs["score"].double_val), [v.decode() for v in answer.outputs["label"].string_val], shape(answer.outputs["probabilities"])]
out["filter"] = sorted(predict("loan", columns, ["score", "label"]).outputs)
out["signature"] = sorted(predict("loan", columns, signature_name="score").outputs)


def example(**values):
    def feature(v):
        if isinstance(v, float):
            return tf.Feature(float_list=tf.FloatList(value=[v]))
        return tf.Feature(int64_list=tf.Int64List(value=[v])) if isinstance(v, int) else tf.Feature(bytes_list=tf.BytesList(value=[v]))
    return tf.Example(features=tf.Features(feature={name: feature(v) for name, v in values.items()}))


examples = s.Input(example_list_with_context=s.ExampleListWithContext(examples=[example(age=45.0), example(age=60.0)], context=example(plan=b"pro", member=0)))
answer = ask.Classify(s.ClassificationRequest(model_spec=s.ModelSpec(name="loan"), input=examples))
out["classify"] = [[(c.label, round(c.score, 4)) for c in row.classes] for row in answer.result.classifications]
numbers = s.Input(example_list=s.ExampleList(examples=[example(x0=1.0, x1=2.0, x2=3)]))
out["regress"] = [r.value for r in ask.Regress(s.RegressionRequest(model_spec=s.ModelSpec(name="linear"), input=numbers)).result.regressions]
task = s.InferenceTask(model_spec=s.ModelSpec(name="linear"), method_name="tensorflow/serving/regress")
out["several"] = [r.regression_result.regressions[0].value for r in ask.MultiInference(s.MultiInferenceRequest(tasks=[task, task], input=numbers)).results]
metadata = ask.GetModelMetadata(s.GetModelMetadataRequest(model_spec=s.ModelSpec(name="loan"), metadata_field=["signature_def"])).metadata["signature_def"]
signatures = s.SignatureDefMap()
assert metadata.Unpack(signatures), metadata
default = signatures.signature_def["serving_default"]
out["metadata"] = [sorted(signatures.signature_def), sorted((n, t.dtype, shape(t)) for n, t in default.inputs.items()), default.method_name]
status = models.GetModelStatus(s.GetModelStatusRequest(model_spec=s.ModelSpec(name="loan"))).model_version_status
out["status"] = [(v.state, v.status.error_code, v.status.error_message) for v in status]

errors = {}
for name, call in {
    "model": lambda: predict("nobody", columns), "none": lambda: predict("", columns), "version": lambda: predict("loan", columns, version_label="9"),
    "category": lambda: predict("loan", {**columns, "plan": tensor(tf.DT_STRING, [2], string_val=[b"por", b"pro"])}),
    "content": lambda: predict("linear", {"X": tensor(tf.DT_FLOAT, [1, 3], tensor_content=b"123")}), "bomb": lambda: predict("linear", {"X": tensor(tf.DT_FLOAT, [10**7, 3], float_val=[1])}),
    "dtype": lambda: predict("linear", {"X": tensor(99, [1, 3])}), "output": lambda: predict("loan", columns, ["nothing"]), "signature": lambda: predict("loan", columns, signature_name="scor"),
    "classify": lambda: ask.Classify(s.ClassificationRequest(model_spec=s.ModelSpec(name="linear"), input=numbers)), "reload": lambda: models.HandleReloadConfigRequest(s.ReloadConfigRequest()),
}.items():
    try:
        call()
        errors[name] = None
    except grpc.RpcError as e:
        errors[name] = [e.code().name, e.details()]
out["errors"] = errors

operator = serving_pb2_grpc.ModelServiceStub(grpc.insecure_channel(sys.argv[2]))
config = s.ModelServerConfig(model_config_list=s.ModelConfigList(config=[s.ModelConfig(name="nobody")]))
reloaded = operator.HandleReloadConfigRequest(s.ReloadConfigRequest(config=config), metadata=[("authorization", f"Bearer {sys.argv[3]}")])
out["reload"] = [reloaded.status.error_code, reloaded.status.error_message]
print(json.dumps(out))
