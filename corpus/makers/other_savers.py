"""Files that dill wrote (its own words for arrays and types), and models in namespaces.

    python other_savers.py OUT_FOLDER          (needs dill)
"""
import argparse, os, pickle, sys, types
import dill
import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from preprocess import ENVIRONMENT, dump, mark, numbers, outputs, people, plain

OUT = sys.argv[1]


def save(name, model, X, write, refused=None):
    folder = os.path.join(OUT, "%s-%s" % (name, ENVIRONMENT))
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "model.pkl"), "wb") as f:
        write(model, f)
    case = {"name": os.path.basename(folder), "family": name.split("-")[0], "environment": ENVIRONMENT, "model_file": "model.pkl", "expect": "refuse" if refused else "import", "made_by": "corpus/makers/other_savers.py"}
    dump(folder, "case.json", dict(case, refusal={"slipway_code": refused}) if refused else dict(case, tolerance={"rtol": 1e-9, "atol": 1e-9}))
    if not refused:
        rows = {"format": "records", "records": [{c: plain(v) for c, v in r.items()} for r in X.to_dict("records")]} if hasattr(X, "columns") else {"format": "rows", "rows": [[plain(v) for v in r] for r in X]}
        expected = outputs(model, X)
        dump(folder, "inputs.json", rows)
        dump(folder, "expected.json", {"n": len(X), "required": list(expected), "outputs": expected})


d, t = people(80), people(25, seed=4)
number = make_pipeline(SimpleImputer(), FunctionTransformer(np.log1p), StandardScaler())
pipe = make_pipeline(ColumnTransformer([("n", number, ["age", "income"]), ("c", OneHotEncoder(handle_unknown="ignore"), ["city", "plan"])]), GradientBoostingClassifier(n_estimators=5, random_state=0)).fit(d, mark(d))
save("dill-pipeline", pipe, t, dill.dump)
save("dill-recurse", pipe, t, lambda m, f: dill.dump(m, f, recurse=True, byref=True, protocol=2))
save("refuse-dill-lambda", make_pipeline(FunctionTransformer(lambda X: X), Ridge()).fit(numbers(), numbers()[:, 0]), None, dill.dump, "pickle-calls-code")

X = numbers()
line = LogisticRegression(max_iter=500).fit(X, X[:, 0] > np.median(X[:, 0]))
# Both are made with pickle's own pickler, which dill, once imported, teaches its words to nobody else.
save("namespace-simple", line, numbers(20, seed=4), lambda m, f: pickle.dump(types.SimpleNamespace(model=m, columns=["a", "b", "c", "d"]), f))
save("namespace-arguments", line, numbers(20, seed=4), lambda m, f: pickle.dump({"run": argparse.Namespace(lr=0.1, clf=m)}, f))
