"""Random TensorFlow Lite models, of random Keras models, with what tf.lite.Interpreter() predicts for them.

    python corpus/makers/random_tflite.py OUT FIRST LAST [MODE ...]
    node --conditions=@slipway/source scripts/check-corpus.ts OUT

Modes: float, float16, dynamic, int8, int8io (inputs and outputs in int8 too), int16. LITE=ref asks the reference kernels
instead of what users get, LITE=litert the newest runtime (ai-edge-litert), which the importer follows where they differ.
KINDS="mlp large ..." chooses among the kinds of model.
"""
import json
import os
import pathlib
import sys
import traceback

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import numpy as np
import random_keras as rk
import tensorflow as tf
from random_keras import L, N, OUT, Random, keras, normal, some, tensor, TYPES

MODES = ["float", "float16", "dynamic", "int8", "int8io", "int16", "uint8"]
RESOLVERS = {"ref": tf.lite.experimental.OpResolverType.BUILTIN_REF, "plain": tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES}


def typical(r, kind):
    """What people put on devices."""
    if kind == "mlp":
        x = L.Input((r.int(2, 20),), name="x")
        y = x
        for _ in range(r.int(1, 3)):
            y = L.Dense(r.int(1, 24), activation=r.one("relu", "relu", "tanh", "sigmoid", "relu6", "elu", "gelu", "swish", "softplus", None, "leaky_relu", "hard_sigmoid", "selu", "hard_silu"), use_bias=r.chance(0.8))(y)
            y = r.one(lambda: y, lambda: L.BatchNormalization()(y), lambda: L.Dropout(0.1)(y), lambda: L.LayerNormalization()(y), lambda: L.Add()([y, L.Dense(y.shape[-1])(y)]), lambda: L.LeakyReLU()(y), lambda: L.PReLU()(y),
                      lambda: L.Multiply()([y, L.Dense(y.shape[-1], activation="sigmoid")(y)]), lambda: L.Concatenate()([y, L.Dense(3)(y)]), lambda: L.Subtract()([y, L.Dense(y.shape[-1])(y)]), lambda: L.Maximum()([y, L.Dense(y.shape[-1])(y)]))()
        return x, L.Dense(r.int(1, 5), activation=r.one("softmax", "sigmoid", None))(y)
    if kind == "cnn":
        x = L.Input((r.int(6, 14), r.int(6, 14), r.int(1, 4)), name="x")
        y = x
        for _ in range(r.int(1, 3)):
            same = r.one("same", "valid") if min(y.shape[1:3]) > 4 else "same"
            y = r.one(lambda: L.Conv2D(r.int(1, 9), r.one(1, 3, (3, 2)), strides=r.one(1, 2), padding=same, activation=r.one("relu", "relu6", None, "tanh", "swish", "elu"))(y), lambda: L.DepthwiseConv2D(3, padding=same, strides=r.one(1, 2), depth_multiplier=r.one(1, 2), activation=r.one("relu", None))(y),
                      lambda: L.SeparableConv2D(r.int(2, 6), 3, padding=same, activation="relu")(y), lambda: L.Conv2DTranspose(r.int(1, 4), r.one(2, 3), strides=r.one(1, 2), padding=r.one("same", "valid"))(y), lambda: L.Conv2D(4, 3, dilation_rate=2, padding="same")(y))()
            y = r.one(lambda: y, lambda: L.BatchNormalization()(y), lambda: L.MaxPooling2D(2, padding="same")(y), lambda: L.AveragePooling2D(2, padding="same")(y), lambda: L.Add()([y, L.Conv2D(y.shape[-1], 1)(y)]), lambda: L.Multiply()([y, L.Conv2D(y.shape[-1], 1, activation="sigmoid")(y)]),
                      lambda: L.Concatenate()([y, L.Conv2D(2, 1)(y)]), lambda: L.ReLU(max_value=6)(y), lambda: L.LeakyReLU()(y), lambda: L.UpSampling2D(2)(y), lambda: L.UpSampling2D(2, interpolation="bilinear")(y), lambda: L.ZeroPadding2D(1)(y), lambda: L.PReLU(shared_axes=[1, 2])(y),
                      lambda: L.Multiply()([y, L.Reshape((1, 1, y.shape[-1]))(L.Dense(y.shape[-1], activation="hard_sigmoid")(L.GlobalAveragePooling2D()(y)))]), lambda: L.Activation("hard_silu")(y), lambda: L.Resizing(5, 7)(y), lambda: L.Cropping2D(1)(y) if min(y.shape[1:3]) > 3 else y)()
        y = r.one(L.GlobalAveragePooling2D, L.GlobalMaxPooling2D, L.Flatten)()(y)
        return x, L.Dense(r.int(1, 5), activation=r.one("softmax", "sigmoid", None))(y)
    if kind == "attention":
        x = L.Input((r.int(2, 6), r.int(2, 12)), name="x")
        y = r.one(lambda: L.LayerNormalization()(x), lambda: L.Add()([x, L.MultiHeadAttention(r.int(1, 3), r.int(2, 8))(x, x)]), lambda: L.Dot(axes=r.one(1, 2))([L.Dense(5)(x), L.Dense(5)(x)]))()
        y = r.one(lambda: y, lambda: L.LayerNormalization()(L.Add()([y, L.Dense(y.shape[-1])(L.Dense(9, activation=r.one("relu", "gelu"))(y))])))()
        return x, r.one(lambda: y, lambda: L.Dense(3, activation="softmax")(L.GlobalAveragePooling1D()(y)))()
    if kind == "large":
        # Weights of 1,024 elements and more, which dynamic-range quantization takes.
        what = r.one("dense", "places", "conv", "conv", "depthwise", "separable", "sequence", "rnn", "attention")
        if what in ("conv", "depthwise", "separable"):
            x = L.Input((r.int(4, 9), r.int(4, 9), r.int(64, 130)), name="x")
            same, strides = r.one("same", "valid"), r.one(1, 2)
            return x, {"conv": lambda: L.Conv2D(r.int(20, 40), r.one(1, 2, 3, (1, 3)), strides=strides, padding=same, activation=r.one("relu", None)), "depthwise": lambda: L.DepthwiseConv2D(r.one(3, 4), strides=strides, padding=same, depth_multiplier=2), "separable": lambda: L.SeparableConv2D(r.int(20, 40), 3, padding=same, depth_multiplier=2)}[what]()(x)
        x = L.Input((r.int(30, 200),) if what == "dense" else (r.int(3, 6), r.int(24, 60)), batch_size=1 if what == "rnn" else None, name="x")
        if what == "dense":
            return x, L.Dense(r.int(5, 40))(L.Dense(r.int(40, 200), activation=r.one("relu", "tanh", None), use_bias=r.chance(0.8))(x))
        return x, {"places": lambda: L.Dense(r.int(48, 90))(x), "sequence": lambda: L.Conv1D(r.int(20, 60), 3, padding=r.one("same", "valid", "causal"))(x), "rnn": lambda: r.one(L.LSTM, L.GRU, L.SimpleRNN)(r.int(24, 64))(x), "attention": lambda: L.MultiHeadAttention(4, 16)(x, x)}[what]()
    t, f = r.int(3, 8), r.int(1, 5)
    if kind == "rnn":
        x = L.Input((t, f), batch_size=1, name="x")
        y = x
        for last in [False] * r.int(0, 1) + [True]:
            cell = r.one(L.LSTM, L.GRU, L.SimpleRNN, L.LSTM)(r.int(1, 8), return_sequences=not last, **some(r, use_bias=False))
            y = (L.Bidirectional(cell) if r.chance(0.3) else cell)(y)
        return x, L.Dense(r.int(1, 4), activation=r.one("softmax", "sigmoid", None))(y)
    x = L.Input((t,), name="x", dtype=r.one("int32", "float32"))
    y = L.Embedding(12, r.int(2, 6))(x)
    y = r.one(lambda: L.Flatten()(y), lambda: L.GlobalAveragePooling1D()(y), lambda: L.GlobalMaxPooling1D()(L.Conv1D(5, 3, activation="relu", padding="same")(y)), lambda: L.Flatten()(L.LayerNormalization()(L.Add()([y, L.MultiHeadAttention(2, 3)(y, y)]))), lambda: L.LSTM(4)(y))()
    return x, L.Dense(r.int(1, 4), activation=r.one("softmax", "sigmoid", None))(y)


def convert(model, mode, feeds, r):
    conv = tf.lite.TFLiteConverter.from_keras_model(model)
    if mode == "float":
        return conv.convert()
    conv.optimizations = [tf.lite.Optimize.DEFAULT]
    if mode == "float16":
        conv.target_spec.supported_types = [tf.float16]
    elif mode != "dynamic":
        conv.representative_dataset = lambda: ([feeds[k:k + 1]] for k in range(len(feeds)))
        conv.target_spec.supported_ops = [tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8] if mode == "int16" else [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        if mode == "uint8":
            conv.inference_input_type = conv.inference_output_type = tf.int8
            conv._experimental_disable_per_channel = True
            conv._experimental_disable_per_channel_quantization_for_dense_layers = True
            return raised(conv.convert(), r)
        if mode == "int8io":
            conv.inference_input_type = conv.inference_output_type = r.one(tf.int8, tf.int8, tf.uint8)
        if r.chance(0.2):
            conv._experimental_disable_per_channel = True
    return conv.convert()


def raised(content, r):
    """The old form, as converters wrote it before int8: the same numbers as uint8, weights with zero points of their own."""
    from tensorflow.lite.python import schema_py_generated as schema
    from tensorflow.lite.tools import flatbuffer_utils
    model = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
    done = set()
    for graph in model.subgraphs:
        for t in graph.tensors:
            q = t.quantization
            if t.type != schema.TensorType.INT8 or q is None or q.scale is None or len(q.scale) != 1:
                continue
            t.type = schema.TensorType.UINT8
            data = model.buffers[t.buffer].data
            q.zeroPoint = [int(q.zeroPoint[0]) + 128 + (int(r.int(-9, 9)) if data is not None else 0)]
            if data is not None and t.buffer not in done:
                model.buffers[t.buffer].data = np.asarray(data, np.uint8) ^ 128
                done.add(t.buffer)
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))


def interpreter(content):
    asked = os.environ.get("LITE")
    if asked == "litert":
        from ai_edge_litert.interpreter import Interpreter
        return Interpreter(model_content=content, num_threads=1)
    return tf.lite.Interpreter(model_content=content, num_threads=1, **({"experimental_op_resolver_type": RESOLVERS[asked]} if asked else {}))


def build(seed, modes):
    r = Random(seed)
    keras.utils.set_random_seed(seed)
    mode = r.one(*modes)
    kind = r.one(*os.environ.get("KINDS", "mlp cnn cnn rnn text random attention large").split())
    if kind == "random":
        xs, y, feeds = rk.make_floats(r, r.one(2, 3, 4))
        x, data = xs[0], next(iter(feeds.values()))
    else:
        x, y = typical(r, kind)
        data = r.r.randint(0, 12, (N, *x.shape[1:])).astype(getattr(x.dtype, "name", x.dtype)) if kind == "text" else normal(r, N, *x.shape[1:])
    model = keras.Model(x, y)
    rk.shake(model, seed)
    calibrate = np.concatenate([data, r.r.randint(0, 12, (20, *data.shape[1:])).astype(data.dtype) if kind == "text" else normal(r, 20, *data.shape[1:])])
    content = convert(model, mode, calibrate, r)
    it = interpreter(content)
    it.allocate_tensors()
    (d,) = it.get_input_details()
    if d["dtype"] != data.dtype:
        s, z = d["quantization"]
        info = np.iinfo(d["dtype"])
        data = np.clip(np.round(data / s + z), info.min, info.max).astype(d["dtype"])
    outs = {}
    for k in range(N):
        it.reset_all_variables()
        it.set_tensor(d["index"], data[k:k + 1])
        it.invoke()
        for o in it.get_output_details():
            outs.setdefault(o["name"], []).append(it.get_tensor(o["index"]).copy())
    outs = {k: np.concatenate(v) for k, v in outs.items()}
    folder = OUT / ("%05d-%s-%s" % (seed, mode, kind))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.tflite").write_bytes(content)
    names = [o["op_name"] for o in it._get_ops_details()]
    (folder / "layers.txt").write_text(" ".join(names) + "\n" + "\n".join("%s %s" % (type(l).__name__, json.dumps(l.get_config(), default=str)[:300]) for l in model.layers))
    (folder / "inputs.json").write_text(json.dumps({"format": "tensors", "tensors": [tensor(d["name"], data)]}))
    scales = {o["name"]: o["quantization"][0] for o in it.get_output_details()}
    expected = {k: {"kind": "value", "datatype": TYPES[str(v.dtype)], "shape": list(v.shape), "data": tensor(k, v)["data"]} for k, v in outs.items()}
    (folder / "expected.json").write_text(json.dumps({"n": N, "required": list(expected), "outputs": expected}))
    whole = mode not in ("float", "float16")
    (folder / "case.json").write_text(json.dumps({"name": folder.name, "family": "keras-tflite", "environment": "tf %s: %s" % (tf.__version__, " ".join(names)), "expect": "import", "model_file": "model.tflite", "producer": {}, "n_rows": N, "n_bad_rows": 0,
                                                  "tolerance": {"rtol": 1e-5 if whole else 1e-4, "atol": 1e-6 if whole else 1e-5}}))


def main():
    modes = sys.argv[4:] or MODES
    for seed in range(int(sys.argv[2]), int(sys.argv[3])):
        child = os.fork()
        if child == 0:
            try:
                build(seed, modes)
            except Exception as error:
                if os.environ.get("SHOW"):
                    traceback.print_exc()
                print(seed, "is not made:", type(error).__name__, str(error)[:150].replace("\n", " "))
            sys.stdout.flush()
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status != 0:
            print(seed, "ended the process:", status, flush=True)


if __name__ == "__main__":
    main()
