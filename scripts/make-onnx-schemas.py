"""Writes packages/core/src/onnx/schemas/*.generated.ts from the onnx package's operator schemas (opset 21, ai.onnx.ml 5).

    python scripts/make-onnx-schemas.py
"""
import json
import pathlib
import re

import onnx
from onnx import defs

OUT = pathlib.Path(__file__).resolve().parent.parent / "packages/core/src/onnx/schemas"
TYPES = ["float", "double", "float16", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool", "string"]
KINDS = {1: "float", 2: "int", 3: "string", 4: "tensor", 5: "graph", 6: "floats", 7: "ints", 8: "strings", 9: "tensors", 10: "graphs"}


def elements(strs):
    """Which of our element types a set of ONNX type strings allows."""
    found = {m.group(1) for s in strs if (m := re.fullmatch(r"tensor\((\w+)\)", s))}
    return [t for t in TYPES if t in found]


def compact(types):
    if types == TYPES:
        return "all"
    if types == [t for t in TYPES if t != "string"]:
        return "notstring"
    if types == [t for t in TYPES if t not in ("string", "bool")]:
        return "number"
    return ",".join(types)


def formal(p):
    mark = {0: "", 1: "?", 2: "*"}[p.option.value]
    if mark == "*" and not p.is_homogeneous:
        mark = "~"
    kind = p.type_str
    m = re.fullmatch(r"tensor\((\w+)\)", kind)
    return f"{p.name.replace(' ', '_') or 'x'}{mark}:{m.group(1) if m else kind}"


def attribute(name, a):
    text = f"{name}:{KINDS.get(a.type.value, 'other')}"
    if a.required:
        return text + "!"
    value = a.default_value
    if a.type.value in (1, 2, 3, 6, 7, 8) and value.type:
        got = onnx.helper.get_attribute_value(value)
        decode = lambda v: v.decode() if isinstance(v, bytes) else v
        text += "=" + json.dumps([decode(v) for v in got] if isinstance(got, list) or hasattr(got, "append") else decode(got))
    return text


def emit(domain, version, name, constant):
    best = {}
    for s in defs.get_all_schemas_with_history():
        if s.domain == domain and s.since_version <= version:
            if s.name not in best or best[s.name].since_version < s.since_version:
                best[s.name] = s
    lines = [
        f"// Operators of {domain or 'ai.onnx'} {version}: written by scripts/make-onnx-schemas.py from the onnx package; do not edit.",
        "// name, since, inputs, outputs, fewest and most inputs and outputs, types of each type variable, attributes.",
        "",
        'import type { SchemaRow } from "../schema.ts";',
        "",
        f"export const {constant}: readonly SchemaRow[] = [",
    ]
    best = {op: s for op, s in best.items() if not s.deprecated}
    for op in sorted(best):
        s = best[op]
        try:
            constraints = " ".join(f"{c.type_param_str}={compact(elements(c.allowed_type_strs))}" for c in s.type_constraints)
        except Exception:
            constraints = ""
        most = lambda n: -1 if n > 1000 else n
        row = [
            op, s.since_version, " ".join(formal(p) for p in s.inputs), " ".join(formal(p) for p in s.outputs),
            [s.min_input, most(s.max_input), s.min_output, most(s.max_output)], constraints,
            [attribute(k, a) for k, a in sorted(s.attributes.items())],
        ]
        lines.append("  " + json.dumps(row) + ",")
    lines.append("];")
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / name).write_text("\n".join(lines) + "\n")
    print(name, len(best))


emit("", 21, "standard.generated.ts", "STANDARD")
emit("ai.onnx.ml", 5, "ml.generated.ts", "ML")
