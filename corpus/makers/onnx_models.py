"""ONNX files as other tools and hands write them, with what ONNX Runtime gives for them.

    python onnx_models.py OUT [NAME ...]    writes OUT/onnx-<name>/{case.json,model.onnx,inputs.json,expected.json}

Needs onnx, onnxruntime, skl2onnx (any versions) and scikit-learn.
"""
import json, os, sys, warnings
import numpy as np
import onnx, onnxruntime as ort
from onnx import TensorProto as T, helper as h, numpy_helper as nh
warnings.filterwarnings("ignore")
r = np.random.RandomState(0)
V = h.make_tensor_value_info
TYPES = {np.dtype("float32"): "FP32", np.dtype("float64"): "FP64", np.dtype("int64"): "INT64", np.dtype("int32"): "INT32", np.dtype("uint8"): "UINT8", np.dtype("bool"): "BOOL",
         np.dtype("float16"): "FP16", np.dtype("int8"): "INT8", np.dtype("int16"): "INT16", np.dtype("uint16"): "UINT16", np.dtype("uint32"): "UINT32", np.dtype("uint64"): "UINT64"}


def f(*shape):
    return r.randn(*shape).astype(np.float32)


def graph(nodes, inputs, outputs, init=(), opset=13, ir=8, ml=None, **kw):
    ops = [h.make_opsetid("", opset)] + ([h.make_opsetid("ai.onnx.ml", ml)] if ml else [])
    m = h.make_model(h.make_graph(nodes, kw.pop("name", "g"), inputs, outputs, list(init), **kw), opset_imports=ops, producer_name="by hand")
    m.ir_version = ir
    return m


def I(name, a):
    return nh.from_array(np.asarray(a), name)


def mlp(opset, ir, listed=False, rows="N"):
    init = [I("w", f(4, 8)), I("b", f(8)), I("w2", f(8, 3)), I("b2", f(3))]
    inputs = [V("x", T.FLOAT, [rows, 4])] + ([V(i.name, T.FLOAT, list(i.dims)) for i in init] if listed else [])
    nodes = [h.make_node("Gemm", ["x", "w", "b"], ["h"]), h.make_node("Relu", ["h"], ["a"]), h.make_node("Gemm", ["a", "w2", "b2"], ["s"]), h.make_node("Softmax", ["s"], ["p"], axis=1)]
    return graph(nodes, inputs, [V("p", T.FLOAT, [rows, 3])], init, opset, ir)


def sk(model, X, y, options=None, types=None, opset=None):
    from skl2onnx import to_onnx
    model.fit(X, y)
    return to_onnx(model, X[:1] if types is None else None, initial_types=types, options=options, target_opset=opset)


def frame_pipeline():
    import pandas as pd
    from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler
    X = pd.DataFrame({"age": r.rand(80) * 60, "visits": r.randint(0, 9, 80), "city": r.choice(["Bern", "Basel"], 80)})
    y = np.where(X.age + 10 * (X.city == "Bern") > 35, "yes", "no")
    p = make_pipeline(ColumnTransformer([("n", StandardScaler(), ["age", "visits"]), ("c", OneHotEncoder(handle_unknown="ignore"), ["city"])]), LogisticRegression())
    m = sk(p, X, y, types=[("age", FloatTensorType([None, 1])), ("visits", Int64TensorType([None, 1])), ("city", StringTensorType([None, 1]))], options={"zipmap": True})
    return m, {"age": X[["age"]].to_numpy(np.float32)[:20], "visits": X[["visits"]].to_numpy(np.int64)[:20], "city": X[["city"]].to_numpy(object)[:20]}


def classifier(kind, zipmap, names, opset=None):
    from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import SVC
    from sklearn.naive_bayes import GaussianNB
    X = f(120, 3)
    y = np.digitize(X[:, 0] + X[:, 1], [-0.5, 0.5])
    y = np.array(["low", "mid", "high"])[y] if names else y + 5
    if kind == "two":
        y = np.where(X[:, 0] > 0, y.max(), y.min())
    m = {"logistic": LogisticRegression(), "two": LogisticRegression(), "forest": RandomForestClassifier(7, max_depth=4), "gb": GradientBoostingClassifier(n_estimators=5), "svc": SVC(probability=True), "nb": GaussianNB()}[kind]
    return sk(m, X, y, options={"zipmap": zipmap}, opset=opset), {"X": f(25, 3)}


def external():
    m = mlp(13, 8)
    for t in m.graph.initializer:
        onnx.external_data_helper.set_external_data(t, "weights/all.bin" if t.name == "w" else "rest.bin")
    return m


TWINS = {}


def old(opset):
    """A network as it was written before operator set 7, and the same by hand in set 7, which ONNX Runtime runs."""
    N = h.make_node
    init = [I("w", f(4, 3, 3, 3)), I("scale", f(4)), I("shift", f(4)), I("mean", f(4)), I("var", np.abs(f(4)) + 0.5), I("bias", f(4)), I("slope", f(4)), I("k", f(64, 5) * 0.1), I("c", f(5)), I("row", f(5)), I("one", f(1))]
    more = [I("shape", np.array([-1, 64], np.int64))]
    extra = [I("bias7", nh.to_array(init[5]).reshape(4, 1, 1)), I("slope7", nh.to_array(init[6]).reshape(4, 1, 1))]
    x, y = V("x", T.FLOAT, ["N", 3, 4, 4]), [V("y", T.FLOAT, ["N", 5]), V("z", T.DOUBLE, ["N", 5])]
    first = opset < 5
    bias = N("Add", ["a", "bias"], ["b"], broadcast=1, axis=1)
    then = [
        N("Conv", ["x", "w"], ["v"], kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
        N("BatchNormalization", ["v", "scale", "shift", "mean", "var"], ["a"], is_test=1, epsilon=1e-3, **({"consumed_inputs": [0, 0, 0, 1, 1]} if first else {})),
        bias, N("PRelu", ["b", "slope"], ["d"]), N("Dropout", ["d"], ["e"], is_test=1, ratio=0.3),
        N("Pad", ["e"], ["g"], mode="constant", value=0.5, **{"paddings" if opset < 2 else "pads": [0, 0, 0, 0, 0, 0, 4, 4]}),
        N("Upsample", ["g"], ["u"], mode="nearest", height_scale=2.0, width_scale=2.0), N("MaxPool", ["u"], ["m"], kernel_shape=[4, 4], strides=[4, 4]),
        N("Concat", ["m", "m"], ["mm"], **({} if opset < 4 else {"axis": 1})), N("Split", ["mm"], ["m1", "m2"], axis=1, split=[4, 4]),
        N("Reshape", ["m1"], ["r"], shape=[-1, 64]) if first else N("Reshape", ["m1", "shape"], ["r"]),
        N("Gemm", ["r", "k", "c"], ["q"], broadcast=1), N("Mul", ["q", "row"], ["p"], broadcast=1), N("Sub", ["p", "one"], ["o"], broadcast=1), N("Clip", ["o"], ["l"], min=-5.0, max=5.0),
        N("Softmax", ["l"], ["y"]), N("Cast", ["y"], ["z"], to="DOUBLE" if opset < 6 else T.DOUBLE),
    ]
    now = [
        then[0], N("BatchNormalization", ["v", "scale", "shift", "mean", "var"], ["a"], epsilon=1e-3), N("Add", ["a", "bias7"], ["b"]), N("PRelu", ["b", "slope7"], ["d"]),
        N("Pad", ["d"], ["g"], mode="constant", value=0.5, pads=[0, 0, 0, 0, 0, 0, 4, 4]), N("Upsample", ["g"], ["u"], mode="nearest", scales=[1.0, 1.0, 2.0, 2.0]), N("MaxPool", ["u"], ["m"], kernel_shape=[4, 4], strides=[4, 4]),
        N("Reshape", ["m", "shape"], ["r"]), N("Gemm", ["r", "k", "c"], ["q"]), N("Mul", ["q", "row"], ["p"]), N("Sub", ["p", "one"], ["o"]), N("Clip", ["o"], ["l"], min=-5.0, max=5.0),
        N("Softmax", ["l"], ["y"]), N("Cast", ["y"], ["z"], to=T.DOUBLE),
    ]
    TWINS[f"old-opset{opset}"] = graph(now, [x], y, init + more + extra, 7, 4)
    kept = init if first else init + more
    return graph(then, [x] + [V(i.name, i.data_type, list(i.dims)) for i in kept], y, kept, opset, 3)


def cases():
    for opset in (1, 3, 6):
        yield f"old-opset{opset}", old(opset), {"x": f(6, 3, 4, 4)}
    x4 = {"x": f(12, 4)}
    for opset, ir, listed in [(7, 3, True), (9, 4, False), (11, 6, False), (13, 7, True), (17, 8, False), (21, 10, False)]:
        yield "mlp-opset%d" % opset, mlp(opset, ir, listed), x4
    yield "mlp-fixed-one", mlp(13, 8, rows=1), x4
    yield "mlp-unnamed-rows", mlp(13, 8, rows=None), x4
    yield "mlp-external", external(), x4
    for t, a in [("double", np.float64), ("int32", np.int32), ("int64", np.int64), ("uint8", np.uint8), ("int8", np.int8), ("bool", bool), ("float16", np.float16)]:
        tp = h.np_dtype_to_tensor_dtype(np.dtype(a))
        data = (r.rand(6, 2, 3) > 0.5) if a is bool else (r.rand(6, 2, 3) * 100).astype(a)
        yield "type-" + t, graph([h.make_node("Identity", ["x"], ["same"]), h.make_node("Transpose", ["x"], ["turned"], perm=[0, 2, 1])], [V("x", tp, ["N", 2, 3])], [V("same", tp, ["N", 2, 3]), V("turned", tp, ["N", 3, 2])]), {"x": data}
    yield "type-string", graph([h.make_node("Equal", ["x", "k"], ["is"]), h.make_node("Identity", ["x"], ["same"])], [V("x", T.STRING, ["N", 2])], [V("is", T.BOOL, ["N", 2]), V("same", T.STRING, ["N", 2])],
                               [h.make_tensor("k", T.STRING, [1], [b"b"])], opset=19, ir=9), {"x": np.array([["a", "b"], ["", "Zürich"], ["日本", "b"]], object)}
    # Weights of 4 bits (an odd number of them, blocks of rows with zero points, an asymmetric one) and of bfloat16, also inside a branch.
    four = lambda name, t, a: h.make_tensor(name, t, a.shape, a.ravel().tolist())
    low, high = r.randint(-8, 8, (4, 3)), r.randint(0, 16, (6, 5))
    yield "weights-int4", graph([h.make_node("DequantizeLinear", ["w", "ws", "wz"], ["wf"], axis=0, block_size=2), h.make_node("MatMul", ["x", "wf"], ["a"]), h.make_node("DequantizeLinear", ["b", "bs"], ["bf"]), h.make_node("Add", ["a", "bf"], ["y"])],
                                [V("x", T.FLOAT, ["N", 4])], [V("y", T.FLOAT, ["N", 3])], [four("w", T.INT4, low), I("ws", np.abs(f(2, 3)) + 0.1), four("wz", T.INT4, r.randint(-8, 8, (2, 3))), four("b", T.INT4, np.array([-8, 7, 3])), I("bs", np.float32(0.3))], 21, 10), x4
    yield "weights-uint4", graph([h.make_node("DequantizeLinear", ["w", "ws", "wz"], ["wf"], axis=1), h.make_node("MatMul", ["x", "wf"], ["y"])], [V("x", T.FLOAT, ["N", 6])], [V("y", T.FLOAT, ["N", 5])],
                                 [four("w", T.UINT4, high), I("ws", np.abs(f(5)) + 0.1), four("wz", T.UINT4, r.randint(0, 16, 5))], 21, 10), {"x": f(9, 6)}
    halves = [h.make_tensor(k, T.BFLOAT16, a.shape, a.ravel().tolist()) for k, a in (("w", f(4, 3)), ("b", f(3)))]
    branch = lambda op: h.make_graph([h.make_node("Cast", ["b"], ["bf" + op], to=T.FLOAT), h.make_node(op, ["a", "bf" + op], ["made" + op])], "branch", [], [V("made" + op, T.FLOAT, ["N", 3])])
    yield "weights-bfloat16", graph([h.make_node("Cast", ["w"], ["wf"], to=T.FLOAT), h.make_node("MatMul", ["x", "wf"], ["a"]), h.make_node("If", ["yes"], ["y"], then_branch=branch("Add"), else_branch=branch("Sub"))],
                                    [V("x", T.FLOAT, ["N", 4])], [V("y", T.FLOAT, ["N", 3])], [*halves, I("yes", np.array(True))], 21, 10), x4
    yield "two-inputs", graph([h.make_node("MatMul", ["a", "w"], ["aw"]), h.make_node("Add", ["aw", "b"], ["c"]), h.make_node("ReduceSum", ["c", "ax"], ["s"], keepdims=0)], [V("a", T.FLOAT, ["batch", 3]), V("b", T.FLOAT, ["batch", 2])],
                              [V("c", T.FLOAT, ["batch", 2]), V("s", T.FLOAT, ["batch"])], [I("w", f(3, 2)), I("ax", np.array([1]))]), {"a": f(9, 3), "b": f(9, 2)}
    yield "across-rows", graph([h.make_node("Softmax", ["x"], ["p"], axis=0)], [V("x", T.FLOAT, ["N", 3])], [V("p", T.FLOAT, ["N", 3])]), {"x": f(300, 3)}, ["not-row-independent"]
    yield "no-rows", graph([h.make_node("MatMul", ["a", "b"], ["c"]), h.make_node("ReduceSum", ["c"], ["total"], keepdims=0)], [V("a", T.FLOAT, ["m", "k"]), V("b", T.FLOAT, ["k", "n"])], [V("c", T.FLOAT, ["m", "n"]), V("total", T.FLOAT, [])]), {"a": f(4, 3), "b": f(3, 2)}, ["not-row-independent"]
    yield "scalar-input", graph([h.make_node("Mul", ["x", "factor"], ["y"])], [V("x", T.FLOAT, ["N", 3]), V("factor", T.FLOAT, [])], [V("y", T.FLOAT, ["N", 3])]), {"x": f(5, 3), "factor": np.array(2.5, np.float32)}, ["not-row-independent"]
    yield "sequence-length", graph([h.make_node("ReduceMean", ["x"], ["m"], axes=[1], keepdims=0)], [V("x", T.FLOAT, ["N", "length", 2])], [V("m", T.FLOAT, ["N", 2])]), {"x": f(4, 7, 2)}
    yield "head-names", graph([h.make_node("Mul", ["x", "two"], ["t"], name="head/double"), h.make_node("Identity", ["t"], ["y"], name="head/out")], [V("x", T.FLOAT, ["N", 2])], [V("y", T.FLOAT, ["N", 2])], [I("two", np.float32(2))]), {"x": f(5, 2)}
    yield "branch", graph([h.make_node("ReduceMean", ["x"], ["m"], keepdims=0), h.make_node("Greater", ["m", "zero"], ["c"]),
                           h.make_node("If", ["c"], ["y"], then_branch=h.make_graph([h.make_node("Abs", ["x"], ["ya"])], "a", [], [V("ya", T.FLOAT, ["N", 2])]), else_branch=h.make_graph([h.make_node("Neg", ["x"], ["yb"])], "b", [], [V("yb", T.FLOAT, ["N", 2])]))],
                          [V("x", T.FLOAT, ["N", 2])], [V("y", T.FLOAT, ["N", 2])], [I("zero", np.float32(0))]), {"x": f(5, 2)}, ["not-row-independent"]
    try:
        import skl2onnx  # noqa
    except ImportError:
        return
    for kind in ["logistic", "two", "forest", "gb", "svc", "nb"]:
        for zipmap in (True, False, "columns"):
            if zipmap == "columns" and kind not in ("logistic", "two"):
                continue
            yield "sk-%s-%s" % (kind, {True: "zipmap", False: "plain", "columns": "columns"}[zipmap]), *classifier(kind, zipmap, kind in ("logistic", "forest", "svc"))
    yield "sk-forest-old", *classifier("forest", True, False, {"": 11, "ai.onnx.ml": 1})
    yield "sk-frame", *frame_pipeline()
    from sklearn.linear_model import LinearRegression
    X = f(50, 4)
    yield "sk-regression", sk(LinearRegression(), X, X.sum(1)), {"X": f(7, 4)}
    from sklearn.preprocessing import StandardScaler
    yield "sk-scaler", sk(StandardScaler(), X, None), {"X": f(7, 4)}


def run(path, feeds):
    s = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    names = [o.name for o in s.get_outputs()]
    first = s.get_inputs()[0].shape
    rows = [{k: v[i:i + 1] for k, v in feeds.items()} for i in range(len(next(iter(feeds.values()))))] if first and first[0] == 1 else [feeds]
    parts = [s.run(None, row) for row in rows]
    found = {}
    for k, name in enumerate(names):
        v = [p[k] for p in parts]
        if isinstance(v[0], list):
            v = [np.array([list(d.values()) for d in v[0]], np.float32)]
        a = np.concatenate(v) if len(v) > 1 else v[0]
        text = a.dtype.kind in "OUS"
        kind = "label" if "label" in name else "probability" if "prob" in name else "value"
        found[name] = {"kind": kind, "datatype": "BYTES" if text else TYPES[a.dtype], "shape": list(a.shape), "data": [x if text else x.item() for x in a.ravel()]}
    return found


if __name__ == "__main__":
    out, wanted = sys.argv[1], sys.argv[2:]
    for name, model, feeds, *tags in cases():
        if wanted and name not in wanted:
            continue
        folder = os.path.join(out, "onnx-" + name)
        os.makedirs(os.path.join(folder, "weights"), exist_ok=True)
        path = os.path.join(folder, "model.onnx")
        onnx.save(model, path)
        if not os.listdir(os.path.join(folder, "weights")):
            os.rmdir(os.path.join(folder, "weights"))
        if name in TWINS:
            twin = os.path.join(folder, "twin.onnx")
            onnx.save(TWINS[name], twin)
        expected = run(twin if name in TWINS else path, feeds)
        if name in TWINS:
            os.remove(twin)
        tensors = [{"name": k, "datatype": "BYTES" if v.dtype.kind == "O" else TYPES[v.dtype], "shape": list(v.shape), "data": [x if v.dtype.kind == "O" else x.item() for x in v.ravel()]} for k, v in feeds.items()]
        n = next(iter(expected.values()))["shape"]
        for file, value in {"case.json": {"name": "onnx-" + name, "family": "onnx", "environment": "onnx", "model_file": "model.onnx", "expect": "import", "tags": list(tags[0]) if tags else (["fixed-batch-1"] if "fixed-one" in name else []),
                                          "made_by": "corpus/makers/onnx_models.py", "tolerance": {"rtol": 1e-5, "atol": 1e-6}, "input": {"format": "tensors"}},
                            "inputs.json": {"format": "tensors", "tensors": tensors}, "expected.json": {"n": n[0] if n else 1, "required": list(expected), "outputs": expected}}.items():
            with open(os.path.join(folder, file), "w") as fp:
                json.dump(value, fp, ensure_ascii=False)
