"""Asks a running server for every case below a folder with tritonclient[http], as NumPy users do, and compares.

    ask_with_tritonclient.py HOST:PORT CASES_FOLDER [NAME ...]

Prints one JSON object: case -> "exact" or what differs. Missing texts go as JSON, since bytes cannot say missing.
"""
import json, math, os, sys
import numpy as np
import tritonclient.http as http

NUMPY = {"FP64": np.float64, "FP32": np.float32, "INT64": np.int64, "INT32": np.int32, "BOOL": np.bool_}
OUTPUTS = {"predict": ("label", "value", "probability", "probabilities"), "predict_proba": ("probabilities",), "decision_function": ("score",), "score_samples": ("score_samples",), "transform": ("transformed",)}


def number(v):
    return math.nan if v is None else float(v)


def column(meta, values):
    shape = [len(values), 1]
    tensor = http.InferInput(meta["name"], shape, meta["datatype"])
    if meta["datatype"] == "BYTES":
        if any(v is None for v in values):
            tensor._data, tensor._raw_data = list(values), None  # JSON null: the client's own encoder has no missing text
            return tensor
        tensor.set_data_from_numpy(np.array([str(v).encode() for v in values], dtype=object).reshape(shape), binary_data=True)
    else:
        array = np.array([number(v) for v in values]).reshape(shape)
        tensor.set_data_from_numpy(array.astype(NUMPY[meta["datatype"]]), binary_data=True)
    return tensor


def inputs_of(metadata, data):
    metas = metadata["inputs"]
    if "records" in data:
        return [column(m, [row.get(m["name"]) for row in data["records"]]) for m in metas]
    if "texts" in data:
        return [column(metas[0], data["texts"])]
    rows = np.array([[number(v) for v in row] for row in data["rows"]])
    if len(metas) > 1:
        return [column(m, list(rows[:, j])) for j, m in enumerate(metas)]
    tensor = http.InferInput(metas[0]["name"], list(rows.shape), metas[0]["datatype"])
    tensor.set_data_from_numpy(rows.astype(NUMPY[metas[0]["datatype"]]), binary_data=True)
    return [tensor]


def text(v):
    return v.decode() if isinstance(v, bytes) else str(v)


def difference(answer, name, expected, tolerance, available):
    found = [n for n in (name, *OUTPUTS.get(name, ())) if n in available]
    if not found:
        return f"no output for {name}"
    got = answer.as_numpy(found[0]).ravel()
    want = expected["data"]
    if len(got) != len(want):
        return f"{name}: {len(got)} values instead of {len(want)}"
    for i, (a, b) in enumerate(zip(got.tolist(), want)):
        if expected["kind"] == "label" or expected["datatype"] in ("BYTES", "BOOL"):
            a = None if text(a) == "\uffff" else a
            if text(a) != text(b) and not (isinstance(b, (int, float)) and float(a) == float(b)):
                return f"{name}[{i}]: {text(a)} instead of {text(b)}"
        else:
            b = number(b)
            if not (abs(a - b) <= tolerance["atol"] + tolerance["rtol"] * abs(b) or a == b or (math.isnan(a) and math.isnan(b))):
                return f"{name}[{i}]: {a} instead of {b}"
    return None


client = http.InferenceServerClient(sys.argv[1], network_timeout=120, connection_timeout=120)
verdicts = {}
for case in sys.argv[3:]:
    folder = os.path.join(sys.argv[2], case)
    load = lambda f: json.load(open(os.path.join(folder, f), encoding="utf-8"))
    metadata = client.get_model_metadata(case)
    available = [o["name"] for o in metadata["outputs"]]
    expected = load("expected.json")
    answer = client.infer(case, inputs_of(metadata, load("inputs.json")), outputs=[http.InferRequestedOutput(n, binary_data=True) for n in available])
    tolerance = load("case.json").get("tolerance", {"rtol": 1e-9, "atol": 1e-12})
    wrong = [d for d in (difference(answer, n, e, tolerance, available) for n, e in expected["outputs"].items()) if d]
    verdicts[case] = "; ".join(wrong) or "exact"
print(json.dumps(verdicts))
