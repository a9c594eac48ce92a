"""Asks a running server with tritonclient[grpc] as its users do. Usage: ask_with_tritonclient.py HOST:PORT; prints one JSON line."""
import json
import queue
import sys

import numpy as np
import tritonclient.grpc as grpc
from tritonclient.utils import InferenceServerException

client = grpc.InferenceServerClient(sys.argv[1])
out = {}
out["live"], out["ready"] = client.is_server_live(), client.is_server_ready()
out["model_ready"], out["unknown_ready"] = client.is_model_ready("loan"), client.is_model_ready("nobody")
out["server"] = client.get_server_metadata().name
out["inputs"] = [(i.name, i.datatype, list(i.shape)) for i in client.get_model_metadata("loan", "1.2.0").inputs]
config = client.get_model_config("linear").config
out["config"] = [config.name, config.max_batch_size, [(i.name, i.data_type, list(i.dims)) for i in config.input]]
out["index"] = [(m.name, m.state) for m in client.get_model_repository_index().models]
out["shared_memory"] = [len(client.get_system_shared_memory_status().regions), len(client.get_cuda_shared_memory_status().regions)]
out["log"] = client.get_log_settings(as_json=True)["settings"]["log_error"]
out["trace"] = client.get_trace_settings(as_json=True)["settings"]["trace_level"]


def tensor(name, values, datatype, shape=None):
    dtype = {"FP64": np.float64, "FP32": np.float32, "INT32": np.int32, "BOOL": bool, "BYTES": object}[datatype]
    array = np.array(values, dtype=dtype).reshape(shape or (-1, 1))
    made = grpc.InferInput(name, list(array.shape), datatype)
    made.set_data_from_numpy(array)
    return made


def loan(age_type="FP64", **options):
    inputs = [tensor("age", [45, 10], age_type), tensor("plan", ["pro", "basic"], "BYTES"), tensor("member", [False, True], "BOOL")]
    outputs = [grpc.InferRequestedOutput(n) for n in ("score", "probabilities", "label")]
    answer = client.infer("loan", inputs, outputs=outputs, request_id="r-7", **options)
    assert answer.get_response().id == "r-7", answer.get_response()
    return [answer.as_numpy("score").tolist(), answer.as_numpy("probabilities").shape, [v.decode() for v in answer.as_numpy("label").tolist()]]


out["plain"], out["float32"], out["int32"] = loan(), loan("FP32"), loan("INT32")
out["gzip"] = loan(compression_algorithm="gzip")
out["parameters"] = loan(priority=3, timeout=10_000_000, client_timeout=10, parameters={"a": 1, "c": "x", "d": True}, headers={"x-request-id": "mine"})
classes = client.infer("loan", [tensor("age", [45], "FP64"), tensor("plan", ["pro"], "BYTES"), tensor("member", [True], "BOOL")], outputs=[grpc.InferRequestedOutput("probabilities", class_count=2)])
out["classes"] = [t.decode().split(":")[1:] for t in classes.as_numpy("probabilities")[0]]
matrix = tensor("X", [[1.0, 1, 1], [1, 2, 3]], "FP64", (2, 3))
out["matrix"] = client.infer("linear", [matrix]).as_numpy("value").tolist()
out["text"] = client.infer("tickets", [tensor("text", ["Café".encode(), b"tea"], "BYTES")]).as_numpy("label").tolist()
big = tensor("X", np.ones((300_000, 3)), "FP64", (300_000, 3))
out["big"] = [float(client.infer("linear", [big]).as_numpy("value").sum())]

answers = queue.Queue()
pending = [client.async_infer("linear", [matrix], callback=lambda result, error: answers.put(error or result.as_numpy("value").tolist())) for _ in range(20)]
out["async"] = all(answers.get(timeout=20) == [6, 14] for _ in pending)
client.start_stream(callback=lambda result, error: answers.put(str(error) if error else (result.get_response().id, result.as_numpy("value").tolist())))
for i in range(20):
    client.async_stream_infer("linear" if i != 7 else "nobody", [matrix], request_id=str(i))
streamed = [answers.get(timeout=20) for _ in range(20)]
client.stop_stream()
out["stream"] = [s[0] if isinstance(s, tuple) else "error" for s in streamed]

errors = {}
for name, ask in {
    "model": lambda: client.infer("nobody", [matrix]),
    "version": lambda: client.infer("linear", [matrix], model_version="9"),
    "output": lambda: client.infer("linear", [matrix], outputs=[grpc.InferRequestedOutput("nothing")]),
    "category": lambda: client.infer("loan", [tensor("age", [1], "FP64"), tensor("plan", ["por"], "BYTES"), tensor("member", [True], "BOOL")]),
    "late": lambda: client.infer("linear", [big], client_timeout=0.0005),
    "region": lambda: client.register_system_shared_memory("r", "/r", 10),
    "load": lambda: client.load_model("linear"),
}.items():
    try:
        ask()
        errors[name] = None
    except InferenceServerException as e:
        errors[name] = [e.status(), e.message()]
out["errors"] = errors
stats = client.get_inference_statistics("linear").model_stats[0]
out["stats"] = [stats.inference_count >= 4, stats.inference_stats.success.ns > 0]
print(json.dumps(out))
