"""Asks a running server with tritonclient[http] as its users do. Usage: ask_with_tritonclient.py HOST:PORT; prints one JSON line."""
import json
import sys

import numpy as np
import tritonclient.http as http
from tritonclient.utils import InferenceServerException

client = http.InferenceServerClient(sys.argv[1])
out = {}
out["live"], out["ready"], out["model_ready"] = client.is_server_live(), client.is_server_ready(), client.is_model_ready("loan")
out["unknown_ready"] = client.is_model_ready("nobody")
out["server"] = client.get_server_metadata()["name"]
out["inputs"] = [(i["name"], i["datatype"], i["shape"]) for i in client.get_model_metadata("loan", "1.2.0")["inputs"]]
out["index"] = client.get_model_repository_index()
out["config"] = client.get_model_config("linear")["max_batch_size"]


def column(name, values, datatype, binary):
    array = np.array(values, dtype={"FP64": np.float64, "FP32": np.float32, "INT32": np.int32, "BOOL": bool, "BYTES": object}[datatype]).reshape(-1, 1)
    tensor = http.InferInput(name, list(array.shape), datatype)
    tensor.set_data_from_numpy(array, binary_data=binary)
    return tensor


def loan(binary, age_type="FP64"):
    inputs = [column("age", [45, 10], age_type, binary), column("plan", ["pro", "basic"], "BYTES", binary), column("member", [False, True], "BOOL", binary)]
    outputs = None if binary is None else [http.InferRequestedOutput(n, binary_data=binary) for n in ("score", "probabilities", "label")]
    answer = client.infer("loan", inputs, outputs=outputs, request_id="r-7")
    assert answer.get_response()["id"] == "r-7", answer.get_response()
    return [answer.as_numpy("score").tolist(), answer.as_numpy("probabilities").shape, [v.decode() if isinstance(v, bytes) else v for v in answer.as_numpy("label").tolist()]]


out["binary"] = loan(True)
out["json"] = loan(False)
out["float32"] = loan(True, "FP32")
out["int32"] = loan(False, "INT32")
# tritonclient's own default: binary inputs, and every output as binary data.
inputs = [column("age", [float("nan")], "FP64", True), column("plan", ["pro"], "BYTES", True), column("member", [True], "BOOL", True)]
out["nan"] = str(client.infer("loan", inputs).as_numpy("score").tolist())
inputs[0].set_data_from_numpy(np.array([[np.nan]]), binary_data=False)
out["nan_json"] = str(client.infer("loan", inputs, outputs=[http.InferRequestedOutput("score", binary_data=False)]).as_numpy("score").tolist())
matrix = http.InferInput("X", [2, 3], "FP64")
matrix.set_data_from_numpy(np.array([[1.0, 1, 1], [1, 2, 3]]))
out["matrix"] = client.infer("linear", [matrix], request_compression_algorithm="gzip", response_compression_algorithm=None).as_numpy("value").tolist()
text = http.InferInput("text", [2, 1], "BYTES")
text.set_data_from_numpy(np.array([["Café".encode()], [b"tea"]], dtype=object))
out["text"] = client.infer("tickets", [text]).as_numpy("label").tolist()
empty = http.InferInput("X", [0, 3], "FP64")
empty.set_data_from_numpy(np.zeros((0, 3)))
out["empty"] = client.infer("linear", [empty]).as_numpy("value").tolist()
out["many"] = client.async_infer("linear", [matrix]).get_result().as_numpy("value").tolist()
errors = {}
for name, ask in {
    "model": lambda: client.infer("nobody", [matrix]),
    "version": lambda: client.infer("linear", [matrix], model_version="9"),
    "output": lambda: client.infer("linear", [matrix], outputs=[http.InferRequestedOutput("nothing")]),
    "category": lambda: client.infer("loan", [column("age", [1], "FP64", True), column("plan", ["por"], "BYTES", True), column("member", [True], "BOOL", True)]),
}.items():
    try:
        ask()
        errors[name] = None
    except InferenceServerException as e:
        errors[name] = [e.status(), e.message()]
out["errors"] = errors
stats = client.get_inference_statistics("linear")["model_stats"][0]
out["stats"] = [stats["inference_count"] >= 4, stats["inference_stats"]["success"]["ns"] > 0, stats["inference_stats"]["fail"]["count"]]
print(json.dumps(out))
