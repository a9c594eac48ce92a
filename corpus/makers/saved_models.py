"""Small TensorFlow SavedModels with what TensorFlow predicts for them.

    python corpus/makers/saved_models.py OUT     (tensorflow-cpu 2.21, keras 3.15)
    TF_USE_LEGACY_KERAS=1 python corpus/makers/saved_models.py OUT     (tf-keras 2.21: Keras 2)
"""
import json
import os
import pathlib
import shutil
import sys

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
TYPES = {"float32": "FP32", "int32": "INT32", "int64": "INT64", "object": "BYTES"}
rng = np.random.RandomState(3)


def rand(*shape):
    return rng.normal(0, 1, shape).astype("float32")


def plain(v):
    if v.dtype == object:
        return [x.decode() if isinstance(x, bytes) else x for x in v.ravel()]
    return [float(str(x)) for x in v.ravel()] if v.dtype == np.float32 else v.ravel().tolist()


def shake(model):
    for w in model.weights:
        if "float" in str(w.dtype) and "seed" not in w.name:
            v = rng.normal(0, 0.4, w.shape).astype("float32")
            w.assign(np.abs(v) + 0.5 if "variance" in w.name or "gamma" in w.name else v)
    return model


def case(name, save, values, signature="serving_default", whole=False):
    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    path = str(folder / "saved_model")
    save(path)
    for extra in () if whole else ("fingerprint.pb", "keras_metadata.pb"):
        (folder / "saved_model" / extra).unlink(missing_ok=True)
    if not whole and (folder / "saved_model" / "assets").exists():
        (folder / "saved_model" / "assets").rmdir()
    serve = tf.saved_model.load(path).signatures[signature]
    names = sorted(serve.structured_input_signature[1])
    feeds = dict(zip(names, values))
    made = {k: v.numpy() for k, v in serve(**{k: tf.constant(v) for k, v in feeds.items()}).items()}
    n = len(values[0])
    tensor = lambda k, v: {"name": k, "datatype": TYPES[str(v.dtype)], "shape": list(v.shape), "data": plain(v)}
    (folder / "inputs.json").write_text(json.dumps({"format": "tensors", "tensors": [tensor(k, v) for k, v in feeds.items()]}))
    outputs = {k: {"kind": "value", "datatype": TYPES[str(v.dtype)], "shape": list(v.shape), "data": plain(v)} for k, v in made.items()}
    (folder / "expected.json").write_text(json.dumps({"n": n, "required": list(made), "outputs": outputs}))
    (folder / "case.json").write_text(json.dumps({
        "name": name, "family": "keras-savedmodel", "environment": "tf", "expect": "import", "model_file": "saved_model" if signature == "serving_default" else "saved_model#" + signature,
        "producer": {"keras": keras.__version__, "tensorflow-cpu": tf.__version__},
        "input": {"format": "tensors", "tensors": [{"name": k, "datatype": TYPES[str(v.dtype)], "shape": ["N", *v.shape[1:]]} for k, v in feeds.items()]},
        "n_rows": n, "n_bad_rows": 0, "tolerance": {"rtol": 1e-4, "atol": 1e-5},
    }, indent=1))
    print(name, sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()))


class Module(tf.Module):
    """Operators that no layer of Keras needs."""

    def __init__(self):
        self.w, self.b, self.c = tf.Variable(rand(4, 3)), tf.Variable(rand(3)), tf.Variable(rand(1))

    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32)])
    def __call__(self, x):
        y = tf.nn.relu(x @ self.w + self.b) * self.c
        n = tf.shape(x)[0]
        tiled = tf.reshape(tf.tile(tf.expand_dims(y, 1), [1, 2, 1]), [n, 6])
        return {
            "logits": y, "class": tf.argmax(y, -1), "top": tf.math.top_k(y, 2).values, "turned": tiled[:, ::-1],
            "chosen": tf.where(y > 0.5, tf.square(y), -y), "stacked": tf.stack([y[:, 0], y[..., -1]], 1), "log1p": tf.math.log1p(tf.abs(y)),
            "one_hot": tf.one_hot(tf.argmax(y, -1), 3), "norm": tf.math.rsqrt(tf.reduce_sum(y * y, -1, keepdims=True) + 1.0),
        }


class Tables(tf.Module):
    """Lookups, texts passed through, and weights kept in fewer bits."""

    def __init__(self):
        filled = tf.lookup.KeyValueTensorInitializer(["a", "b", "c"], [0.5, 1.5, -2.0])
        self.t, self.w = tf.lookup.StaticHashTable(filled, -9.0), tf.Variable(3.0)
        self.h, self.q = tf.Variable(tf.cast(rand(1, 2), tf.float16)), tf.Variable(rng.randint(-127, 127, (2, 2)).astype("int8"))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="key")])
    def find(self, key):
        return {"v": self.t.lookup(key) * self.w, "is": tf.cast(tf.equal(key, "a"), tf.int32), "joined": tf.strings.join([key, "x"], "-")}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="key")])
    def light(self, key):
        return {"z": (tf.expand_dims(self.t.lookup(key), 1) @ tf.cast(self.h, tf.float32)) @ (tf.cast(self.q, tf.float32) * 0.01)}


def first_version(path):
    """TensorFlow 1: variables of both kinds, no objects."""
    v1 = tf.compat.v1
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 4], name="x")
        w = v1.get_variable("w", initializer=rand(4, 3), use_resource=False)
        b = v1.get_variable("b", initializer=rand(3), use_resource=True)
        y = tf.nn.softmax(tf.nn.bias_add(tf.matmul(x, w), b), name="probs")
        session.run(v1.global_variables_initializer())
        v1.saved_model.simple_save(session, path, {"x": x}, {"probs": y})


def layers(*stack):
    return shake(keras.Sequential(list(stack)))


def keras_cases(prefix, save):
    image = layers(L.Input((9, 9, 2), name="image"), L.Conv2D(3, 3, padding="same", strides=2, activation="relu"), L.BatchNormalization(), L.Conv2D(3, 2, dilation_rate=2),
                   L.DepthwiseConv2D(2, padding="same"), L.Conv2DTranspose(2, 3, strides=2, padding="same"), L.MaxPooling2D(2, padding="same"), L.AveragePooling2D(2, padding="same"),
                   L.Flatten(), L.Dropout(0.3), L.Dense(2, activation="softmax"))
    case(prefix + "convolutions", lambda path: save(image, path), [rand(5, 9, 9, 2)])
    i = L.Input((4, 3), name="steps")
    steps = shake(keras.Model(i, L.Dense(1)(L.LSTM(2)(i))))
    case(prefix + "recurrent", lambda path: save(steps, path), [rand(5, 4, 3)])
    i = L.Input((5,), dtype="int32", name="ids")
    x = L.LayerNormalization()(L.Embedding(9, 4)(i))
    x = L.GlobalAveragePooling1D()(L.MultiHeadAttention(2, 3)(x, x))
    words = shake(keras.Model(i, L.Dense(2, activation="gelu")(x)))
    case(prefix + "attention", lambda path: save(words, path), [rng.randint(0, 9, (6, 5)).astype("int32")])


SENTENCES = np.array([["The cat sat, on the mat!"], ["A DOG barks\tat the  cat"], ["unknown W\u00f6rds FLY; high sat"], [""], ["  !!! "], ["\u00dcn\u00efcode \u00c0\u00c9 cat"]], dtype=object)


def text_cases(prefix, save):
    for name, kw in {"words": {"output_sequence_length": 5}, "words-open": {}, "words-counted": {"output_mode": "tf_idf"}, "words-pairs": {"ngrams": 2, "output_sequence_length": 7}, "words-pairs-open": {"ngrams": (1, 3)}, "words-pairs-hot": {"ngrams": 2, "output_mode": "multi_hot"}}.items():
        words = L.TextVectorization(**kw)
        words.adapt(tf.constant(["The cat sat on the mat.", "A dog! barks at the cat", "birds FLY, high", "the dog sat"]))
        i = L.Input((1,), dtype="string", name="text")
        x = words(i)
        if kw.get("output_mode") is None:
            x = L.GlobalAveragePooling1D()(L.Embedding(48, 3)(x))
        model = keras.Model(i, L.Dense(2)(x))
        case(prefix + name, lambda path: save(model, path), [SENTENCES])


def hash_cases(prefix, save):
    t, n = L.Input((2,), dtype="string", name="t"), L.Input((1,), dtype="int64", name="n")
    ys = [L.Hashing(13)(t), L.Hashing(9, mask_value="red")(t), L.Hashing(11, salt=[3, 5])(t), L.Hashing(7)(n)] + ([] if LEGACY else [L.Hashing(8, output_mode="one_hot")(n)])
    model = keras.Model([t, n], {"abcde"[i]: y for i, y in enumerate(ys)})
    case(prefix + "hashing", lambda path: save(model, path), [np.array([[7], [-3], [0], [123456789012]]), np.array([["red", "blue"], ["", "gr\u00fcn"], ["x" * 40, "y" * 90], ["red", "red"]], dtype=object)])


class FromFile(tf.Module):
    """A table that is filled from a file among the assets."""

    def __init__(self):
        path = OUT / "vocabulary.txt"
        path.write_text("cat\ndog\nb\u00e4r\n")
        index = tf.lookup.TextFileIndex
        self.t = tf.lookup.StaticHashTable(tf.lookup.TextFileInitializer(str(path), tf.string, index.WHOLE_LINE, tf.int64, index.LINE_NUMBER), -1)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="word")])
    def find(self, word):
        return {"place": self.t.lookup(tf.strings.lower(word))}


if LEGACY:
    keras_cases("savedmodel-keras2-", lambda model, path: model.save(path, save_format="tf", include_optimizer=False))
    text_cases("savedmodel-keras2-", lambda model, path: model.save(path, save_format="tf", include_optimizer=False))
    hash_cases("savedmodel-keras2-", lambda model, path: model.save(path, save_format="tf", include_optimizer=False))
else:
    keras_cases("savedmodel-", lambda model, path: model.export(path, verbose=False))
    text_cases("savedmodel-", lambda model, path: model.export(path, verbose=False))
    hash_cases("savedmodel-", lambda model, path: model.export(path, verbose=False))
    from_file = FromFile()
    case("savedmodel-asset", lambda path: tf.saved_model.save(from_file, path, signatures={"serving_default": from_file.find}), [np.array(["Cat", "DOG", "b\u00e4r", "cow"], dtype=object)], whole=True)
    (OUT / "vocabulary.txt").unlink()
    module = Module()
    case("savedmodel-module", lambda path: tf.saved_model.save(module, path), [rand(6, 4)])
    plain_model = layers(L.Input((4,), name="x"), L.Dense(3, activation="relu"), L.BatchNormalization(), L.PReLU(), L.Dense(1, activation="sigmoid"))
    case("savedmodel-object-graph", lambda path: tf.saved_model.save(plain_model, path), [rand(6, 4)])
    words = np.array(["a", "B", "c", "zz"], dtype=object)
    tables = Tables()
    both = lambda path: tf.saved_model.save(tables, path, signatures={"serving_default": tables.find, "light": tables.light})
    case("savedmodel-tables", both, [words])
    case("savedmodel-tables-light", both, [words], "light")
    case("savedmodel-v1", first_version, [rand(5, 4)])
    plan, number = L.Input((1,), dtype="string", name="plan"), L.Input((2,), name="num")
    looked = shake(keras.Model([plan, number], L.Dense(2, activation="softmax")(L.Concatenate()([L.StringLookup(vocabulary=["free", "pro", "team"], output_mode="one_hot")(plan), number]))))
    case("savedmodel-lookup", lambda path: looked.export(path, verbose=False), [rand(4, 2), np.array([["pro"], ["free"], ["what"], [""]], dtype=object)])
