"""Loads and unloads with tritonclient. Arguments: host:port, a package's path. Prints what it saw as JSON."""

import json
import sys

import numpy as np
import tritonclient.http as http
from tritonclient.utils import InferenceServerException

client = http.InferenceServerClient(sys.argv[1])


def value(version=""):
    x = http.InferInput("X", [1, 3], "FP64")
    x.set_data_from_numpy(np.ones((1, 3)))
    try:
        return float(client.infer("linear", [x], model_version=version).as_numpy("value")[0])
    except InferenceServerException as e:
        return e.status()


def states():
    return [[m["name"], m["version"], m["state"]] for m in client.get_model_repository_index()]


out = {"start": [value(), states()]}
client.unload_model("linear")
out["unloaded"] = [value(), states(), client.is_model_ready("linear")]
client.load_model("linear", config=json.dumps({"version_policy": {"all": {}}}))
out["all"] = [value(), value("1"), states(), client.is_model_ready("linear", "1")]
with open(sys.argv[2], "rb") as f:
    client.load_model("linear", config="{}", files={"file:7/model.slip": f.read()})
out["file"] = [value(), states()]
client.load_model("linear", config=json.dumps({"version_policy": {"specific": {"versions": [1]}}}))
out["specific"] = [value(), states()]
try:
    client.load_model("nobody")
    out["nobody"] = None
except InferenceServerException as e:
    out["nobody"] = [e.status(), e.message()]
print(json.dumps(out))
