"""Rows as the server sends them, and what a model answers as tensors.

Without NumPy everything is lists; with it, arrays over the message's own bytes.
"""
import array
import json
import math

try:
    import numpy as np
except ImportError:
    np = None
try:
    import pandas as pd
except ImportError:
    pd = None

MISSING = 0xFFFFFFFF
TYPES = {"float64": ("d", 8), "float32": ("f", 4), "int64": ("q", 8), "bool": ("B", 1)}


class Rows:
    """`numbers` is row-major [count, K], `strings` [count, S]; `columns` says where each column is, and of what type."""

    def __init__(self, count, numbers, strings, columns):
        self.count = count
        self.numbers = numbers
        self.strings = strings
        self.columns = columns
        self.widths = (sum(c["type"] != "string" for c in columns), sum(c["type"] == "string" for c in columns))

    def part(self, start, end):
        k, s = self.widths
        return Rows(end - start, self.numbers[start * k:end * k], self.strings[start * s:end * s], self.columns)

    def column(self, column):
        width = self.widths[column["type"] == "string"]
        values = (self.strings if column["type"] == "string" else self.numbers)[column["place"]::width]
        if column["type"] == "string":
            return values
        whole, flag = column.get("whole"), column["type"] == "boolean"
        if not whole and not flag:
            return values
        if np is not None:
            missing = np.isnan(values)
            if flag:
                return values.astype(bool) if not missing.any() else np.array([None if m else bool(v) for v, m in zip(values, missing)], dtype=object)
            return values.astype(np.int64) if not missing.any() and np.array_equal(values, np.trunc(values)) else values
        return [None if math.isnan(v) else bool(v) if flag else int(v) if v == int(v) else v for v in values]

    def frame(self):
        """As pandas reads a CSV file: texts as objects, NaN where something is missing."""
        data = {}
        for column in self.columns:
            values = self.column(column)
            if column["type"] == "string":
                values = np.array([np.nan if v is None else v for v in values], dtype=object)
            data[column["name"]] = values
        return pd.DataFrame(data, columns=[c["name"] for c in self.columns])

    def matrix(self):
        """[count, K], the columns in their order; of objects where there are texts."""
        if self.widths[1] == 0:
            return np.array(self.numbers, dtype=np.float64).reshape(self.count, self.widths[0])
        out = np.empty((self.count, len(self.columns)), dtype=object)
        for i, column in enumerate(self.columns):
            out[:, i] = self.column(column)
        return out

    def texts(self):
        return ["" if v is None else v for v in self.strings]

    def records(self):
        lists = [self.column(c) for c in self.columns]
        lists = [v.tolist() if hasattr(v, "tolist") else list(v) for v in lists]
        lists = [[None if isinstance(x, float) and math.isnan(x) else x for x in v] for v in lists]
        names = [c["name"] for c in self.columns]
        return [dict(zip(names, row)) for row in zip(*lists)] if lists else [{} for _ in range(self.count)]


def read_rows(header, body, columns):
    numbers, strings = (np.zeros(0) if np is not None else []), []
    for tensor in header["tensors"]:
        part = body[tensor["at"]:tensor["at"] + tensor["bytes"]]
        if tensor["type"] == "string":
            strings = read_strings(part, tensor["count"])
        elif np is not None:
            numbers = np.frombuffer(part, dtype="<f8")
        else:
            numbers = array.array("d")
            numbers.frombytes(part)
    return Rows(header["rows"], numbers, strings, columns)


def read_strings(part, count):
    lengths = array.array("I")
    lengths.frombytes(part[:count * 4])
    at, out = count * 4, []
    for length in lengths:
        if length == MISSING:
            out.append(None)
        else:
            out.append(str(part[at:at + length], "utf-8"))
            at += length
    return out


def shape_of(value):
    """The dimensions of an array, or of nested lists of numbers; of other lists, which become JSON texts, the first."""
    if hasattr(value, "shape"):
        return list(value.shape)
    if not isinstance(value, (list, tuple)):
        return []
    inner = [shape_of(v) for v in value]
    same = all(s == inner[0] for s in inner) and not any(isinstance(v, str) for row in value if isinstance(row, (list, tuple)) for v in row)
    return [len(value)] + (inner[0] if inner and same else [])


def conform(answer, rows, outputs):
    """{name: values} -> {name: (type, dims, flat values)}; `outputs` are the declared ones, None where they are to be found out."""
    wanted = None if outputs is None else {o["name"]: o for o in outputs}
    tensors = {}
    for name, values in answer.items():
        if wanted is not None and name not in wanted:
            continue
        tensors[name] = tensor_of(name, values() if callable(values) else values, rows, None if wanted is None else wanted[name])
    if wanted is not None:
        for name in wanted:
            if name not in tensors:
                raise ValueError("the model gave no %r for these rows, which it gave when it was started" % name)
    return tensors


def tensor_of(name, values, rows, declared):
    if hasattr(values, "to_numpy"):
        values = values.to_numpy()
    elif hasattr(values, "toarray"):
        values = values.toarray()
    elif hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    dims = shape_of(values)
    if not dims or dims[0] != rows:
        raise ValueError("%s has the shape %r for %d rows: the first dimension must be the rows" % (name, dims, rows))
    flat = values.reshape(-1) if hasattr(values, "reshape") else flatten(values, len(dims))
    if len(dims) == 2 and dims[1] == 1:
        dims = dims[:1]
    type_ = type_of(flat) if declared is None else declared["type"]
    return type_, dims, cast(name, flat, type_)


def flatten(values, depth):
    for _ in range(depth - 1):
        values = [x for v in values for x in v]
    return list(values)


def type_of(flat):
    if hasattr(flat, "dtype"):
        kind = flat.dtype.kind
        if kind == "f":
            return "float32" if flat.dtype.itemsize < 8 else "float64"
        if kind in "iu":
            return "int64"
        if kind == "b":
            return "bool"
        flat = flat.tolist()
    if all(isinstance(v, bool) for v in flat):
        return "bool"
    if all(isinstance(v, int) and not isinstance(v, bool) for v in flat):
        return "int64"
    if all(v is None or isinstance(v, (int, float)) or hasattr(v, "__float__") and not isinstance(v, str) for v in flat):
        return "float64"
    return "string"


def cast(name, flat, type_):
    if type_ == "string":
        return [v if isinstance(v, str) else None if v is None else json.dumps(v, default=str) if isinstance(v, (dict, list, tuple)) else str(v) for v in (flat.tolist() if hasattr(flat, "tolist") else flat)]
    if np is not None:
        values = np.asarray(flat)
        if values.dtype.kind == "O":
            values = np.array([np.nan if v is None else v for v in flat], dtype=np.float64) if type_ in ("float64", "float32") else np.array(list(flat))
        if type_ in ("int64", "bool") and values.dtype.kind == "f" and not np.array_equal(values, np.trunc(values)):
            raise ValueError("%s has a value that is no whole number; it was declared %s" % (name, type_))
        return np.ascontiguousarray(values, dtype={"float64": "<f8", "float32": "<f4", "int64": "<i8", "bool": "u1"}[type_])
    code, _ = TYPES[type_]
    if type_ in ("int64", "bool") and any(isinstance(v, float) and v != int(v) for v in flat):
        raise ValueError("%s has a value that is no whole number; it was declared %s" % (name, type_))
    return array.array(code, [math.nan if v is None else int(v) if code in "qB" else v for v in flat])


def write_tensors(tensors):
    headers, buffers, at = [], [], 0
    for name, (type_, dims, flat) in tensors.items():
        if type_ == "string":
            encoded = [None if v is None else v.encode("utf-8", "surrogatepass") for v in flat]
            part = array.array("I", [MISSING if e is None else len(e) for e in encoded]).tobytes() + b"".join(e for e in encoded if e is not None)
        else:
            part = flat.tobytes()
        padding = b"\0" * (-len(part) % 8)
        headers.append({"name": name, "type": type_, "dims": dims, "at": at, "bytes": len(part)})
        buffers += [part, padding]
        at += len(part) + len(padding)
    return headers, buffers


def join(parts, rows, outputs):
    """Answers of some rows, in their places; what stands at the others is not looked at."""
    tensors = {}
    for output in outputs:
        name, type_ = output["name"], output["type"]
        dims = parts[0][2][name][1]
        width = 1
        for d in dims[1:]:
            width *= d
        if type_ == "string":
            flat = [""] * (rows * width)
        elif np is not None:
            flat = np.zeros(rows * width, dtype={"float64": "<f8", "float32": "<f4", "int64": "<i8", "bool": "u1"}[type_])
        else:
            flat = array.array(TYPES[type_][0], [0] * (rows * width))
        for start, end, tensor in parts:
            flat[start * width:end * width] = tensor[name][2]
        tensors[name] = (type_, [rows] + list(dims[1:]), flat)
    return tensors
