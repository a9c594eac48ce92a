"""Pickles and joblib files of many kinds of values, with what Python itself reads from them, as one JSON file.

Run once for each environment:
    python pickle_values.py > ../pickle/values-numpy2.json        (scikit-learn 1.9, NumPy 2.4, pandas 3.1; with `lz4`)
    python pickle_values.py > ../pickle/values-numpy1.json        (scikit-learn 1.1, NumPy 1.23, pandas 1.5; with `lz4`)
    python pickle_values.py pandas > ../pickle/values-pyarrow.json  (only this value; with `pyarrow`, which pandas 3 then uses) The reader's tests compare their own description with `expected`.
"""
import base64
import bz2
import collections
import datetime
import gzip
import io
import json
import lzma
import math
import os
import pickle
import sys
import tempfile
import zlib

import joblib
import numpy as np
import scipy.sparse as sp

try:
    import pandas as pd
except ImportError:
    pd = None


class Plain:
    def __init__(self, **kw):
        self.__dict__.update(kw)


class Slots:
    __slots__ = ("a", "b")

    def __init__(self, a, b):
        self.a, self.b = a, b


class DictChild(dict):
    pass


class ListChild(list):
    pass


class NewArgs:
    def __new__(cls, *args, **kwargs):
        return object.__new__(cls)

    def __getnewargs_ex__(self):
        return (1, "x"), {"k": 2.5}


def number(x):
    x = float(x)
    if math.isnan(x):
        return {"float": "nan"}
    if math.isinf(x):
        return {"float": "inf" if x > 0 else "-inf"}
    if x == 0 and math.copysign(1, x) < 0:
        return {"float": "-0"}
    return {"float": x}


def element(x):
    """A scalar out of an array."""
    if isinstance(x, np.void) and x.dtype.names:
        return {"tuple": [element(x[n]) for n in x.dtype.names]}
    if isinstance(x, np.void):
        return {"bytes": bytes(x).hex()}
    if isinstance(x, np.ndarray):
        return {"tuple": [element(v) for v in x.ravel()]}
    if isinstance(x, (np.datetime64, np.timedelta64)):
        return {"int": str(x.view("i8"))}
    if isinstance(x, np.bool_):
        return bool(x)
    if isinstance(x, np.integer):
        return {"int": str(int(x))}
    if isinstance(x, np.floating):
        return number(x)
    if isinstance(x, np.complexfloating):
        return {"complex": [number(x.real), number(x.imag)]}
    if isinstance(x, np.bytes_):
        return {"bytes": bytes(x).hex()}
    return describe(str(x) if isinstance(x, np.str_) else x)


def describe(v):
    if v is None or isinstance(v, bool):
        return v
    if isinstance(v, np.generic):
        return {"scalar": v.dtype.newbyteorder("<").str, "value": element(v)}
    if isinstance(v, int):
        return {"int": str(v)}
    if isinstance(v, float):
        return number(v)
    if isinstance(v, complex):
        return {"complex": [number(v.real), number(v.imag)]}
    if isinstance(v, str):
        return v
    if isinstance(v, bytes):
        return {"bytes": v.hex()}
    if isinstance(v, bytearray):
        return {"bytearray": v.hex()}
    if isinstance(v, tuple):
        return {"tuple": [describe(x) for x in v]}
    if isinstance(v, (set, frozenset)):
        kind = "set" if isinstance(v, set) else "frozenset"
        return {kind: sorted((describe(x) for x in v), key=json.dumps)}
    if isinstance(v, (DictChild, ListChild)):
        items = [[describe(k), describe(x)] for k, x in v.items()] if isinstance(v, dict) else [describe(x) for x in v]
        return {"object": type(v).__name__, "items": items, "state": {k: describe(x) for k, x in v.__dict__.items()}}
    if isinstance(v, dict):
        return {"dict": [[describe(k), describe(x)] for k, x in v.items()]}
    if isinstance(v, list):
        return [describe(x) for x in v]
    if isinstance(v, Plain):
        return {"object": "Plain", "state": {k: describe(x) for k, x in v.__dict__.items()}}
    if isinstance(v, Slots):
        return {"object": "Slots", "slots": {"a": describe(v.a), "b": describe(v.b)}}
    if isinstance(v, NewArgs):
        return {"object": "NewArgs", "args": [{"int": "1"}, "x"], "kwargs": {"k": {"float": 2.5}}}
    if isinstance(v, np.ndarray):
        flat = np.asarray(v).ravel()
        values = [describe(x) for x in flat] if v.dtype == object else [element(x) for x in flat]
        return {"array": v.dtype.newbyteorder("<").str, "shape": list(v.shape), "values": values}
    if sp.issparse(v):
        return {"sparse": v.format, "shape": list(v.shape), "dense": [number(x) for x in v.toarray().ravel()]}
    if pd is not None and isinstance(v, (pd.Index, pd.Series, pd.Categorical)):
        return {"index": [describe(x) for x in v.tolist()]}
    if pd is not None and isinstance(v, pd.DataFrame):
        return {"frame": [describe(x) for x in v.columns.tolist()]}
    if isinstance(v, type) or callable(v):
        return {"global": v.__qualname__}
    raise TypeError(type(v))


shared = ["shared"]
rng = np.random.default_rng(5)
values = {
    "simple": [None, True, False, "", "text", 0, 1, -1, 255, 256, 65535, 65536, 2**31 - 1, -(2**31), 2**31, 2**53 + 1, -(2**40), 2**63, -(2**63), 2**70, -(2**255), 10**60],
    "long": [2**2047 + 12345, -(2**2040)],
    "floats": [0.0, -0.0, 1.5, -2.25, 1e308, 5e-324, 0.1, math.pi, float("inf"), float("-inf"), float("nan")],
    "strings": ["é", "Größe", "日本語", "😀", "a\nb\\c'd\"e\t", "\x00\x7f\x80\xff", "\ud800", "x\udfffy", "\ufeffbom", "\\u0041", "a" * 300, "ü" * 300],
    "bytes": [b"", b"abc", bytes(range(256)), b"\xff" * 300],
    "bytearrays": [bytearray(), bytearray(b"abc\xff"), bytearray(300)],
    "containers": [[], [[]], (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), {}, {"a": 1, 2: "b", (1, "x"): [3], None: 4, 1.5: 6}, set(), {1, 2, "a"}, frozenset(), frozenset({3, "b"})],
    "shared": [shared, shared, {"again": shared}],
    "many": [list(range(1100)), {f"key {i}": i for i in range(600)}],
    "collections": [collections.OrderedDict([("b", 1), ("a", 2)]), collections.defaultdict(list, {"k": [1]}), collections.Counter("hello")],
    "python-objects": [complex(1.5, -2), Plain(a=1, b=[2, "x"], c=None), DictChild(a=1), ListChild([1, 2]), len, dict],
    "dtypes": [np.arange(6).reshape(2, 3).astype(d) for d in ("i1", "i2", "<i4", ">i4", "i8", ">i8", "u1", "u2", "u4", "u8", "f2", "f4", ">f4", "f8", ">f8", "c8", "c16", "?")],
    "extremes": [np.array([2**63 - 1, -(2**63)]), np.array([2**64 - 1], dtype="u8"), np.array([np.nan, np.inf, -np.inf, -0.0, 5e-324])],
    "longdouble": np.array([1.5, -2.0, 0.0, 1e300, -1e-300], dtype=np.longdouble),
    "orders": [np.asfortranarray(rng.random((3, 4))), rng.random((3, 4)).T, rng.random((2, 3, 4)).transpose(1, 2, 0), rng.random((2, 3, 4)).transpose(2, 1, 0), rng.random((4, 6))[::2, ::3], np.asfortranarray(np.array([["a", "bc"], ["d", ""]])), np.asfortranarray(np.array([[1, "x"], [None, 2.5]], dtype=object))],
    "shapes": [np.array(3.5), np.zeros((0,)), np.zeros((0, 5)), np.zeros((3, 0)), np.zeros((1, 1, 1)), np.array(7, dtype=object)],
    "array-strings": [np.array(["", "a", "größe", "日本", "😀"]), np.array(["x", "yy"], dtype=">U3"), np.array([b"ab", b"", b"\xff"]), np.array(["a", None, 1, 2.5, True, "z"], dtype=object)],
    "dates": [np.array(["2024-01-02", "NaT"], dtype="M8[D]"), np.array([1, 2], dtype="M8[ns]"), np.array([5, -5], dtype="m8[25us]")],
    "structured": np.array([(1, 2.5, b"ab", [1, 2]), (3, 4.5, b"c", [3, 4])], dtype=[("a", "<i4"), ("b", ">f8"), ("c", "S3"), ("d", "<u2", (2,))]),
    "padded": np.zeros(2, dtype=np.dtype({"names": ["l", "t"], "formats": ["<i8", "u1"], "offsets": [0, 8], "itemsize": 16})),
    "scalars": [np.float64(1.5), np.float32(0.1), np.int64(-5), np.uint8(200), np.bool_(True), np.str_("año"), np.bytes_(b"xy"), np.datetime64("2024-05-06", "D"), np.complex128(1 - 2j)],
    "matrix": np.matrix([[1.0, 2.0], [3.0, 4.0]]),
    "nested-objects": np.array([[1, 2], "x", np.arange(3), None], dtype=object),
    "sparse": [c(np.array([[0, 1.5, 0], [2, 0, -3.0]])) for c in (sp.csr_matrix, sp.csc_matrix, sp.coo_matrix, sp.dia_matrix, sp.csr_array, sp.coo_array)],
}
if sys.version_info >= (3,):
    values["kinds-of-new"] = [Slots(1, "b"), NewArgs()]
if pd is not None:
    values["pandas"] = [
        pd.Index(["a", "b"]), pd.Index([3, 1]), pd.Index([0.5]), pd.RangeIndex(2, 9, 3), pd.RangeIndex(5, 0, -2), pd.Index(["x", "y"], dtype="string"),
        pd.Series([1.5, 2.5]), pd.Series(["a", "b"]), pd.Categorical(["u", "v", "u"]), pd.Series(["p", "q", "p"]).astype("category"),
        pd.DataFrame({"one": [1, 2], "two": ["x", "y"], "three": [0.5, 1]}), pd.DataFrame({"größe": [1], "b": ["x"], "c": [0.5]}).columns[::2],
    ]

# Slots need protocol 2; __getnewargs_ex__ is only written as such from protocol 4 on.
first_protocol = {"kinds-of-new": 4}


only = sys.argv[1:]


def cases():
    for name, value in values.items():
        if only and name not in only:
            continue
        for protocol in range(first_protocol.get(name, 0), 6):
            data = pickle.dumps(value, protocol)
            yield {"name": name, "how": f"protocol {protocol}", "protocol": protocol, "compression": None, "data": data, "expected": describe(pickle.loads(data))}
    if only:
        return
    buffer = io.BytesIO()
    pickle._Pickler(buffer, 4).dump(values["containers"])
    yield {"name": "containers", "how": "Python's own pickler", "protocol": 4, "compression": None, "data": buffer.getvalue(), "expected": describe(values["containers"])}
    mixed = {"c": values["orders"], "o": values["nested-objects"], "t": values["structured"], "s": values["sparse"], "e": np.zeros((0, 3)), "u": values["array-strings"], "z": np.zeros(300)}
    folder = tempfile.mkdtemp()
    for how, compress in {"plain": 0, "zlib": ("zlib", 3), "zlib9": ("zlib", 9), "gzip": ("gzip", 6), "bz2": ("bz2", 3), "lzma": ("lzma", 3), "xz": ("xz", 3), "lz4": ("lz4", 3)}.items():
        path = os.path.join(folder, "x")
        try:
            joblib.dump(mixed, path, compress=compress)
        except (ValueError, ImportError):
            continue
        with open(path, "rb") as f:
            data = f.read()
        kind = {"plain": None, "zlib9": "zlib", "bz2": "bzip2"}.get(how, how)
        yield {"name": "mixed", "how": f"joblib {how}", "protocol": None, "compression": kind, "data": data, "expected": describe(joblib.load(path))}
    for protocol in (0, 2, 3, 4, 5):
        path = os.path.join(folder, "y")
        joblib.dump(mixed, path, protocol=protocol)
        with open(path, "rb") as f:
            data = f.read()
        yield {"name": "mixed", "how": f"joblib protocol {protocol}", "protocol": protocol, "compression": None, "data": data, "expected": describe(joblib.load(path))}
    text = pickle.dumps([f"line {i % 97} of some text" for i in range(3000)], 4)
    expected = describe(pickle.loads(text))
    for how, packed in {
        "zlib": zlib.compress(text, 9), "gzip": gzip.compress(text[:1000], 9, mtime=0) + gzip.compress(text[1000:], 1, mtime=0), "bzip2": bz2.compress(text, 1) ,
        "xz": lzma.compress(text, check=lzma.CHECK_CRC32), "lzma": lzma.compress(text, lzma.FORMAT_ALONE),
        "gzip of zlib": gzip.compress(zlib.compress(text), mtime=0),
    }.items():
        yield {"name": "text", "how": f"whole file {how}", "protocol": 4, "compression": how, "data": packed, "expected": expected if how == "zlib" else "same as zlib"}


print("[")
separator = ""
known = {}
for case in cases():
    # What was said once of a name is not said again.
    if known.get(case["name"]) == case["expected"] or case["expected"] == "same as zlib":
        del case["expected"]
    else:
        known[case["name"]] = case["expected"]
    case["data"] = base64.b64encode(zlib.compress(case["data"], 9)).decode()
    print(separator + json.dumps(case, separators=(",", ":")), end="")
    separator = ",\n"
print("\n]")
