"""One small PyTorch model for each operator and option, saved in every way, with what PyTorch gives for it.

usage: torch_operators.py OUT_DIR [trace|script|freeze|export|whole ...] [name=REGEX]
A search, not a fixture: node --conditions=@slipway/source scripts/check-corpus.ts OUT_DIR says what differs.
Lines are "expression | inputs"; f(..) are floats, i(n,..) integers below n, b(..) bools. The first size are the rows: 5, of
which two are shown to the tracer; a line that begins with ! has none. self.NAME are the layers of a line's third part.
"""
import importlib.util, json, os, re, sys, tempfile, warnings, zipfile

import torch, torch.nn as nn, torch.nn.functional as F

warnings.filterwarnings("ignore")
torch.manual_seed(5)
torch.set_grad_enabled(False)
LINES = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "torch_operators.txt")).read().split("\n")
OUT = sys.argv[1]
HOW = [a for a in sys.argv[2:] if "=" not in a] or ["trace", "script", "export"]
ONLY = next((a[5:] for a in sys.argv[2:] if a.startswith("name=")), "")
VERSION = torch.__version__.split("+")[0]
DT = {torch.float32: "FP32", torch.float64: "FP64", torch.int64: "INT64", torch.int32: "INT32", torch.int16: "INT16", torch.int8: "INT8", torch.uint8: "UINT8", torch.bool: "BOOL"}
env = {
    "torch": torch,
    "f": lambda *s: torch.randn(*s), "d": lambda *s: torch.randn(*s, dtype=torch.float64), "u": lambda *s: torch.rand(*s), "i": lambda n, *s: torch.randint(0, n, s),
    "b": lambda *s: torch.rand(*s) > 0.5, "s": lambda n, *s: torch.randint(-n, n, s), "i32": lambda n, *s: torch.randint(-n, n, s).int(), "u8": lambda n, *s: torch.randint(0, n, s).to(torch.uint8),
}

def written(lines):
    """The lines as classes of a module, which torch.jit.script can read."""
    text = "import math\nfrom typing import Dict, List, Optional, Tuple\nimport torch, torch.nn as nn, torch.nn.functional as F\nfrom torch import Tensor\n"
    for k, (expr, inputs, init, fixed) in enumerate(lines):
        names = ["x", "y", "z", "w"][:len(inputs)]
        body = "\n        ".join(expr.split(" ; "))
        if "return " not in body:
            head, _, last = body.rpartition("\n        ")
            body = (head + "\n        " if head else "") + "return " + last
        text += f"class M{k}(nn.Module):\n    def __init__(self):\n        super().__init__()\n        {init or 'pass'}\n    def forward(self, {', '.join(n + ': Tensor' for n in names)}):\n        {body}\n"
    path = os.path.join(tempfile.mkdtemp(), "written_models.py")
    open(path, "w").write(text)
    spec = importlib.util.spec_from_file_location("written_models", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["written_models"] = module
    spec.loader.exec_module(module)
    return module

def parse():
    out = []
    for line in LINES:
        if not line.strip() or line.startswith("#"): continue
        fixed = line.startswith("!")
        parts = [p.strip() for p in line.lstrip("!").split(" | ")]
        try: inputs = eval("[" + parts[1] + "]", dict(env))
        except Exception as e: print("BAD LINE", line, e); continue
        out.append((parts[0], inputs, parts[2] if len(parts) > 2 else "", fixed))
    return out

def flat(y, name=""):
    if torch.is_tensor(y): return [(name, y)]
    if isinstance(y, dict): return [p for k, v in y.items() for p in flat(v, k)]
    return [p for v in y for p in flat(v)]

def keep(name, folder, model_file, xs, names, y, rows):
    parts = [(n, v) for n, v in flat(y)]
    if any(v.dtype not in DT for _, v in parts): return False
    keyed = isinstance(y, dict)
    onames = [n for n, _ in parts] if keyed else ["output"] if len(parts) == 1 else [f"output_{k}" for k in range(len(parts))]
    t = lambda n, x: {"name": n, "datatype": DT[x.dtype], "shape": list(x.shape), "data": x.flatten().tolist()}
    n = xs[0].shape[0] if xs[0].dim() else 1
    json.dump({"format": "tensors", "n": n, "tensors": [t(a, x) for a, x in zip(names, xs)]}, open(folder + "/inputs.json", "w"))
    json.dump({"n": n, "required": onames, "outputs": {a: {"kind": "value", "datatype": DT[v.dtype], "shape": list(v.shape), "data": v.flatten().tolist()} for a, (_, v) in zip(onames, parts)}}, open(folder + "/expected.json", "w"))
    json.dump({"name": name, "family": "torch", "expect": "import", "environment": "torch " + VERSION, "model_file": model_file, "input": {"format": "tensors", "tensors": [{"name": a, "datatype": DT[x.dtype], "shape": list(x.shape)} for a, x in zip(names, xs)]}, "tolerance": {"rtol": 1e-5, "atol": 1e-5}}, open(folder + "/case.json", "w"))
    return True

def save(model, how, xs, fixed, path, expr):
    few = tuple(x if fixed else x[:2] for x in xs)
    if how == "trace": torch.jit.trace(model, few, check_trace=False).save(path)
    elif how == "script": torch.jit.script(model).save(path)
    elif how == "freeze": torch.jit.freeze(torch.jit.script(model).eval()).save(path)
    elif how == "freezetrace": torch.jit.freeze(torch.jit.trace(model, few, check_trace=False).eval()).save(path)
    elif how == "whole":
        layer = re.fullmatch(r"self\.(\w+)\(x\)(\[0\])?", expr)
        if not layer: raise ValueError("no layer of its own")
        torch.save(getattr(model, layer[1]), path)
    else:
        dynamic = None if fixed else tuple({0: torch.export.Dim("batch")} for _ in xs)
        program = torch.export.export(model, few, dynamic_shapes=dynamic)
        if how == "decomposed": program = program.run_decompositions()
        torch.export.save(program, path)

def main():
    lines = parse()
    module = written(lines)
    made = failed = 0
    for k, (expr, xs, init, fixed) in enumerate(lines):
        label = re.sub(r"[^A-Za-z0-9_.=,()-]+", "_", expr)[:90]
        if ONLY and not re.search(ONLY, expr + " " + init): continue
        try:
            model = getattr(module, f"M{k}")().eval()
            for m in model.modules():
                if getattr(m, "running_mean", None) is not None: m.running_mean.normal_(); m.running_var.uniform_(0.5, 2)
                if getattr(m, "weight", None) is not None and "Norm" in type(m).__name__: m.weight.uniform_(0.5, 2); m.bias is None or m.bias.normal_() if hasattr(m, "bias") else None
            y = model(*[x.clone() for x in xs])
        except Exception as e:
            print("CANNOT RUN", expr, type(e).__name__, str(e)[:150].replace("\n", " ")); failed += 1; continue
        for how in HOW:
            name = f"{k:03d}-{how}-{label}"
            folder = os.path.join(OUT, name)
            os.makedirs(folder, exist_ok=True)
            file = "model.pt2" if how in ("export", "decomposed") else "model.pt"
            try: save(model, how, [x.clone() for x in xs], fixed, os.path.join(folder, file), expr)
            except Exception as e:
                if os.environ.get("LOUD"): print("CANNOT SAVE", how, expr, type(e).__name__, str(e)[:150].replace("\n", " "))
                for left in os.listdir(folder): os.remove(os.path.join(folder, left))
                os.rmdir(folder); failed += 1; continue
            names = ["input"] if len(xs) == 1 and how not in ("export", "decomposed") else ["x", "y", "z", "w"][:len(xs)]
            if keep(name, folder, file, xs, names, y, not fixed): made += 1
    print(made, "made", failed, "failed")

main()
