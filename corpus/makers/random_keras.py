"""Random Keras models with what Keras predicts for them, to find what nobody thought of.

    python corpus/makers/random_keras.py OUT FIRST LAST [FAMILY ...]
    node --conditions=@slipway/source scripts/check-corpus.ts OUT

Runs with Keras 3 (any version with TensorFlow as its backend), with tf-keras (TF_USE_LEGACY_KERAS=1) and with the Keras 2
of TensorFlow 2.12 to 2.15. A seed makes the same model each time. Families: vector, sequence, image, volume, tokens, text, codes.
"""
import json
import os
import pathlib
import sys
import traceback

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
import numpy as np
import tensorflow as tf

if os.environ.get("TF_USE_LEGACY_KERAS"):
    import tf_keras as keras
else:
    import keras
L = keras.layers
VERSION = int(keras.__version__.split(".")[0])
ops = getattr(keras, "ops", None)
OUT = pathlib.Path(sys.argv[1])
FAMILIES = ["vector", "sequence", "image", "volume", "tokens", "text", "codes", "masked", "heads", "graph"]
TYPES = {"float32": "FP32", "float64": "FP64", "int32": "INT32", "int64": "INT64", "int8": "INT8", "uint8": "UINT8", "bool": "BOOL", "object": "BYTES", "float16": "FP16"}

ACTIVATIONS = ["relu", "relu6", "sigmoid", "tanh", "softmax", "log_softmax", "softplus", "softsign", "selu", "elu", "exponential", "leaky_relu", "silu", "swish", "mish", "gelu", "celu", "glu", "hard_silu",
               "hard_swish", "hard_sigmoid", "hard_tanh", "hard_shrink", "soft_shrink", "tanh_shrink", "log_sigmoid", "squareplus", "sparse_plus", "sparsemax", "sparse_sigmoid", "threshold", "linear", "crelu", "reglu"]


class Random:
    def __init__(self, seed):
        self.r = np.random.RandomState(seed)

    def one(self, *options):
        return options[self.r.randint(len(options))]

    def int(self, low, high):
        return int(self.r.randint(low, high + 1))

    def chance(self, p):
        return self.r.rand() < p

    def bool(self):
        return bool(self.r.randint(2))


def has(name):
    return hasattr(L, name)


def some(r, **options):
    """Each option at random: there or not."""
    return {k: v for k, v in options.items() if r.chance(0.45)}


def act(r):
    while True:
        name = r.one(*ACTIVATIONS)
        if name in ("glu", "threshold", "crelu", "reglu"):
            continue
        try:
            keras.activations.get(name)
            return name
        except ValueError:
            continue


def first_format(r, rank):
    return {}


def conv_options(r, d, transpose=False):
    size = lambda most: r.one(r.int(1, most), tuple(r.int(1, most) for _ in range(d)))
    o = dict(kernel_size=size(3), padding=r.one("valid", "same"), use_bias=r.bool(), **some(r, activation=act(r)))
    if d == 1 and not transpose and r.chance(0.3):
        o["padding"] = "causal"
    if r.chance(0.4):
        o["strides"] = size(3)
    elif r.chance(0.4):
        o["dilation_rate"] = size(2)
    return o


def rnn_cell_layer(r, seq, cells=True):
    kind = r.one("LSTM", "GRU", "SimpleRNN")
    o = dict(units=r.int(1, 4), return_sequences=seq, **some(r, use_bias=False, go_backwards=True, activation=r.one("relu", "sigmoid", "linear", "softsign"), unroll=True, dropout=0.2, recurrent_dropout=0.1, unit_forget_bias=False, reset_after=False, recurrent_activation=r.one("hard_sigmoid", "tanh", "relu")))
    if kind != "LSTM":
        o.pop("unit_forget_bias", None)
    if kind != "GRU":
        o.pop("reset_after", None)
    if kind == "SimpleRNN":
        o.pop("recurrent_activation", None)
    if cells and r.chance(0.3):
        keep = {k: o.pop(k) for k in ("return_sequences", "go_backwards", "unroll") if k in o}
        cell = getattr(L, kind + "Cell")
        make = [cell(**{**o, "units": r.int(1, 4)}) for _ in range(r.int(1, 3))]
        return L.RNN(make if len(make) > 1 or r.bool() else make[0], **keep)
    if r.chance(0.15) and seq:
        o["zero_output_for_mask"] = True
        if kind == "SimpleRNN" and VERSION < 3:
            del o["zero_output_for_mask"]
    return getattr(L, kind)(**o)


def norm(r, y):
    rank = len(y.shape)
    choices = ["BatchNormalization", "LayerNormalization", "UnitNormalization", "RMSNormalization", "GroupNormalization"]
    kind = r.one(*[k for k in choices if has(k)])
    axis = r.int(1, rank - 1)
    known = [a for a in range(1, rank) if y.shape[a] is not None]
    if axis not in known:
        axis = -1
    if kind == "BatchNormalization":
        return L.BatchNormalization(**some(r, axis=axis, center=False, scale=False, epsilon=0.01))(y)
    if kind == "LayerNormalization":
        return L.LayerNormalization(**some(r, axis=[a for a in known if r.bool()] or -1, center=False, scale=False, epsilon=0.01))(y)
    if kind == "UnitNormalization":
        return L.UnitNormalization(**some(r, axis=axis))(y)
    if kind == "RMSNormalization":
        return L.RMSNormalization(**some(r, axis=axis, epsilon=0.01))(y)
    if rank < 3 or any(d is None for d in y.shape[1:]):
        return L.LayerNormalization()(y)
    c = y.shape[axis]
    return L.GroupNormalization(r.one(*[g for g in range(1, c + 1) if c % g == 0], -1), **some(r, center=False, scale=False), axis=axis)(y)


def activation_layer(r, y):
    kind = r.one("ReLU", "LeakyReLU", "ELU", "PReLU", "Softmax", "Activation", "ThresholdedReLU")
    rank = len(y.shape)
    if kind == "ReLU":
        return L.ReLU(**some(r, max_value=r.one(1.0, 0.7), negative_slope=0.2, threshold=r.one(0.3, -0.2)))(y)
    if kind == "LeakyReLU":
        return L.LeakyReLU(**({"negative_slope": 0.15} if VERSION >= 3 else {"alpha": 0.15}))(y)
    if kind == "ELU":
        return L.ELU(**some(r, alpha=0.4))(y)
    if kind == "PReLU" and all(d is not None for d in y.shape[1:]):
        return L.PReLU(**some(r, shared_axes=[a for a in range(1, rank) if r.bool()] or None))(y)
    if kind == "Softmax":
        return L.Softmax(axis=r.one(-1, r.int(1, rank - 1), [1, rank - 1] if rank > 2 else -1))(y)
    if kind == "ThresholdedReLU" and has(kind):
        return L.ThresholdedReLU(0.4)(y)
    return L.Activation(act(r))(y)


def regular(r, y):
    kind = r.one("Dropout", "GaussianNoise", "GaussianDropout", "AlphaDropout", "ActivityRegularization", "Identity")
    make = {"Dropout": lambda: L.Dropout(0.3), "GaussianNoise": lambda: L.GaussianNoise(0.3), "GaussianDropout": lambda: L.GaussianDropout(0.3), "AlphaDropout": lambda: L.AlphaDropout(0.3) if has("AlphaDropout") else L.Dropout(0.1),
            "ActivityRegularization": lambda: L.ActivityRegularization(l2=0.1), "Identity": lambda: L.Identity() if has("Identity") else L.Dropout(0.1)}
    return make[kind]()(y)


def operation(r, y):
    """A keras.ops function, or an operator, on a tensor of the functional model."""
    rank = len(y.shape)
    known = all(d is not None for d in y.shape[1:])
    if VERSION < 3:
        f = r.one(lambda: y * 2.0 + 1.0, lambda: 1.0 - y, lambda: y / 3.0, lambda: -y, lambda: tf.nn.relu(y), lambda: tf.math.sigmoid(y), lambda: tf.tanh(y), lambda: tf.abs(y) ** 0.5, lambda: tf.reduce_mean(y, axis=-1, keepdims=True),
                  lambda: tf.reduce_sum(y, axis=1) if rank > 2 else y, lambda: tf.concat([y, y], axis=-1), lambda: y[:, 1:], lambda: y[..., 0:1], lambda: tf.square(y), lambda: tf.exp(-y), lambda: tf.math.log(tf.abs(y) + 1.0),
                  lambda: tf.clip_by_value(y, -0.5, 0.5), lambda: tf.expand_dims(y, -1) if rank < 4 else y, lambda: tf.nn.softmax(y), lambda: tf.maximum(y, 0.1), lambda: tf.cast(y > 0, "float32"), lambda: tf.reshape(y, (-1, int(np.prod(y.shape[1:])))) if known else y,
                  lambda: tf.nn.l2_normalize(y, axis=-1), lambda: tf.stack([y, y], axis=1) if rank < 4 else y, lambda: tf.where(y > 0.1, y, 0.5 * y), lambda: tf.matmul(y, tf.transpose(y, (0, 2, 1))) if rank == 3 else y)
        return f()
    o = ops
    fs = [lambda: y * 2.0 + 1.0, lambda: 1.0 - y, lambda: y / 3.0, lambda: -y, lambda: o.relu(y), lambda: o.sigmoid(y), lambda: o.tanh(y), lambda: o.abs(y) ** 0.5, lambda: o.mean(y, axis=-1, keepdims=True),
          lambda: o.sum(y, axis=1) if rank > 2 else y, lambda: o.concatenate([y, y * 0.5], axis=-1), lambda: y[:, 1:], lambda: y[..., 0:1], lambda: o.square(y), lambda: o.exp(-y), lambda: o.log(o.abs(y) + 1.0), lambda: o.clip(y, -0.5, 0.5),
          lambda: o.expand_dims(y, -1) if rank < 4 else y, lambda: o.softmax(y), lambda: o.maximum(y, 0.1), lambda: o.cast(y > 0, "float32"), lambda: o.reshape(y, (-1, int(np.prod(y.shape[1:])))) if known else y,
          lambda: o.stack([y, y], axis=1) if rank < 4 else y, lambda: o.where(y > 0.1, y, 0.5 * y), lambda: o.matmul(y, o.transpose(y, (0, 2, 1))) if rank == 3 else y, lambda: o.transpose(y, (0, *range(rank - 1, 0, -1))), lambda: o.flip(y, axis=1),
          lambda: o.log1p(o.abs(y)), lambda: o.expm1(y), lambda: o.sin(y) + o.cos(y), lambda: o.floor(y), lambda: o.sqrt(o.abs(y)), lambda: o.rsqrt(o.abs(y) + 1.0), lambda: o.max(y, axis=-1), lambda: o.min(y, axis=1, keepdims=True), lambda: o.var(y, axis=-1, keepdims=True),
          lambda: o.std(y, axis=1, keepdims=True), lambda: o.cumsum(y, axis=1), lambda: o.repeat(y, 2, axis=1), lambda: o.tile(y, [1] * (rank - 1) + [2]), lambda: o.split(y, [1], axis=-1)[0], lambda: o.sign(y), lambda: o.square(o.round(y)),
          lambda: o.gelu(y), lambda: o.silu(y), lambda: o.softplus(y), lambda: o.leaky_relu(y), lambda: o.elu(y), lambda: o.selu(y), lambda: o.hard_sigmoid(y), lambda: o.log_softmax(y), lambda: o.reciprocal(y * y + 1.0), lambda: o.power(o.abs(y), 1.5), lambda: o.erf(y),
          lambda: o.arctan(y), lambda: o.sinh(y), lambda: o.cosh(y), lambda: o.norm(y, axis=-1, keepdims=True), lambda: o.logsumexp(y, axis=-1, keepdims=True), lambda: o.swapaxes(y, 1, rank - 1), lambda: o.moveaxis(y, 1, rank - 1), lambda: o.roll(y, 1, axis=1),
          lambda: o.squeeze(o.expand_dims(y, 1), 1), lambda: o.pad(y, [[0, 0]] + [[1, 1]] * (rank - 1)), lambda: o.einsum("b...,b...->b...", y, y) if False else y, lambda: o.take(y, np.array([0, 0]), axis=1), lambda: o.logical_not(y > 0), lambda: o.cast(o.argmax(y, axis=-1), "float32"),
          lambda: o.one_hot(o.argmax(y, axis=-1), int(y.shape[-1])) if y.shape[-1] and rank < 4 else y, lambda: o.prod(y, axis=-1, keepdims=True), lambda: o.any(y > 0.5, axis=-1), lambda: o.minimum(y, o.ones_like(y)), lambda: o.zeros_like(y) + y, lambda: o.full_like(y, 2.0) * y,
          lambda: o.subtract(y, o.mean(y)) if False else y, lambda: o.mean(y, axis=[1]) if rank > 2 else y, lambda: o.sort(y, axis=-1), lambda: o.top_k(y, 1)[0] if rank < 4 else y, lambda: o.mod(y, 0.7), lambda: y // 0.5, lambda: o.nan_to_num(y), lambda: o.average(y, axis=-1, keepdims=True) if hasattr(o, "average") else y,
          lambda: o.normalize(y, axis=-1) if hasattr(o, "normalize") else y, lambda: o.tril(y) if rank == 3 else y, lambda: o.dot(y, o.ones((int(y.shape[-1]), 2))) if False and y.shape[-1] else y, lambda: o.squareplus(y) if hasattr(o, "squareplus") else y, lambda: o.relu6(y), lambda: o.mish(y) if hasattr(o, "mish") else y,
          lambda: o.unstack(y, axis=1)[0] if rank > 2 and known else y, lambda: o.isnan(y), lambda: o.logical_and(y > 0, y < 1), lambda: o.equal(y, 0.0), lambda: o.broadcast_to(y, (2, *y.shape[1:])) if False else y]
    return r.one(*fs)()


def vector(r, y):
    w = y.shape[-1]
    kind = r.int(0, 13)
    if kind <= 3:
        return L.Dense(r.int(1, 6), **some(r, use_bias=False, activation=act(r)))(y)
    if kind == 4:
        return norm(r, y)
    if kind == 5:
        return activation_layer(r, y)
    if kind == 6:
        return regular(r, y)
    if kind == 7:
        return L.RepeatVector(r.int(1, 3))(y)
    if kind == 8 and w > 1:
        return L.Reshape(r.one((-1, 1), (w, 1), (1, -1, 1), (w, 1, 1)))(y)
    if kind == 9:
        return merge(r, [y, L.Dense(w, activation=r.one("tanh", "relu"))(y)])
    if kind == 10:
        return L.EinsumDense("ab,bc->ac", output_shape=r.int(1, 4), **some(r, bias_axes="c", activation="relu"))(y) if has("EinsumDense") else y
    if kind == 11 and VERSION >= 3:
        inner = L.Dense(r.int(1, 4))
        return L.SpectralNormalization(inner)(y) if has("SpectralNormalization") else inner(y)
    if kind == 12:
        return L.Rescaling(r.one(0.3, 2.0), offset=r.one(0.0, 0.5))(y)
    return operation(r, y)


def merge(r, ys):
    kind = r.one("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate", "Dot")
    if kind == "Concatenate":
        return L.Concatenate(**some(r, axis=r.int(1, len(ys[0].shape) - 1)))(ys)
    if kind == "Dot":
        if len(ys[0].shape) > 3:
            return L.Add()(ys)
        a = r.int(1, len(ys[0].shape) - 1)
        return L.Dot(axes=r.one(a, (a, a)), normalize=r.bool())(ys)
    return getattr(L, kind)()(ys)


def sequence(r, y):
    t, f = y.shape[1], y.shape[2]
    kind = r.int(0, 27)
    if kind <= 3:
        return rnn_cell_layer(r, r.bool())(y)
    if kind <= 5:
        seq = r.bool()
        layer = rnn_cell_layer(r, seq, cells=r.chance(0.3))
        o = dict(merge_mode=r.one("concat", "sum", "mul", "ave"))
        out = L.Bidirectional(layer, **o)(y)
        return out
    if kind == 6:
        return L.TimeDistributed(r.one(L.Dense(3, activation="relu"), L.BatchNormalization(), L.LayerNormalization(), L.Dropout(0.1), keras.Sequential([L.Input((f,)), L.Dense(2)]) if f else L.Dense(2)))(y)
    if kind <= 8:
        o = conv_options(r, 1)
        groups = r.one(*[g for g in (1, 2, 3) if f % g == 0])
        return L.Conv1D(groups * r.int(1, 2), groups=groups, **o)(y)
    if kind == 9 and has("DepthwiseConv1D"):
        o = conv_options(r, 1)
        o["padding"] = r.one("valid", "same")
        if VERSION < 3:
            o.pop("dilation_rate", None)
        return L.DepthwiseConv1D(depth_multiplier=r.int(1, 2), **o)(y)
    if kind == 10:
        o = conv_options(r, 1)
        return L.SeparableConv1D(r.int(1, 3), depth_multiplier=r.int(1, 2), **o)(y)
    if kind == 11:
        o = conv_options(r, 1, True)
        if VERSION < 3 and "dilation_rate" in o:
            del o["dilation_rate"]
        return L.Conv1DTranspose(r.int(1, 3), **o)(y)
    if kind == 12:
        return r.one(L.MaxPooling1D, L.AveragePooling1D)(r.int(1, 3), **some(r, strides=r.int(1, 2), padding="same"))(y)
    if kind == 13:
        return r.one(L.GlobalMaxPooling1D, L.GlobalAveragePooling1D)(**some(r, keepdims=True))(y)
    if kind == 14:
        return r.one(L.ZeroPadding1D(r.one(1, (1, 2))), L.Cropping1D(r.one((1, 0), (0, 1))), L.UpSampling1D(r.int(1, 3)))(y)
    if kind == 15:
        return L.Permute((2, 1))(y)
    if kind == 16:
        return L.Flatten()(y)
    if kind == 17:
        return norm(r, y)
    if kind == 18:
        return activation_layer(r, y)
    if kind == 19:
        return r.one(L.SpatialDropout1D(0.2), L.Dropout(0.2, noise_shape=(None, 1, None)))(y)
    if kind <= 21:
        return attention(r, y)
    if kind == 22 and has("EinsumDense"):
        return r.one(lambda: L.EinsumDense("abc,cd->abd", output_shape=(None, 3), **some(r, bias_axes="d"))(y), lambda: L.EinsumDense("...x,xy->...y", output_shape=4, bias_axes="y")(y), lambda: L.EinsumDense("abc,cde->abde", output_shape=(None, 2, 3), bias_axes="de")(y))()
    if kind == 23:
        return merge(r, [y, L.Dense(f, activation="tanh")(y)])
    if kind == 24:
        return L.Dense(r.int(1, 4), **some(r, activation=act(r)))(y)
    if kind == 25 and VERSION >= 3 and has("AdaptiveAveragePooling1D") and t:
        return r.one(L.AdaptiveAveragePooling1D, L.AdaptiveMaxPooling1D)(r.int(1, t))(y)
    if kind == 26 and t:
        return L.Reshape(r.one((t * f,), (f, t), (t, f, 1), (-1, f, 1)))(y)
    return operation(r, y)


def attention(r, y):
    t, f = y.shape[1], y.shape[2]
    kind = r.int(0, 4)
    if kind <= 1:
        o = dict(num_heads=r.int(1, 3), key_dim=r.int(1, 3), **some(r, value_dim=r.int(1, 3), use_bias=False, dropout=0.1, output_shape=r.int(1, 4)))
        call = some(r, use_causal_mask=True)
        if VERSION < 3 and keras.__version__ < "2.11":
            call = {}
        return L.MultiHeadAttention(**o)(y, y, **call)
    if kind == 2 and VERSION >= 3 and has("GroupQueryAttention"):
        kv = r.int(1, 2)
        return L.GroupQueryAttention(head_dim=r.int(1, 3), num_query_heads=kv * r.int(1, 2), num_key_value_heads=kv, **some(r, use_bias=False))(y, y, **some(r, use_causal_mask=True))
    if kind == 3:
        return L.Attention(**some(r, use_scale=True, score_mode="concat"))([y, y], **some(r, use_causal_mask=True))
    return L.AdditiveAttention(**some(r, use_scale=False))([y, y], **some(r, use_causal_mask=True))


def image(r, y):
    _, h, w, c = y.shape
    kind = r.int(0, 24)
    if kind <= 3:
        groups = r.one(*[g for g in (1, 2, 3) if c % g == 0])
        return L.Conv2D(groups * r.int(1, 3), groups=groups, **conv_options(r, 2))(y)
    if kind == 4:
        o = conv_options(r, 2)
        if isinstance(o.get("strides"), tuple):
            o["strides"] = o["strides"][0]
        return L.DepthwiseConv2D(depth_multiplier=r.int(1, 2), **o)(y)
    if kind == 5:
        o = conv_options(r, 2)
        if isinstance(o.get("strides"), tuple):
            o["strides"] = o["strides"][0]
        return L.SeparableConv2D(r.int(1, 3), depth_multiplier=r.int(1, 2), **o)(y)
    if kind <= 7:
        o = conv_options(r, 2, True)
        if VERSION < 3:
            o.pop("dilation_rate", None)
        s = o.get("strides")
        if s and r.chance(0.3):
            ss = s if isinstance(s, tuple) else (s, s)
            o["output_padding"] = tuple(r.int(0, q - 1) for q in ss)
        return L.Conv2DTranspose(r.int(1, 3), **o)(y)
    if kind <= 9:
        return r.one(L.MaxPooling2D, L.AveragePooling2D)(r.one(2, (1, 2), (3, 2)), **some(r, strides=r.one(1, 2, (2, 1)), padding="same"))(y)
    if kind == 10:
        return r.one(L.GlobalMaxPooling2D, L.GlobalAveragePooling2D)(**some(r, keepdims=True))(y)
    if kind == 11:
        return r.one(L.ZeroPadding2D(r.one(1, (1, 2), ((0, 1), (2, 0)))), L.Cropping2D(r.one(1, (1, 0), ((0, 1), (1, 0)))), L.SpatialDropout2D(0.1))(y)
    if kind == 12:
        return L.UpSampling2D(r.one(2, (1, 3)), interpolation=r.one("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"))(y)
    if kind == 13:
        return L.Permute(r.one((2, 1, 3), (3, 1, 2)))(y)
    if kind == 14:
        return L.Flatten()(y)
    if kind == 15:
        return norm(r, y)
    if kind == 16:
        return activation_layer(r, y)
    if kind <= 18:
        o = some(r, **r.one(dict(crop_to_aspect_ratio=True), dict(pad_to_aspect_ratio=True) if VERSION >= 3 else {}, {}))
        return L.Resizing(r.int(1, 9), r.int(1, 9), interpolation=r.one("bilinear", "nearest", "bicubic", *(["area", "lanczos3", "lanczos5", "gaussian", "mitchellcubic"] if VERSION < 3 else ["lanczos3", "lanczos5"])), **o)(y)
    if kind == 19:
        return L.CenterCrop(r.int(1, 7), r.int(1, 7))(y)
    if kind == 20:
        names = [n for n in ("RandomFlip", "RandomContrast", "RandomZoom", "RandomRotation", "RandomTranslation", "RandomBrightness") if has(n)]
        n = r.one(*names)
        return {"RandomFlip": lambda: L.RandomFlip(), "RandomContrast": lambda: L.RandomContrast(0.2), "RandomZoom": lambda: L.RandomZoom(0.2), "RandomRotation": lambda: L.RandomRotation(0.2), "RandomTranslation": lambda: L.RandomTranslation(0.1, 0.1),
                "RandomBrightness": lambda: L.RandomBrightness(0.1)}[n]()(y)
    if kind == 21 and VERSION >= 3 and has("AdaptiveAveragePooling2D"):
        return r.one(L.AdaptiveAveragePooling2D, L.AdaptiveMaxPooling2D)((r.int(1, h), r.int(1, w)))(y)
    if kind == 22:
        return merge(r, [y, L.Dense(c, activation="tanh")(y)])
    if kind == 23:
        return L.TimeDistributed(r.one(lambda: L.Dense(2), lambda: L.LSTM(2), lambda: L.Conv1D(2, 2, padding="same"), lambda: L.GlobalMaxPooling1D(), lambda: L.Flatten())())(y)
    return operation(r, y)


def volume(r, y):
    _, a, h, w, c = y.shape
    kind = r.int(0, 10)
    if kind <= 1:
        return L.Conv3D(r.int(1, 3), **{**conv_options(r, 3)})(y)
    if kind == 2:
        o = conv_options(r, 3, True)
        o.pop("dilation_rate", None)
        return L.Conv3DTranspose(r.int(1, 2), **o)(y)
    if kind == 3:
        return r.one(L.MaxPooling3D, L.AveragePooling3D)(r.one(2, (1, 2, 2)), **some(r, padding="same"))(y)
    if kind == 4:
        return r.one(L.GlobalMaxPooling3D, L.GlobalAveragePooling3D)(**some(r, keepdims=True))(y)
    if kind == 5:
        return r.one(L.ZeroPadding3D(r.one(1, (1, 0, 2))), L.Cropping3D(((0, 1), (0, 0), (1, 0))), L.UpSampling3D((1, 2, 1)), L.SpatialDropout3D(0.2))(y)
    if kind <= 8:
        o = conv_options(r, 2)
        return L.ConvLSTM2D(r.int(1, 2), **{**o, "padding": r.one("valid", "same"), **some(r, recurrent_activation="sigmoid", go_backwards=True)}, return_sequences=r.bool())(y)
    if kind == 9:
        return norm(r, y)
    return L.TimeDistributed(r.one(lambda: L.Conv2D(2, 2, padding="same"), lambda: L.MaxPooling2D(2, padding="same"), lambda: L.GlobalAveragePooling2D(), lambda: L.Flatten())())(y)


def step(r, y):
    rank = len(y.shape)
    if y.dtype != "float32":
        return ops.cast(y, "float32") if VERSION >= 3 else tf.cast(y, "float32")
    if rank == 2:
        return vector(r, y)
    if rank == 3:
        return sequence(r, y)
    if rank == 4:
        return image(r, y)
    if rank == 5:
        return volume(r, y)
    return L.Flatten()(y) if rank > 5 else L.Reshape((1,))(y)


def chain(r, y, most=3):
    for _ in range(r.int(1, most)):
        try:
            made = step(r, y)
        except Exception as error:  # Keras itself refuses many combinations.
            if os.environ.get("SHOW"):
                print("skip", type(error).__name__, str(error)[:200].replace("\n", " "))
            continue
        if any(d == 0 for d in made.shape[1:]) or np.prod([d or 1 for d in made.shape[1:]]) > 3000:
            continue
        y = made
    return y


def normal(r, *shape):
    x = r.r.normal(0, 1, shape).astype("float32")
    if r.chance(0.3):
        x[r.r.rand(*shape) < 0.1] = 0
    return x


N = 4


def make_floats(r, rank):
    shape = {2: lambda: (r.int(1, 7),), 3: lambda: (r.int(2, 7), r.int(1, 4)), 4: lambda: (r.int(2, 8), r.int(2, 8), r.int(1, 4)), 5: lambda: (r.int(1, 4), r.int(2, 5), r.int(2, 5), r.int(1, 2))}[rank]()
    declared = (None, *shape[1:]) if rank == 3 and r.chance(0.15) else shape
    x = L.Input(declared, name="x")
    return [x], chain(r, x), {"x": normal(r, N, *shape)}


def make_tokens(r, masked=False):
    t = r.int(2, 7)
    x = L.Input((t,), name="x", dtype=r.one("int32", "int64", "float32"))
    y = L.Embedding(12, r.int(1, 4), mask_zero=masked or r.bool())(x)
    data = r.r.randint(0, 12, (N, t)).astype(x.dtype if isinstance(x.dtype, str) else x.dtype.name)
    for i in range(N):
        k = r.int(1, t)
        if r.chance(0.6):
            data[i, k:] = 0
        elif r.chance(0.2):
            data[i, :k] = 0
    return [x], chain(r, y, 4), {"x": data}


def make_masked(r):
    if r.bool():
        return make_tokens(r, True)
    t, f = r.int(2, 6), r.int(1, 3)
    x = L.Input((t, f), name="x")
    y = L.Masking(r.one(0.0, 1.0))(x)
    data = normal(r, N, t, f)
    for i in range(N):
        data[i, r.int(1, t):] = r.one(0.0, 1.0)
    if r.chance(0.3):
        y = L.LSTM(2, return_sequences=True)(y)
    if r.chance(0.3):
        z = L.Masking(0.0)(L.Input((t, f), name="z")) if False else L.Dense(y.shape[-1])(y)
        y = merge(r, [y, z])
    return [x], chain(r, y, 3), {"x": data}


WORDS = ["Red", "green", "blue", "the", "cat", "don't", "stop!", "a-b", "x_y", "café", "ÉTÉ", "naïve", "hello,", "world.", "...", "#1", "42", "ß", "日本", "[UNK]", "(yes)", "it's", "e.g.", "two\twords", "new\nline"]


def make_text(r):
    kind = r.int(0, 3)
    pick = lambda: " ".join(r.one(*WORDS) for _ in range(r.int(0, 8)))
    pad = lambda s: r.one("", " ", "  ") + s + r.one("", " ", "\n")
    if kind <= 2:
        mode = r.one("int", "int", "multi_hot", "count", "tf_idf")
        o = dict(output_mode=mode, **some(r, standardize=r.one(None, "lower", "strip_punctuation", "lower_and_strip_punctuation"), split=r.one("whitespace", "character"), ngrams=r.one(1, 2, 3, (1, 3), (2,)), max_tokens=r.int(8, 30)))
        if mode == "int":
            o.update(some(r, output_sequence_length=r.int(1, 10)))
        else:
            o.update({"pad_to_max_tokens": True} if "max_tokens" in o and r.bool() else {})
        layer = L.TextVectorization(**o)
        layer.adapt(np.array([pick() for _ in range(20)] or ["a"]))
        x = L.Input(r.one((1,), ()), name="x", dtype="string")
        y = layer(x)
        if mode == "int" and r.bool() and "output_sequence_length" in o:
            y = L.Embedding(400, 3, mask_zero=r.bool())(y)
            y = r.one(L.GlobalAveragePooling1D(), L.LSTM(2), L.Flatten())(y)
        return [x], y, {"x": np.array([pad(pick()) for _ in range(N)], dtype=object).reshape((N, *x.shape[1:]))}
    t = r.int(1, 3)
    mode = r.one("int", "one_hot", "multi_hot", "count", "tf_idf")
    if mode == "one_hot" and VERSION < 3:
        t = 1
    o = dict(output_mode=mode, **some(r, num_oov_indices=r.one(0, 2, 3) if r.chance(0.4) else 1, mask_token=r.one("", "a", None), oov_token="?", max_tokens=12))
    if mode != "int" and "max_tokens" in o:
        o.update(some(r, pad_to_max_tokens=True))
    layer = L.StringLookup(**o)
    words = ["a", "b", "c", "dd", "é"]
    layer.adapt(np.array([r.one(*words) for _ in range(30)]))
    x = L.Input((t,), name="x", dtype="string")
    y = layer(x)
    inside = o.get("num_oov_indices") == 0
    have = [w for w in layer.get_vocabulary() if w in words] or ["a"]
    return [x], y, {"x": np.array([r.one(*(have if inside else [*words, "zz", "", "?"])) for _ in range(N * t)], dtype=object).reshape(N, t)}


def make_codes(r):
    t = r.int(1, 3)
    kind = r.int(0, 7)
    if kind == 0:
        mode = r.one("int", "one_hot", "multi_hot", "count", "tf_idf")
        o = dict(output_mode=mode, **some(r, num_oov_indices=r.one(2, 3), mask_token=r.one(0, 5, None), oov_token=-7, max_tokens=20))
        layer = L.IntegerLookup(**o)
        layer.adapt(r.r.randint(0, 9, 40))
        x = L.Input((t,), name="x", dtype=r.one("int64", "int32"))
        return [x], layer(x), {"x": r.r.randint(-3, 14, (N, t)).astype(x.dtype if isinstance(x.dtype, str) else x.dtype.name)}
    if kind == 1:
        x = L.Input((t,), name="x", dtype=r.one("int64", "int32"))
        mode = r.one("one_hot", "multi_hot", "count")
        return [x], L.CategoryEncoding(9, output_mode=mode)(x), {"x": r.r.randint(0, 9, (N, t)).astype(x.dtype if isinstance(x.dtype, str) else x.dtype.name)}
    if kind == 2:
        x = L.Input((t,), name="x")
        d = L.Discretization(**r.one(dict(bin_boundaries=[-0.7, 0.0, 0.4, 2.0]), dict(num_bins=4)), output_mode=r.one("int", "one_hot", "multi_hot", "count"))
        data = normal(r, N, t)
        data[0] = 0.4
        if d.num_bins:
            d.adapt(normal(r, 50, t))
        return [x], d(x), {"x": data}
    if kind == 3:
        shape = r.one((3,), (4, 2), (3, 2, 2))
        x = L.Input(shape, name="x")
        n = L.Normalization(**r.one({}, dict(axis=None), dict(axis=1), dict(mean=0.3, variance=2.0, axis=None), dict(mean=[1.0] * shape[-1], variance=[2.0] * shape[-1])), **some(r, invert=True))
        if n.input_mean is None:
            n.adapt(normal(r, 30, *shape) * 2 + 1)
        return [x], n(x), {"x": normal(r, N, *shape)}
    if kind == 4:
        text = r.bool()
        x = L.Input((t,), name="x", dtype="string" if text else r.one("int64", "int32"))
        salt = r.one(None, None, 7, [3, 9])
        layer = L.Hashing(r.int(2, 20), **some(r, mask_value="a" if text else 3, salt=salt, output_mode=r.one("one_hot", "multi_hot", "count")))
        data = np.array([r.one("a", "b", "", "hello", "x" * r.int(1, 90), "é日本") for _ in range(N * t)], dtype=object).reshape(N, t) if text else r.r.randint(-1000, 1000, (N, t)).astype(x.dtype if isinstance(x.dtype, str) else x.dtype.name)
        return [x], layer(x), {"x": data}
    if kind == 5 and has("HashedCrossing"):
        t = 1
        text = [r.bool(), r.bool()]
        xs = [L.Input((t,), name=n, dtype="string" if s else "int64") for n, s in zip("xy", text)]
        layer = L.HashedCrossing(r.int(3, 30), **some(r, output_mode="one_hot"))
        feeds = {n: np.array([r.one("a", "b", "hello") for _ in range(N)], dtype=object).reshape(N, t) if s else r.r.randint(-50, 50, (N, t)).astype("int64") for n, s in zip("xy", text)}
        return xs, layer(tuple(xs)), feeds
    shape = (r.int(1, 4),)
    x = L.Input(shape, name="x")
    return [x], L.Rescaling(r.one(2.0, [0.5] * shape[0]), offset=r.one(1.0, [0.2] * shape[0]))(x), {"x": normal(r, N, *shape)}


def make_heads(r):
    """Several inputs and outputs, shared layers, nested models, states."""
    t, f = r.int(2, 5), r.int(1, 4)
    a, b = L.Input((t, f), name="a"), L.Input((t, f), name="b")
    shared = r.one(L.LSTM(3, return_sequences=True), L.Dense(3, activation="tanh"), L.Conv1D(3, 2, padding="same"))
    i = L.Input((t, 3), name="inner_in")
    inner = keras.Model(i, r.one(chain(r, i, 2), [L.Dense(2, name="h1")(i), L.GlobalMaxPooling1D(name="h2")(i)]), name="inner")
    ya, yb = shared(a), shared(b)
    outs = []
    for y in (ya, yb):
        o = inner(y)
        outs += list(o) if isinstance(o, (list, tuple)) else [o]
    states = L.LSTM(2, return_state=True)(a)
    outs.append(L.LSTM(2, return_sequences=r.bool())(b, initial_state=states[1:]))
    if r.bool():
        g, s = L.GRU(2, return_state=True, return_sequences=True)(a)
        outs += [g, s]
    if r.bool():
        bi = L.Bidirectional(L.LSTM(2, return_state=True, return_sequences=r.bool()))(a)
        outs += list(bi)
    if r.chance(0.4):
        s = keras.Sequential([L.Input((t, f)), L.Flatten(), L.Dense(2)] if r.bool() else [L.Flatten(), L.Dense(2)], name="seq")
        outs += [s(a), s(b)]
    if r.chance(0.4):
        outs.append(L.MultiHeadAttention(2, 2)(a, b, return_attention_scores=False))
    if r.chance(0.3):
        sc = L.MultiHeadAttention(2, 2)(a, b, return_attention_scores=True)
        outs += list(sc)
    y = {"o%d" % k: v for k, v in enumerate(outs)} if VERSION >= 3 and r.bool() else outs
    return [a, b], y, {"a": normal(r, N, t, f), "b": normal(r, N, t, f)}


def make_graph(r):
    """A sequential model."""
    rank = r.int(2, 4)
    shape = {2: (r.int(2, 6),), 3: (r.int(3, 6), r.int(1, 4)), 4: (r.int(4, 8), r.int(4, 8), r.int(1, 3))}[rank]
    stack = {2: lambda: [L.Dense(4, activation="relu"), L.BatchNormalization(), L.Dropout(0.2), L.Dense(3)], 3: lambda: [rnn_cell_layer(r, True, False), L.Bidirectional(rnn_cell_layer(r, False, False)), L.Dense(2, activation="softmax")],
             4: lambda: [L.Rescaling(0.5), L.RandomFlip(), L.Conv2D(3, 3, padding="same", activation="relu"), L.MaxPooling2D(), L.Flatten(), L.Dense(2)]}[rank]()
    m = keras.Sequential(([L.Input(shape)] if r.bool() else []) + stack)
    m.build((None, *shape))
    if not m.built or m.inputs is None:
        m(np.zeros((1, *shape), "float32"))
    return m, None, {"x": normal(r, N, *shape)}


def shake(model, seed):
    g = np.random.RandomState(seed)
    for w in model.weights:
        path = getattr(w, "path", w.name)
        if "float" not in str(w.dtype) or "seed" in path or "idf" in path:
            continue
        if any(s in path for s in ("normalization/mean", "normalization/variance", "normalization_1/")) and "batch" not in path and "layer" not in path:
            continue
        v = g.normal(0, 0.4, w.shape).astype("float32")
        w.assign(np.abs(v) + 0.5 if "variance" in path or "gamma" in path or "moving_var" in path else v)


def tensor(name, x):
    data = [str(v) for v in x.ravel()] if x.dtype == object else [float(v) if np.isfinite(v) else None for v in x.ravel()] if "float" in str(x.dtype) else x.ravel().tolist()
    return {"name": name, "datatype": TYPES[str(x.dtype)], "shape": list(x.shape), "data": data}


def build(seed, families):
    r = Random(seed)
    tf.random.set_seed(seed)
    keras.utils.set_random_seed(seed)
    keras.backend.clear_session()
    family = r.one(*families)
    ranks = {"vector": 2, "sequence": 3, "image": 4, "volume": 5}
    if family in ranks:
        inputs, y, feeds = make_floats(r, ranks[family])
    else:
        inputs, y, feeds = {"tokens": make_tokens, "text": make_text, "codes": make_codes, "masked": make_masked, "heads": make_heads, "graph": make_graph}[family](r)
    model = inputs if y is None else keras.Model(inputs if len(inputs) > 1 else inputs[0], y)
    if family not in ("text", "codes"):
        shake(model, seed)
    given = [tf.constant(v.tolist() if v.dtype == object else v, dtype=tf.string if v.dtype == object else None) for v in feeds.values()]
    made = model(dict(zip(feeds, given)) if len(given) > 1 else given[0], training=False)
    if y is None or len(inputs) == 1:
        feeds = {model.input_names[0] if VERSION < 3 else model.inputs[0].name if y is not None else "keras_tensor": next(iter(feeds.values()))}
    if isinstance(made, dict):
        outs = {k: v.numpy() for k, v in made.items()}
    else:
        made = made if isinstance(made, (list, tuple)) else [made]
        outs = {k: v.numpy() for k, v in zip(model.output_names if len(model.output_names) == len(made) else ["output_%d" % k for k in range(len(made))], made)} if len(made) > 1 else {"output": made[0].numpy()}
    used = {}
    fmt = r.one("keras", "keras", "h5") if not (os.environ.get("H5")) else "h5"
    name = "%05d-%s" % (seed, family)
    folder = OUT / name
    folder.mkdir(parents=True, exist_ok=True)
    file = "model." + fmt
    try:
        model.save(str(folder / file))
        reloaded = keras.models.load_model(str(folder / file))
        again = reloaded(dict(zip(feeds, given)) if len(given) > 1 else given[0], training=False)
        again = list(again.values()) if isinstance(again, dict) else again if isinstance(again, (list, tuple)) else [again]
        if not all(np.allclose(np.asarray(p, dtype="float64") if p.dtype != object else 0, np.asarray(q, dtype="float64") if p.dtype != object else 0, atol=1e-4, equal_nan=True) for p, q in zip(list(outs.values()), [a.numpy() for a in again])):
            raise ValueError("the file gives other results than the model")
    except Exception as error:
        print(name, "is not saved:", type(error).__name__, str(error)[:int(os.environ.get("SHOW") or 120)].replace("\n", " "))
        for p in folder.iterdir():
            p.unlink()
        folder.rmdir()
        return
    (folder / "layers.txt").write_text("\n".join("%s %s" % (type(l).__name__, json.dumps(l.get_config(), default=str)) for l in model.layers))
    (folder / "inputs.json").write_text(json.dumps({"format": "tensors", "tensors": [tensor(k, v) for k, v in feeds.items()]}))
    expected = {}
    for k, v in outs.items():
        data = [x.decode() for x in v.ravel()] if v.dtype == object else [float(x) if np.isfinite(x) else None if np.isnan(x) else ("Infinity" if x > 0 else "-Infinity") for x in v.ravel()] if "float" in str(v.dtype) else v.ravel().tolist()
        expected[k] = {"kind": "value", "datatype": TYPES[str(v.dtype)], "shape": list(v.shape), "data": data}
    (folder / "expected.json").write_text(json.dumps({"n": N, "required": list(expected), "outputs": expected}))
    (folder / "case.json").write_text(json.dumps({"name": name, "family": "keras", "environment": "keras %s: %s" % (keras.__version__, " ".join(type(l).__name__ for l in model.layers)), "expect": "import", "model_file": file, "producer": {}, "n_rows": N, "n_bad_rows": 0, "tolerance": {"rtol": 1e-4, "atol": 1e-5}}))


def main():
    families = sys.argv[4:] or FAMILIES
    for seed in range(int(sys.argv[2]), int(sys.argv[3])):
        # Some combinations end the process (TensorFlow divides by zero).
        child = os.fork()
        if child == 0:
            try:
                build(seed, families)
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
