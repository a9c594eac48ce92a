"""Pipelines that begin with a DictVectorizer: rows are dictionaries, keys may be missing, texts may be unknown.

    python dictionaries.py OUT    writes OUT/<name>-<environment>/{case.json,model.pkl,inputs.json,expected.json}
"""
import json, os, pickle, sys
import numpy as np
import sklearn
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MaxAbsScaler

ENVIRONMENT = "sk%d%d" % tuple(int(p) for p in sklearn.__version__.split(".")[:2])
r = np.random.RandomState(0)
CITIES = ["Bern", "Zürich", "東京", "a=b"]


def row(known=True):
    full = {"age": float(r.randint(18, 80)), "city": CITIES[r.randint(4)] if known else "Oslo", "visits": float(r.poisson(3))}
    return {k: v for k, v in full.items() if r.uniform() > 0.2}


train = [row() for _ in range(80)]
y = np.array(["yes" if d.get("age", 0) > 40 else "no" for d in train])
test = [row() for _ in range(10)] + [row(False) for _ in range(3)] + [{}]
MODELS = {
    "dict-vectorizer-logistic": (make_pipeline(DictVectorizer(), MaxAbsScaler(), LogisticRegression()), y, ("predict", "predict_proba")),
    "dict-vectorizer-unsorted": (make_pipeline(DictVectorizer(sparse=False, sort=False), Ridge()), r.normal(size=80), ("predict",)),
    "dict-vectorizer": (DictVectorizer(sparse=False), None, ("transform",)),
}
KINDS = {"predict": "label", "predict_proba": "probability", "transform": "transform"}
for name, (model, target, methods) in MODELS.items():
    model.fit(train, target)
    outputs = {}
    for m in methods:
        a = np.asarray(getattr(model, m)(test))
        kind = "value" if name.endswith("unsorted") else KINDS[m]
        outputs[m] = {"kind": kind, "datatype": "BYTES" if a.dtype.kind == "U" else "FP64", "shape": list(a.shape), "data": a.ravel().tolist()}
    folder = os.path.join(sys.argv[1], f"{name}-{ENVIRONMENT}")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "model.pkl"), "wb") as f:
        pickle.dump(model, f, protocol=4)
    case = {"name": f"{name}-{ENVIRONMENT}", "family": "sklearn", "environment": ENVIRONMENT, "producer": {"scikit-learn": sklearn.__version__, "numpy": np.__version__}, "model_file": "model.pkl",
            "expect": "import", "n_rows": len(test), "tolerance": {"rtol": 1e-9, "atol": 1e-10}, "input": {"format": "records", "columns": [{"name": k} for k in ("age", "city", "visits")]}}
    for file, content in {"case.json": case, "inputs.json": {"format": "records", "records": test}, "expected.json": {"n": len(test), "required": list(outputs), "outputs": outputs}}.items():
        with open(os.path.join(folder, file), "w") as f:
            json.dump(content, f, ensure_ascii=False)
            f.write("\n")
