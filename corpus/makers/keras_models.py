"""Small Keras and TensorFlow Lite models with what TensorFlow predicts for them.

    python corpus/makers/keras_models.py OUT [NAME ...]     (tensorflow-cpu 2.21, keras 3.15)
    TF_USE_LEGACY_KERAS=1 python corpus/makers/keras_models.py OUT keras-nested-shared ...     (tf-keras 2.21: Keras 2)

Weights are random, so that biases, moving statistics and slopes matter. Each model is small; fixtures stay below 30 KB.
"""
import json
import os
import pathlib
import sys
import zipfile

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import numpy as np
import tensorflow as tf

LEGACY = bool(os.environ.get("TF_USE_LEGACY_KERAS"))
if LEGACY:
    import tf_keras as keras
else:
    import keras
L = keras.layers

OUT = pathlib.Path(sys.argv[1])
ONLY = set(sys.argv[2:])
MAKERS = {}
TYPES = {"float32": "FP32", "float64": "FP64", "int32": "INT32", "int64": "INT64", "int8": "INT8", "uint8": "UINT8", "bool": "BOOL", "object": "BYTES"}


def case(fn):
    MAKERS[fn.__name__.replace("_", "-")] = fn
    return fn


def rand(*shape, seed=1):
    return np.random.RandomState(seed).normal(0, 1, shape).astype("float32")


def ints(high, *shape, low=0, seed=1):
    return np.random.RandomState(seed).randint(low, high, shape).astype("int32")


def shake(model, seed=0):
    """Random weights instead of zeros and ones; variances stay positive."""
    r = np.random.RandomState(seed)
    for w in model.weights:
        path = getattr(w, "path", w.name)
        if "float" not in str(w.dtype) or "seed" in path:
            continue
        v = r.normal(0, 0.4, w.shape).astype("float32")
        w.assign(np.abs(v) + 0.5 if "variance" in path or "gamma" in path else v)
    return model


def tensor(name, x):
    data = [str(v) for v in x.ravel()] if x.dtype == object else plain(x)
    return {"name": name, "datatype": TYPES[str(x.dtype)], "shape": list(x.shape), "data": data}


def plain(v):
    """float32 in as few digits as it needs."""
    v = np.asarray(v).ravel()
    return [None if np.isnan(x) else float(str(x)) for x in v] if v.dtype == np.float32 else v.tolist()


def write(name, file, save, feeds, outputs, family="keras", atol=1e-5, rtol=1e-4):
    name = name.replace("keras-", "keras2-") if LEGACY else name
    folder = OUT / name
    folder.mkdir(parents=True, exist_ok=True)
    save(str(folder / file))
    n = len(next(iter(feeds.values())))
    (folder / "inputs.json").write_text(json.dumps({"format": "tensors", "tensors": [tensor(k, v) for k, v in feeds.items()]}))
    out = {}
    for k, v in outputs.items():
        v = np.asarray(v)
        data = [x.decode() for x in v.ravel()] if v.dtype == object else plain(v)
        out[k] = {"kind": "value", "datatype": TYPES[str(v.dtype)], "shape": list(v.shape), "data": data}
    (folder / "expected.json").write_text(json.dumps({"n": n, "required": list(out), "outputs": out}))
    (folder / "case.json").write_text(json.dumps({
        "name": name, "family": family, "environment": "tf", "expect": "import", "model_file": file,
        "producer": {"keras": keras.__version__, "tensorflow-cpu": tf.__version__},
        "input": {"format": "tensors", "tensors": [{"name": k, "datatype": TYPES[str(v.dtype)], "shape": ["N", *v.shape[1:]]} for k, v in feeds.items()]},
        "n_rows": n, "n_bad_rows": 0, "tolerance": {"rtol": rtol, "atol": atol},
    }, indent=1))


def run(model, feeds):
    given = {k: tf.constant(v.tolist() if v.dtype == object else v) for k, v in feeds.items()}
    made = model(given if len(given) > 1 else next(iter(given.values())), training=False)
    if isinstance(made, dict):
        return {k: v.numpy() for k, v in made.items()}
    names = getattr(model, "output_names", None)
    made = made if isinstance(made, (list, tuple)) else [made]
    names = names if names and len(names) == len(made) else ["output_%d" % i for i in range(len(made))]
    return {k: v.numpy() for k, v in zip(names, made)}


def save_small(model, path):
    """Keras stores its entries; deflated ones are as good."""
    model.save(path)
    with zipfile.ZipFile(path) as z:
        entries = [(n, z.read(n)) for n in z.namelist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as z:
        for n, content in entries:
            z.writestr(n, content)


def keras_case(name, model, feeds, h5=False, random=True, atol=1e-5):
    if random:
        shake(model)
    outputs = run(model, feeds)
    write(name, "model.keras", lambda path: save_small(model, path), feeds, outputs, atol=atol)
    if h5:
        write(name + "-h5", "model.h5", model.save, feeds, outputs, atol=atol)


def simple(name, shape, stack, x=None, h5=False, atol=1e-5, dtype="float32"):
    """A Functional model of one input through some layers."""
    i = L.Input(shape, name="x", dtype=dtype)
    y = i
    for layer in stack:
        y = layer(y)
    keras_case(name, keras.Model(i, y), {"x": rand(6, *shape) if x is None else x}, h5, atol=atol)


ACTIVATIONS = ["relu", "relu6", "sigmoid", "tanh", "softmax", "log_softmax", "softplus", "softsign", "selu", "elu", "exponential", "leaky_relu", "silu", "mish", "gelu", "celu",
               "hard_silu", "hard_sigmoid", "hard_tanh", "hard_shrink", "soft_shrink", "tanh_shrink", "log_sigmoid", "squareplus", "linear"]


@case
def keras_activations():
    i = L.Input((7,), name="x")
    ys = {}
    for a in ACTIVATIONS:
        try:
            ys[a] = L.Activation(a)(i)
        except ValueError:
            print("no", a)
    ys["dense"] = L.Dense(3, activation="tanh")(i)
    keras_case("keras-activations", keras.Model(i, ys), {"x": rand(5, 7) * 2})


@case
def keras_activation_layers():
    i = L.Input((4, 5), name="x")
    ys = {"relu": L.ReLU(max_value=1.2, negative_slope=0.1, threshold=0.3)(i), "relu2": L.ReLU(negative_slope=0.2)(i), "leaky": L.LeakyReLU(negative_slope=0.15)(i), "elu": L.ELU(alpha=0.7)(i),
          "prelu": L.PReLU()(i), "prelu_shared": L.PReLU(shared_axes=[1])(i), "softmax": L.Softmax(axis=1)(i), "noise": L.GaussianNoise(1.0)(L.Dropout(0.5)(i))}
    keras_case("keras-activation-layers", keras.Model(i, ys), {"x": rand(5, 4, 5)}, h5=True)


@case
def keras_int8():
    """quantize("int8") after the weights are shaken; inputs of many sizes, a row of zeros, sums of more than 1040 products."""
    i = L.Input((6,), name="x")
    j = L.Input((4,), name="ids", dtype="int32")
    e = L.Embedding(10, 8)(j)
    ys = {"mlp": L.Dense(3, activation="softmax")(L.Dense(8, activation="relu")(i)), "plain": L.Dense(2, use_bias=False)(i), "wide": L.Dense(2)(L.Concatenate()([i] * 200)),
          "einsum": L.EinsumDense("abc,cd->abd", output_shape=(4, 5), bias_axes="d")(e), "across": L.EinsumDense("abc,bcde->adeb", output_shape=(2, 3, 4))(e), "steps": L.Dense(3, activation="tanh")(e)}
    m = keras.Model([i, j], ys)
    shake(m)
    m.quantize("int8")
    x = rand(7, 6) * np.float32([[0.01], [1], [100], [1], [3], [0], [1]])
    keras_case("keras-int8", m, {"x": x, "ids": ints(10, 7, 4).astype("int32")}, random=False)


def refused(name, model, code="unsupported-option"):
    folder = OUT / name
    folder.mkdir(parents=True, exist_ok=True)
    save_small(model, str(folder / "model.keras"))
    (folder / "case.json").write_text(json.dumps({"name": name, "family": "keras", "environment": "tf", "expect": "refuse", "model_file": "model.keras", "refusal": {"slipway_code": code},
                                                  "producer": {"keras": keras.__version__, "tensorflow-cpu": tf.__version__}}, indent=1))


@case
def keras_refused_int4():
    m = keras.Sequential([keras.Input((6,)), L.Dense(4)])
    m.quantize("int4")
    refused("keras-refused-int4", m)


@case
def keras_refused_half():
    refused("keras-refused-half", keras.Sequential([keras.Input((6,)), L.Dense(4, dtype="mixed_float16")]))


@case
def keras_refused_int8_half():
    m = keras.Sequential([keras.Input((6,)), L.Dense(4, dtype="mixed_bfloat16")])
    m.quantize("int8")
    refused("keras-refused-int8-half", m)


@case
def keras_refused_int8_attention():
    i = L.Input((5, 8))
    m = keras.Model(i, L.MultiHeadAttention(2, 4)(i, i))
    m.quantize("int8")
    refused("keras-refused-int8-attention", m)


@case
def keras_shapes():
    i = L.Input((4, 6, 2), name="x")
    s = L.Input((5, 3), name="s")
    ys = {"flat": L.Flatten()(i), "reshape": L.Reshape((6, -1))(i), "permute": L.Permute((3, 1, 2))(i), "repeat": L.RepeatVector(3)(L.Flatten()(s)), "pad": L.ZeroPadding2D(((1, 2), (0, 3)))(i),
          "crop": L.Cropping2D(((1, 0), (2, 1)))(i), "up": L.UpSampling2D((2, 3))(i), "upb": L.UpSampling2D(2, interpolation="bilinear")(i), "pad1": L.ZeroPadding1D(2)(s), "crop1": L.Cropping1D((1, 1))(s),
          "up1": L.UpSampling1D(2)(s), "pad1b": L.ZeroPadding1D((0, 2))(s)}
    keras_case("keras-shapes", keras.Model([i, s], ys), {"x": rand(2, 4, 6, 2), "s": rand(2, 5, 3)})


@case
def keras_convolutions():
    i = L.Input((6, 5, 4), name="x")
    ys = {"same": L.Conv2D(3, 3, strides=2, padding="same", activation="relu")(i), "valid": L.Conv2D(4, (2, 3), dilation_rate=2, use_bias=False)(i), "group": L.Conv2D(6, 3, groups=2)(i),
          "depth": L.DepthwiseConv2D(3, depth_multiplier=2, padding="same")(i), "sep": L.SeparableConv2D(5, 3, strides=(2, 2), padding="same", depth_multiplier=2)(i),
          "tr": L.Conv2DTranspose(3, 3, strides=2, padding="same")(i), "tr2": L.Conv2DTranspose(3, (2, 4), strides=(3, 2), padding="valid")(i), "tr3": L.Conv2DTranspose(2, 2, strides=3, padding="same")(i)}
    keras_case("keras-convolutions", keras.Model(i, ys), {"x": rand(2, 6, 5, 4)})


@case
def keras_convolutions_1d_3d():
    i = L.Input((10, 3), name="x")
    v = L.Input((3, 4, 2, 2), name="v")
    ys = {"causal": L.Conv1D(4, 3, padding="causal", dilation_rate=2)(i), "same": L.Conv1D(4, 4, strides=3, padding="same")(i), "depth": L.DepthwiseConv1D(3)(i), "sep": L.SeparableConv1D(4, 3)(i),
          "tr": L.Conv1DTranspose(2, 3, strides=2)(i), "c3": L.Conv3D(3, 2, padding="same", strides=2)(v), "t3": L.Conv3DTranspose(2, 2, strides=2)(v)}
    keras_case("keras-convolutions-1d-3d", keras.Model([i, v], ys), {"x": rand(2, 10, 3), "v": rand(2, 3, 4, 2, 2)})


@case
def keras_pooling():
    i = L.Input((7, 8, 3), name="x")
    s = L.Input((9, 2), name="s")
    ys = {"max": L.MaxPooling2D(2)(i), "maxs": L.MaxPooling2D((3, 2), strides=2, padding="same")(i), "avg": L.AveragePooling2D(3, strides=2, padding="same")(i), "avgv": L.AveragePooling2D(2)(i),
          "gmax": L.GlobalMaxPooling2D()(i), "gavg": L.GlobalAveragePooling2D(keepdims=True)(i), "max1": L.MaxPooling1D(2)(s), "avg1": L.AveragePooling1D(3, padding="same")(s), "g1": L.GlobalAveragePooling1D()(s)}
    keras_case("keras-pooling", keras.Model([i, s], ys), {"x": rand(2, 7, 8, 3), "s": rand(2, 9, 2)})


@case
def keras_normalizations():
    i = L.Input((3, 2, 6), name="x")
    ys = {"bn": L.BatchNormalization()(i), "bn1": L.BatchNormalization(axis=1, center=False)(i), "bn2": L.BatchNormalization(scale=False)(i), "ln": L.LayerNormalization()(i), "ln2": L.LayerNormalization(axis=[1, 3], scale=False)(i),
          "gn": L.GroupNormalization(3)(i), "gn1": L.GroupNormalization(-1)(i), "un": L.UnitNormalization()(i), "rms": L.RMSNormalization()(i)}
    keras_case("keras-normalizations", keras.Model(i, ys), {"x": rand(3, 3, 2, 6)})


@case
def keras_merges():
    a, b, d = L.Input((4, 3), name="a"), L.Input((4, 3), name="b"), L.Input((3,), name="d")
    ys = {"add": L.Add()([a, b, a]), "sub": L.Subtract()([a, b]), "mul": L.Multiply()([a, b]), "avg": L.Average()([a, b]), "max": L.Maximum()([a, b]), "min": L.Minimum()([a, b]), "cat": L.Concatenate()([a, b]),
          "cat1": L.Concatenate(axis=1)([a, b]), "dot": L.Dot(axes=2)([a, b]), "dotn": L.Dot(axes=(1, 1), normalize=True)([a, b]), "dotv": L.Dot(axes=1)([d, d]), "spread": L.Add()([a, d])}
    keras_case("keras-merges", keras.Model([a, b, d], ys), {"a": rand(5, 4, 3), "b": rand(5, 4, 3, seed=2), "d": rand(5, 3)})


@case
def keras_recurrent():
    i = L.Input((6, 4), name="x")
    seq, h, cc = L.LSTM(3, return_sequences=True, return_state=True)(i)
    ys = {"lstm": L.LSTM(5)(i), "seq": seq, "h": h, "c": cc, "back": L.LSTM(2, go_backwards=True, return_sequences=True, activation="relu", recurrent_activation="hard_sigmoid")(i), "gru": L.GRU(4)(i),
          "gru2": L.GRU(3, reset_after=False, return_sequences=True)(i), "gru3": L.GRU(3, use_bias=False)(i), "rnn": L.SimpleRNN(4)(i), "rnn2": L.SimpleRNN(2, return_sequences=True, use_bias=False)(i),
          "state": L.LSTM(3)(i, initial_state=[h, cc])}
    keras_case("keras-recurrent", keras.Model(i, ys), {"x": rand(4, 6, 4)})


@case
def keras_bidirectional():
    i = L.Input((5, 3), name="x")
    ys = {"cat": L.Bidirectional(L.LSTM(3))(i), "seq": L.Bidirectional(L.GRU(2, return_sequences=True))(i), "sum": L.Bidirectional(L.LSTM(3, return_sequences=True), merge_mode="sum")(i), "mul": L.Bidirectional(L.SimpleRNN(3), merge_mode="mul")(i),
          "ave": L.Bidirectional(L.GRU(3), merge_mode="ave")(i), "td": L.TimeDistributed(L.Dense(4, activation="relu"))(i)}
    keras_case("keras-bidirectional", keras.Model(i, ys), {"x": rand(4, 5, 3)})


@case
def keras_text_lstm():
    m = keras.Sequential([L.Input((8,), dtype="int32", name="tokens"), L.Embedding(30, 4, mask_zero=True), L.Bidirectional(L.LSTM(3, return_sequences=True)), L.LSTM(4), L.Dense(1, activation="sigmoid")])
    x = ints(30, 9, 8, low=1)
    for r in range(9):
        x[r, 8 - r % 6:] = 0
    keras_case("keras-text-lstm", m, {"keras_tensor": x}, h5=True)


@case
def keras_masks():
    i = L.Input((6,), dtype="int32", name="x")
    f = L.Input((5, 2), name="f")
    e = L.Embedding(12, 4, mask_zero=True)(i)
    ys = {"avg": L.GlobalAveragePooling1D()(e), "gru": L.GRU(3, return_sequences=True)(e), "att": L.MultiHeadAttention(2, 3)(e, e), "dense": L.GlobalAveragePooling1D()(L.Dense(3)(L.Dropout(0.1)(e))), "masking": L.LSTM(2)(L.Masking(0.0)(f))}
    x = ints(12, 7, 6, low=1)
    for r in range(7):
        x[r, 6 - r % 5:] = 0
    g = rand(7, 5, 2)
    for r in range(7):
        g[r, 5 - r % 4:] = 0
    keras_case("keras-masks", keras.Model([i, f], ys), {"x": x, "f": g})


@case
def keras_attention():
    q, v = L.Input((4, 6), name="q"), L.Input((5, 6), name="v")
    k = L.Input((5, 6), name="k")
    ys = {"mha": L.MultiHeadAttention(2, 3)(q, v), "mha2": L.MultiHeadAttention(3, 2, value_dim=4, use_bias=False, output_shape=5)(q, v, k), "self": L.MultiHeadAttention(2, 3)(q, q, use_causal_mask=True), "att": L.Attention(use_scale=True)([q, v]),
          "attk": L.Attention(score_mode="concat")([q, v, k]), "add": L.AdditiveAttention()([q, v]), "causal": L.Attention()([q, q], use_causal_mask=True)}
    keras_case("keras-attention", keras.Model([q, v, k], ys), {"q": rand(3, 4, 6), "v": rand(3, 5, 6, seed=2), "k": rand(3, 5, 6, seed=3)})


@case
def keras_transformer():
    i = L.Input((8,), dtype="int32", name="tokens")
    p = L.Embedding(8, 6)(L.Rescaling(0.0, offset=3.0)(i))
    x = L.Add()([L.Embedding(20, 6)(i), p])
    a = L.MultiHeadAttention(2, 3)(x, x)
    x = L.LayerNormalization(epsilon=1e-6)(L.Add()([x, L.Dropout(0.1)(a)]))
    f = L.Dense(6)(L.Dense(12, activation="gelu")(x))
    x = L.LayerNormalization()(L.Add()([x, f]))
    keras_case("keras-transformer", keras.Model(i, L.Dense(3, activation="softmax", name="topic")(L.GlobalMaxPooling1D()(x))), {"tokens": ints(20, 6, 8)})


@case
def keras_nested_shared():
    shared = L.Dense(4, activation="relu")
    tower = keras.Sequential([L.Input((5,)), L.Dense(6), L.BatchNormalization(), L.ReLU()], name="tower")
    inner_in = L.Input((6,))
    inner = keras.Model(inner_in, [L.Dense(2, name="p")(inner_in), L.Dense(3, name="q")(inner_in)], name="heads")
    a, b = L.Input((5,), name="left"), L.Input((5,), name="right")
    ta, tb = tower(a), tower(b)
    h = inner(L.Subtract()([ta, tb]))
    keras_case("keras-nested-shared", keras.Model([a, b], [L.Add(name="sum")([shared(a), shared(b)]), h[0], L.Dense(1, name="score")(h[1])]), {"left": rand(5, 5), "right": rand(5, 5, seed=2)}, h5=True)


@case
def keras_preprocessing():
    x, c, t, k = L.Input((3,), name="x"), L.Input((1,), dtype="int64", name="c"), L.Input((1,), dtype="string", name="t"), L.Input((2,), dtype="string", name="k")
    im = L.Input((5, 7, 2), name="image")
    n = L.Normalization()
    n.adapt(rand(50, 3) * 3 + 1)
    n0 = L.Normalization(axis=None, mean=2.0, variance=4.0)
    ni = L.Normalization(invert=True)
    ni.adapt(rand(50, 3) * 3 + 1)
    d = L.Discretization(bin_boundaries=[-0.5, 0.0, 0.7])
    s = L.StringLookup()
    s.adapt(np.array(["red", "green", "red", "blue"]))
    sm = L.StringLookup(vocabulary=["a", "b", "c"], output_mode="multi_hot")
    so = L.StringLookup(vocabulary=["red", "green"], output_mode="one_hot")
    sk = L.StringLookup(vocabulary=["a", "b"], mask_token="")
    il = L.IntegerLookup(vocabulary=[3, 5, 9])
    ys = {"norm": n(x), "norm0": n0(x), "invert": ni(x), "rescale": L.Rescaling(1 / 3, offset=-1)(x), "bins": d(x), "hot": L.Discretization([0.0, 1.0], output_mode="multi_hot")(x), "cat": L.CategoryEncoding(12, "one_hot")(c),
          "count": L.CategoryEncoding(12, "count")(c), "lookup": s(t), "multi": sm(k), "one": so(t), "masked": sk(k), "ints": il(c), "resize": L.Resizing(3, 9)(im), "near": L.Resizing(4, 3, interpolation="nearest")(im)}
    r = np.random.RandomState(0)
    feeds = {"x": rand(6, 3), "c": r.randint(0, 12, (6, 1)).astype("int64"), "t": r.choice(["red", "green", "blue", "other", ""], (6, 1)).astype(object), "k": r.choice(["a", "b", "c", "zz", ""], (6, 2)).astype(object), "image": rand(6, 5, 7, 2)}
    keras_case("keras-preprocessing", keras.Model([x, c, t, k, im], ys), feeds, random=False)


def tflite(name, model, feeds, int8=False, seed=0, representative=None, weights=None):
    shake(model, seed)
    conv = tf.lite.TFLiteConverter.from_keras_model(model)
    if weights:
        conv.optimizations = [tf.lite.Optimize.DEFAULT]
        conv.target_spec.supported_types = [tf.float16] if weights == "float16" else []
    if int8:
        conv.optimizations = [tf.lite.Optimize.DEFAULT]
        conv.representative_dataset = representative
        conv.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        conv.inference_input_type = conv.inference_output_type = tf.int8
    content = conv.convert()
    # As users get it: XNNPACK computes what it can.
    it = tf.lite.Interpreter(model_content=content)
    it.allocate_tensors()
    ins = it.get_input_details()
    given = {}
    for d in ins:
        x = next(v for v in feeds.values() if list(v.shape[1:]) == list(d["shape"][1:]))
        if int8:
            s, z = d["quantization"]
            x = np.clip(np.round(x / s + z), -128, 127).astype("int8")
        given[d["name"]] = x
    outs = {}
    it.reset_all_variables()
    for r in range(len(next(iter(given.values())))):
        for d in ins:
            it.set_tensor(d["index"], given[d["name"]][r:r + 1])
        it.invoke()
        for o in it.get_output_details():
            outs.setdefault(o["name"], []).append(it.get_tensor(o["index"]).copy())
    write(name, "model.tflite", lambda p: pathlib.Path(p).write_bytes(content), given, {k: np.concatenate(v) for k, v in outs.items()}, family="keras-tflite", **(dict(atol=0, rtol=0) if int8 else {}))


def image_model():
    i = L.Input((12, 10, 3))
    x = L.Conv2D(6, 3, strides=2, padding="same", activation="relu")(i)
    y = L.DepthwiseConv2D(3, padding="same", activation="relu6")(x)
    x = L.Add()([x, y])
    x = L.AveragePooling2D(2, padding="same")(x)
    x = L.Concatenate()([x, L.Conv2D(4, 1, activation="tanh")(x)])
    x = L.ZeroPadding2D(1)(x)
    x = L.Conv2D(5, 3, activation="sigmoid")(x)
    x = L.Multiply()([x, L.Conv2D(5, 1)(x)])
    x = L.Flatten()(L.MaxPooling2D(2)(x))
    return keras.Model(i, L.Dense(4, activation="softmax")(L.LeakyReLU()(L.Dense(7)(x))))


@case
def tflite_float_image():
    tflite("tflite-float-image", image_model(), {"x": rand(3, 12, 10, 3)})


@case
def tflite_int8_image():
    tflite("tflite-int8-image", image_model(), {"x": rand(8, 12, 10, 3)}, int8=True, representative=lambda: ([rand(1, 12, 10, 3, seed=s)] for s in range(40)))


@case
def tflite_int8_mlp():
    i = L.Input((9,))
    x = L.Dense(12, activation="relu")(i)
    y = L.Subtract()([L.Dense(12)(x), x])
    tflite("tflite-int8-mlp", keras.Model(i, L.Dense(2, activation="sigmoid")(y)), {"x": rand(60, 9)}, int8=True, representative=lambda: ([rand(1, 9, seed=s)] for s in range(80)))


@case
def tflite_float_dense_text():
    i = L.Input((6, 4))
    x = L.Conv1D(5, 3, padding="same", activation="gelu")(i)
    x = L.LayerNormalization()(x)
    x = L.Permute((2, 1))(x)
    x = L.Reshape((-1,))(x)
    tflite("tflite-float-sequence", keras.Model(i, [L.Dense(3, activation="softplus")(x), L.Dense(2, activation="softmax")(x)]), {"x": rand(5, 6, 4)})


@case
def keras_text_vectorization():
    texts = np.array(["The quick brown fox!", "the lazy dog", "don't stop, it's a fox", "\u00c9T\u00c9 caf\u00e9 fox", "the the dog"])
    t = L.Input((1,), name="t", dtype="string")
    ys = {}
    for key, options in {
        "int": dict(output_sequence_length=6), "grams": dict(ngrams=2, output_sequence_length=9, max_tokens=20), "chars": dict(split="character", output_sequence_length=12), "lower": dict(standardize="lower", output_mode="multi_hot"),
        "strip": dict(standardize="strip_punctuation", output_mode="count", max_tokens=30, pad_to_max_tokens=True), "idf": dict(output_mode="tf_idf", ngrams=(1, 3)), "plain": dict(standardize=None, split=None), "given": dict(vocabulary=["fox", "dog"], output_mode="tf_idf", idf_weights=[1.5, 0.25]),
    }.items():
        layer = L.TextVectorization(**options)
        if "vocabulary" not in options:
            layer.adapt(texts)
        ys[key] = layer(t)
    x = np.array([["The fox, the DOG."], [""], ["  caf\u00e9\t\u00c9t\u00e9 ... don't "], ["unknown words-only here and there and everywhere at once now"]], dtype=object)
    keras_case("keras-text-vectorization", keras.Model(t, ys), {"t": x}, random=False)


@case
def keras_cells():
    i, v = L.Input((5, 3), name="x"), L.Input((3, 5, 4, 2), name="v")
    f = L.Masking(0.0)(i)
    h = L.Dense(3, activation="tanh")(L.GlobalAveragePooling1D()(i))
    ys = {"stack": L.RNN([L.LSTMCell(2), L.GRUCell(3, reset_after=False), L.SimpleRNNCell(2)], return_sequences=True)(f), "cell": L.RNN(L.GRUCell(3), go_backwards=True)(i), "states": L.GRU(3, return_sequences=True)(f, initial_state=h),
          "zeros": L.LSTM(2, return_sequences=True, zero_output_for_mask=True)(f), "unrolled": L.Bidirectional(L.LSTM(2, return_sequences=True, zero_output_for_mask=True, unroll=True))(f), "bistate": L.Bidirectional(L.GRU(3))(i, initial_state=[h, h]),
          "conv": L.ConvLSTM2D(2, 3, strides=2, padding="same", return_sequences=True)(v), "conv2": L.ConvLSTM2D(2, (2, 1), activation="softmax", use_bias=False, go_backwards=True)(v)}
    x = rand(4, 5, 3)
    for r in range(4):
        x[r, 5 - r:] = 0
    x[3, 0] = 0
    keras_case("keras-cells", keras.Model([i, v], ys), {"x": x, "v": rand(4, 3, 5, 4, 2)})


@case
def keras_images():
    i = L.Input((6, 9, 2), name="x")
    ys = {k: L.Resizing(4, 11, interpolation=k)(i) for k in (["bicubic", "lanczos3", "lanczos5"] + (["area", "gaussian", "mitchellcubic"] if LEGACY else []))}
    ys.update({"crop": L.Resizing(5, 4, crop_to_aspect_ratio=True)(i), "center": L.CenterCrop(3, 4)(i), "beyond": L.CenterCrop(8, 4)(i), "up": L.UpSampling2D((2, 3), interpolation="bicubic")(i)})
    if not LEGACY:
        ys.update({"pad": L.Resizing(5, 4, pad_to_aspect_ratio=True, fill_value=0.5)(i), "adapt": L.AdaptiveAveragePooling2D((4, 5))(i), "adaptmax": L.AdaptiveMaxPooling2D((5, 2))(i)})
    keras_case("keras-images", keras.Model(i, ys), {"x": rand(2, 6, 9, 2)})


@case
def keras_operations():
    i = L.Input((4, 3), name="x")
    o = keras.ops
    ys = [i[:, 1:], i[..., 0], i[:, -1], i[:, None, ::2], 1.0 - i, o.abs(i) ** 0.5, o.where(i > 0, i, 0.5 * i), o.take(i, np.array([2, 0, -1]), axis=1), o.split(i, [1], axis=-1)[1], o.stack([i, -i], axis=2), o.clip(i, -0.5, 0.5), o.mean(i, axis=(1, 2)), o.var(i, axis=1, keepdims=True),
          o.einsum("abc,abd->acd", i, i), o.pad(i, [[0, 0], [1, 0], [0, 2]], constant_values=2.0), o.add(i, np.arange(12, dtype="float32").reshape(4, 3)), o.repeat(i, 2, axis=1), o.top_k(i, 2)[0], o.norm(i, axis=-1), o.cumsum(i, axis=1), o.logsumexp(i, axis=-1), o.flip(i, axis=1), o.roll(i, 1, axis=2),
          o.one_hot(o.argmax(i, axis=-1), 3), o.softmax(i, axis=1), o.log1p(o.abs(i)), i // 0.5, o.mod(i, 0.7), o.sort(i, axis=-1), o.transpose(i, (0, 2, 1)), o.matmul(i, o.transpose(i, (0, 2, 1))), o.cast(i > 0, "int32"), o.reshape(i, (-1, 12)), o.squeeze(o.expand_dims(i, 1), 1), o.normalize(i, axis=-1), o.round(i), o.concatenate([i, i * 2.0], axis=1)]
    keras_case("keras-operations", keras.Model(i, {"y%02d" % k: L.Identity()(y) for k, y in enumerate(ys)}), {"x": rand(3, 4, 3)}, random=False)


@case
def keras_more_layers():
    i, s = L.Input((4, 6), name="x"), L.Input((5, 4, 6), name="s")
    ys = {"ein": L.EinsumDense("abc,cde->abde", output_shape=(None, 2, 3), bias_axes="de")(i), "ein2": L.EinsumDense("...x,xy->...y", output_shape=5, activation="relu")(i), "gqa": L.GroupQueryAttention(3, 4, 2)(i, i, use_causal_mask=True), "gn": L.GroupNormalization(5, axis=1)(s), "rms": L.RMSNormalization(axis=-1)(i),
          "soft": L.Softmax(axis=[1, 2])(i), "spectral": L.SpectralNormalization(L.Dense(3))(i), "first": L.Conv2D(3, 2, data_format="channels_first")(s), "pool": L.MaxPooling2D(2, data_format="channels_first")(s), "out": L.Conv2DTranspose(2, 3, strides=2, padding="same", output_padding=1)(s), "sparse": L.Activation("sparsemax")(i)}
    keras_case("keras-more-layers", keras.Model([i, s], ys), {"x": rand(3, 4, 6), "s": rand(3, 5, 4, 6)})


@case
def tflite_float16_image():
    tflite("tflite-float16-image", image_model(), {"x": rand(3, 12, 10, 3)}, weights="float16")


@case
def tflite_dynamic():
    i = L.Input((7, 24))
    x = L.Conv1D(24, 3, padding="same", activation="relu")(i)
    x = L.Flatten()(L.Add()([x, L.Dense(24)(i)]))
    tflite("tflite-dynamic", keras.Model(i, L.Dense(3, activation="softmax")(L.Dense(20, activation="tanh")(x))), {"x": rand(6, 7, 24)}, weights="dynamic")


@case
def tflite_recurrent():
    i = L.Input((5, 3), batch_size=1)
    x = L.LSTM(4, return_sequences=True)(i)
    tflite("tflite-recurrent", keras.Model(i, L.Dense(2)(L.GRU(3)(x))), {"x": rand(1, 5, 3)})


@case
def keras_hashing():
    w, p, n, m = L.Input((1,), dtype="string", name="w"), L.Input((2,), dtype="string", name="p"), L.Input((1,), dtype="int64", name="n"), L.Input((1,), dtype="int32", name="m")
    ys = {"fast": L.Hashing(1000)(w), "masked": L.Hashing(7, mask_value="missing")(w), "strong": L.Hashing(1000, salt=[133, 137])(w), "hot": L.Hashing(6, salt=5, output_mode="one_hot", mask_value="")(w), "multi": L.Hashing(9, output_mode="multi_hot")(p),
          "count": L.Hashing(9, output_mode="count", salt=3)(p), "whole": L.Hashing(500)(n), "whole_masked": L.Hashing(20, mask_value=42)(n), "whole_strong": L.Hashing(33, salt=[1, 2])(m), "cross": L.HashedCrossing(1000)([w, n]), "cross_hot": L.HashedCrossing(5, output_mode="one_hot")([n, m]), "cross_texts": L.HashedCrossing(1000)([w, w]),
          "unknown": L.StringLookup(vocabulary=["red", "green"], num_oov_indices=30)(w), "unknown_masked": L.StringLookup(vocabulary=["red", "green"], num_oov_indices=4, mask_token="")(w), "unknown_multi": L.StringLookup(vocabulary=["red", "other"], num_oov_indices=5, output_mode="multi_hot")(p), "unknown_whole": L.IntegerLookup(vocabulary=[1, 42], num_oov_indices=4)(n)}
    if not LEGACY:
        ys["unknown_farm"] = L.IntegerLookup(vocabulary=[1, 42], num_oov_indices=4, oov_method="farmhash")(n)
    numbers = np.array([0, 1, -5, 42, 7, 123456789, -1, 3, 2, 11, 12, 13])[:, None]
    feeds = {"w": np.array(["", "a", "red", "green", "bl\u00e5", "x" * 40, "a text of twenty-two..", "y" * 70, "missing", "other", "42", "zebra"], dtype=object)[:, None], "p": np.array([["a", "red"], ["", "q"], ["new", "bl\u00e5"], ["unseen thing", "other"]] * 3, dtype=object),
             "n": numbers.astype("int64"), "m": numbers.astype("int32")}
    keras_case("keras-hashing", keras.Model([w, p, n, m], ys), feeds, random=False)


@case
def keras_nothing_kept():
    """Rows all of whose steps are masked, and rows with some."""
    x = rand(4, 5, 3)
    x[0], x[1, 3:], x[2, :2], x[3, 0] = 0, 0, 0, 0
    i = L.Input((5, 3), name="x")
    m = L.Masking()(i)
    both = L.Bidirectional(L.LSTM(2, return_sequences=True))(m)
    ys = {"mean": L.GlobalAveragePooling1D()(m), "max": L.GlobalMaxPooling1D()(m), "last": L.GRU(2)(m), "steps": L.SimpleRNN(2, return_sequences=True)(m), "both": both, "both_mean": L.GlobalAveragePooling1D()(both),
          "seen": L.GlobalAveragePooling1D()(L.MultiHeadAttention(2, 2)(m, m)), "attended": L.Attention()([m, m])}
    keras_case("keras-nothing-kept", keras.Model(i, ys), {"x": x})


@case
def keras_masked_transformer():
    """Attention takes the masks off what it is given (from Keras 3.8 on), so that later layers see none."""
    i = L.Input((4,), name="x", dtype="int32")
    x = L.Embedding(6, 4, mask_zero=True)(i)
    for _ in range(2):
        x = L.LayerNormalization()(L.Add()([x, L.Dropout(0.1)(L.MultiHeadAttention(2, 3)(x, x))]))
    ids = np.array([[0, 0, 0, 0], [1, 2, 0, 0], [0, 3, 0, 1], [0, 0, 0, 5]], dtype="int32")
    keras_case("keras-masked-transformer", keras.Model(i, {"mean": L.GlobalAveragePooling1D()(x), "last": L.LSTM(2)(x)}), {"x": ids})


@case
def keras_attention_axes():
    """Attention over some of several dimensions, gated, and in a window; images made smaller smoothly (Keras 3)."""
    i, s, v = L.Input((3, 4, 5), name="x"), L.Input((6, 5), name="s"), L.Input((9, 7, 2), name="v")
    ys = {"all": L.MultiHeadAttention(2, 3)(i, i), "rows": L.MultiHeadAttention(2, 3, attention_axes=2, value_dim=2, output_shape=4)(i, i), "columns": L.MultiHeadAttention(2, 3, attention_axes=(1,), use_bias=False)(i, i),
          "gated": L.MultiHeadAttention(2, 3, use_gate=True)(s, s), "window": L.MultiHeadAttention(2, 3, sliding_window=2)(s, s, use_causal_mask=True)}
    for how in ("bilinear", "bicubic", "lanczos3"):
        ys["small_" + how] = L.Resizing(4, 3, interpolation=how, antialias=True)(v)
    keras_case("keras-attention-axes", keras.Model([i, s, v], ys), {"x": rand(2, 3, 4, 5), "s": rand(2, 6, 5), "v": rand(2, 9, 7, 2)})


@case
def keras_no_steps():
    i, k = L.Input((None, 3), name="x"), L.Input((None, 4, 2), name="k")
    ys = {"mean": L.GlobalAveragePooling1D()(i), "image_mean": L.GlobalAveragePooling2D()(k), "dense": L.Dense(2)(i), "attended": L.GlobalAveragePooling1D()(L.MultiHeadAttention(1, 2)(i, i))}
    keras_case("keras-no-steps", keras.Model([i, k], ys), {"x": rand(2, 0, 3), "k": rand(2, 0, 4, 2)})


for name, make in MAKERS.items():
    if not ONLY or name in ONLY:
        make()
        print(name)
