"""CatBoost models (cbm, JSON, pickle) with what CatBoost itself predicts.

    python catboost_models.py OUT [NAME ...]    writes OUT/<name>-<environment>/{case.json,model.*,inputs.json,expected.json,bad_inputs.json}

Runs under CatBoost 1.0 to 1.2. The truth is that of the file, loaded again by the class that saved it.
"""
import json, os, pickle, sys, warnings
import catboost
import numpy as np
import pandas as pd
from catboost import CatBoost, CatBoostClassifier, CatBoostRanker, CatBoostRegressor, Pool
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
warnings.filterwarnings("ignore")

ENVIRONMENT = "cb%s" % catboost.__version__.replace(".", "")
CATS = ["city", "plan"]
ODD = ["", "Zürich", "日本語", "😀 smile", "a text of more than sixteen bytes", "a category whose name is longer than thirty-two bytes, by some",
       "x" * 64, "x" * 65, "y" * 150, "12", "-3", "never seen", "1.5", "nan", "None"]


def frame(n=240, seed=0, missing=False, ints=False):
    r = np.random.RandomState(seed)
    X = pd.DataFrame({"age": r.randint(18, 80, n).astype(float), "income": np.round(r.lognormal(3, 1, n), 3), "visits": r.randint(0, 9, n)})
    X["city"] = r.choice(["Bern", "Basel", "Genf", "Chur", "Thun", "Zug"] + ODD[:11], n)
    X["plan"] = r.randint(0, 4, n) if ints else r.choice(["basic", "pro", "max"], n)
    if missing:
        X.loc[r.rand(n) < 0.2, "age"] = np.nan
    score = 0.03 * X.age.fillna(50) + 0.5 * (X.city.str.len() % 3) + (X.plan.astype(str).str.len() > 3) + 0.2 * X.visits + r.randn(n) * 0.5
    return X, score.to_numpy()


def test_rows(X, seed=9):
    r = np.random.RandomState(seed)
    T = X.sample(24, random_state=seed).reset_index(drop=True)
    extra = X.iloc[:10].copy().reset_index(drop=True)
    extra["income"] = [0.0, -1.0, 1e9, 1e39, float("inf"), float("-inf"), 3.4e38, 1e-30, 20.0, 20.000001]
    if "age" in X:
        extra.loc[:2, "age"] = np.nan
    if "city" in X:
        extra["city"] = r.choice(ODD, 10)
    return pd.concat([T, extra], ignore_index=True)


NUM = ["age", "income", "visits"]
FAST = dict(iterations=12, depth=4, learning_rate=0.3, verbose=0, random_seed=1, allow_writing_files=False, thread_count=1)


def target(kind, score):
    cut = np.quantile(score, [0.33, 0.66])
    return {
        "binary": (score > np.median(score)).astype(int), "text2": np.where(score > np.median(score), "yes", "no"), "bool": score > np.median(score),
        "three": np.digitize(score, cut), "text3": np.array(["low", "mid", "high"])[np.digitize(score, cut)], "gap": np.array([-1, 5, 70])[np.digitize(score, cut)],
        "float2": np.where(score > np.median(score), 1.5, 0.5), "float3": np.array([0.25, 1.0, 2.5])[np.digitize(score, cut)],
        "count": np.floor(np.exp(score / 3)), "number": score * 1000, "share": (score - score.min()) / (score.max() - score.min()),
        "two": np.column_stack([score, -score * 2]), "labels2": np.column_stack([score > np.median(score), score > cut[1]]).astype(int),
    }[kind]


def make(name, cls, kind, cols=NUM, cats=(), fmt="cbm", missing=False, ints=False, fit=None, **options):
    return dict(name=name, cls=cls, kind=kind, cols=list(cols), cats=list(cats), fmt=fmt, missing=missing, ints=ints, fit=fit or {}, options={**FAST, **options})


ALL = NUM + CATS
C, R = CatBoostClassifier, CatBoostRegressor
CTR = dict(one_hot_max_size=1)
CASES = [
    make("binary", C, "binary"), make("binary-pickle", C, "text2", fmt="pkl", missing=True), make("binary-json", C, "bool", fmt="json", missing=True, nan_mode="Max"),
    make("nan-min", R, "number", missing=True, nan_mode="Min"), make("nan-max", R, "number", missing=True, nan_mode="Max"), make("nan-max-json", R, "number", fmt="json", missing=True, nan_mode="Max"),
    make("multiclass", C, "text3"), make("multiclass-gap", C, "gap", fmt="pkl"), make("multiclass-json", C, "text3", fmt="json"), make("float-labels", C, "float2"), make("float-labels-three", C, "float3", fmt="json"),
    make("one-vs-all", C, "three", loss_function="MultiClassOneVsAll"), make("one-vs-all-cats", C, "text3", cols=ALL, cats=CATS, loss_function="MultiClassOneVsAll"),
    make("bool-labels", C, "bool", fmt="pkl"), make("cross-entropy", C, "share", loss_function="CrossEntropy"), make("focal", C, "binary", loss_function="Focal:focal_alpha=0.4;focal_gamma=2"),
    make("multilabel", C, "labels2", loss_function="MultiLogloss"), make("one-label", C, "binary", loss_function="MultiCrossEntropy", fmt="pkl", depth=2), make("multilabel-cross-entropy", C, "labels2", loss_function="MultiCrossEntropy", fmt="pkl"),
    make("threshold", C, "text2", fit={"threshold": 0.7}), make("scaled", R, "number", fit={"scale": (0.5, 3.25)}), make("boost-from-zero", R, "number", boost_from_average=False),
    make("mae", R, "number", loss_function="MAE"), make("quantile", R, "number", loss_function="Quantile:alpha=0.8"), make("logcosh", R, "share", loss_function="LogCosh"),
    make("poisson", R, "count", loss_function="Poisson"), make("poisson-pickle", R, "count", loss_function="Poisson", fmt="pkl"), make("poisson-json", R, "count", loss_function="Poisson", fmt="json"),
    make("tweedie", R, "count", loss_function="Tweedie:variance_power=1.5"), make("huber", R, "number", loss_function="Huber:delta=2"), make("expectile", R, "number", loss_function="Expectile:alpha=0.3"),
    make("mape", R, "number", loss_function="MAPE"), make("uncertainty", R, "number", loss_function="RMSEWithUncertainty"), make("uncertainty-pickle", R, "number", loss_function="RMSEWithUncertainty", fmt="pkl"),
    make("multi-rmse", R, "two", loss_function="MultiRMSE"), make("multi-quantile", R, "number", loss_function="MultiQuantile:alpha=0.1,0.5,0.9", fmt="json"),
    make("plain-class-poisson", CatBoost, "count", fmt="pkl", loss_function="Poisson", depth=2), make("plain-class", CatBoost, "number", fmt="pkl", loss_function="RMSE"), make("ranker", CatBoostRanker, "count", fmt="pkl", loss_function="YetiRank", fit={"group": True}),
    make("one-hot", C, "text2", cols=ALL, cats=CATS, one_hot_max_size=50), make("one-hot-json", C, "text2", cols=ALL, cats=CATS, one_hot_max_size=50, fmt="json", fit={"pool": True}),
    make("one-hot-json-plain", C, "text2", cols=ALL, cats=CATS, one_hot_max_size=50, fmt="json"), make("one-hot-ints", C, "text2", cols=ALL, cats=["plan", "visits"], ints=True, one_hot_max_size=50, fit={"drop": ["city"]}),
    make("ctr-default", C, "text2", cols=ALL, cats=CATS), make("ctr-deep", C, "binary", cols=ALL, cats=CATS + ["visits"], max_ctr_complexity=4, depth=6, fmt="pkl", **CTR),
    make("ctr-json", C, "binary", cols=ALL, cats=CATS, fmt="json", fit={"pool": True}, **CTR), make("ctr-ints", R, "number", cols=ALL, cats=["plan", "visits"], ints=True, fit={"drop": ["city"]}, **CTR),
    make("ctr-all-types", C, "binary", cols=ALL, cats=CATS, simple_ctr=["Borders:Prior=0/1:Prior=0.5/1", "Buckets:Prior=0.25/1", "BinarizedTargetMeanValue:Prior=0/1", "Counter:Prior=0/1:CtrBorderCount=7"],
         combinations_ctr=["Borders", "Buckets", "BinarizedTargetMeanValue", "Counter"], **CTR),
    make("ctr-all-types-json", R, "number", cols=ALL, cats=CATS, fmt="json", fit={"pool": True}, simple_ctr=["Borders:TargetBorderCount=3", "Buckets:TargetBorderCount=3", "BinarizedTargetMeanValue:TargetBorderCount=2", "Counter"], **CTR),
    make("ctr-regression", R, "number", cols=ALL, cats=CATS, simple_ctr=["Borders:TargetBorderCount=4", "Buckets:TargetBorderCount=4", "BinarizedTargetMeanValue:TargetBorderCount=4", "Counter"], **CTR),
    make("ctr-multiclass", C, "text3", cols=ALL, cats=CATS, simple_ctr=["Borders", "Buckets", "Counter"], max_ctr_complexity=2, **CTR), make("ctr-multiclass-json", C, "text3", cols=ALL, cats=CATS, fmt="json", fit={"pool": True}, **CTR),
    make("ctr-full-counter", C, "binary", cols=ALL, cats=CATS, simple_ctr=["Counter"], combinations_ctr=["Counter"], counter_calc_method="Full", **CTR),
    make("ctr-missing", C, "binary", cols=ALL, cats=CATS, missing=True, nan_mode="Max", depth=6, max_ctr_complexity=3, iterations=30, **CTR),
    make("depthwise", C, "text2", grow_policy="Depthwise"), make("lossguide", R, "number", grow_policy="Lossguide", max_leaves=12, missing=True), make("lossguide-multi", C, "text3", grow_policy="Lossguide", max_leaves=9),
    make("depthwise-json", R, "number", grow_policy="Depthwise", fmt="json", missing=True, nan_mode="Max"), make("lossguide-multi-json", C, "text3", grow_policy="Lossguide", fmt="json"),
    make("lossguide-cats", C, "text2", cols=ALL, cats=CATS, grow_policy="Lossguide", **CTR), make("depthwise-one-hot", C, "text2", cols=ALL, cats=CATS, grow_policy="Depthwise", one_hot_max_size=50, fmt="pkl"),
    make("stump", R, "number", depth=1, iterations=3), make("deep", R, "number", depth=10, iterations=3), make("one-tree", C, "text2", iterations=1), make("ordered", C, "text2", cols=ALL, cats=CATS, boosting_type="Ordered"),
    make("array", C, "text2", fit={"array": True}), make("array-cats", C, "text2", cols=ALL, cats=CATS, fit={"array": True}), make("array-json", R, "number", fmt="json", fit={"array": True}),
    make("pipeline", C, "text2", fmt="pkl", fit={"pipeline": True}), make("many-borders", R, "number", border_count=1000, iterations=60), make("ignored", C, "text2", cols=ALL, cats=CATS, ignored_features=["age", "city"]),
    make("constant", R, "number", iterations=2, learning_rate=0.0001, depth=2, l2_leaf_reg=1e9), make("best", C, "text2", fit={"eval": True}, iterations=60),
    make("refuse-text", C, "text2", cols=ALL, cats=["plan"], text_features=["city"]), make("refuse-unfitted", C, "text2", fmt="pkl", fit={"not": True}),
]


def truth(m, X, kind):
    found = {}
    def add(name, what, v):
        v = np.asarray(v)
        if name == "predict" and what == "label" and v.ndim == 2 and v.shape[1] == 1:
            v = v[:, 0]
        text, flag = v.dtype.kind in "OUS", v.dtype.kind == "b"
        whole = v.dtype.kind in "iu"
        found[name] = {"kind": what, "datatype": "BYTES" if text else "BOOL" if flag else "INT64" if whole else "FP64", "shape": list(v.shape), "data": [str(x) if text else bool(x) if flag else int(x) if whole else float(x) for x in v.ravel()]}
    if isinstance(m, CatBoostClassifier) or isinstance(m, Pipeline):
        add("predict", "label", m.predict(X))
        add("predict_proba", "probability", m.predict_proba(X))
        if not isinstance(m, Pipeline):
            add("decision_function", "score", m.predict(X, prediction_type="RawFormulaVal"))
    else:
        add("predict", "value", m.predict(X))
    return found


def dump(folder, name, value):
    with open(os.path.join(folder, name), "w") as f:
        json.dump(value, f, ensure_ascii=False)


def plain(v):
    if isinstance(v, str):
        return v
    v = float(v)
    return None if v != v else ("Infinity" if v > 0 else "-Infinity") if np.isinf(v) else int(v) if v == int(v) and abs(v) < 2**53 else v


def write(out, case):
    fit, options = case["fit"], dict(case["options"])
    X, score = frame(missing=case["missing"], ints=case["ints"])
    X = X[[c for c in case["cols"] if c not in fit.get("drop", [])]]
    y = target(case["kind"], score)
    cats = case["cats"]
    if not cats or fit.get("array"):
        options.pop("one_hot_max_size", None)
    T = test_rows(X)
    as_input = (lambda d: d.to_numpy(dtype=object if cats else float)) if fit.get("array") else (lambda d: d)
    if "ignored_features" in options:
        T = T.copy()
    m = CatBoost(options) if case["cls"] is CatBoost else case["cls"](**options)
    args = {}
    if cats:
        args["cat_features"] = [list(X.columns).index(c) for c in cats] if fit.get("array") else cats
    if fit.get("pipeline"):
        m = Pipeline([("scale", StandardScaler()), ("model", m)])
        T = T[np.isfinite(T.to_numpy(float)).all(axis=1)].reset_index(drop=True)
        m.fit(X, y)
    elif fit.get("group"):
        m.fit(X, y, group_id=np.arange(len(X)) // 10)
    elif fit.get("eval"):
        m.fit(X[:160], y[:160], eval_set=(X[160:], y[160:]), early_stopping_rounds=5)
    elif not fit.get("not"):
        m.fit(as_input(X), y, **args)
    if "threshold" in fit:
        m.set_probability_threshold(binclass_probability_threshold=fit["threshold"])
    if "scale" in fit:
        m.set_scale_and_bias(*fit["scale"])
    name = "catboost-%s-%s" % (case["name"], ENVIRONMENT)
    folder = os.path.join(out, name)
    os.makedirs(folder, exist_ok=True)
    file = "model.%s" % case["fmt"]
    path = os.path.join(folder, file)
    if case["fmt"] == "pkl":
        with open(path, "wb") as f:
            pickle.dump(m, f)
        with open(path, "rb") as f:
            m = pickle.load(f)
    else:
        pool = Pool(as_input(X), y, **args) if fit.get("pool") or (case["fmt"] == "json" and cats) else None
        m.save_model(path, format=case["fmt"], **({"pool": pool} if pool is not None and fit.get("pool") else {}))
        m = case["cls"]().load_model(path, format=case["fmt"])
    refuse = case["name"].startswith("refuse-")
    spec = {"name": name, "family": "catboost", "environment": ENVIRONMENT, "model_file": file, "expect": "refuse" if refuse else "import", "producer": {"catboost": catboost.__version__},
            "made_by": "corpus/makers/catboost_models.py", "tolerance": {"rtol": 1e-9, "atol": 1e-9}}
    if refuse:
        spec["refusal"] = {"slipway_code": "not-fitted" if case["name"] == "refuse-unfitted" else "unsupported-option"}
        return dump(folder, "case.json", spec)
    key = "rows" if fit.get("array") else "records"
    spec["input"] = {"format": key, "columns": [{"name": c, "type": "string" if c in cats else "float64"} for c in X.columns]}
    expected = truth(m, as_input(T), case["kind"])
    rows = [[plain(v) for v in row] for row in T.itertuples(index=False)]
    values = rows if key == "rows" else [dict(zip(X.columns, row)) for row in rows]
    dump(folder, "case.json", spec)
    dump(folder, "inputs.json", {"format": key, key: values})
    dump(folder, "expected.json", {"n": len(T), "required": list(expected), "outputs": expected})
    if cats:
        bad = [dict(zip(X.columns, rows[0]), **{c: None}) for c in cats] if key == "records" else [[None if c in cats else v for c, v in zip(X.columns, rows[0])]]
        dump(folder, "bad_inputs.json", {"format": key, key: bad})


def inside():
    """CatBoost as a part of scikit-learn's estimators, and models that CatBoost itself made of others: (name, model, data, file)."""
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import VotingClassifier
    from sklearn.linear_model import LogisticRegression
    X, score = frame()
    y, numbers = target("text2", score), target("number", score)
    yield "columns", Pipeline([("p", ColumnTransformer([("n", StandardScaler(), NUM)], remainder="passthrough")), ("m", C(**FAST, cat_features=[3, 4]))]).fit(X, y), X, "pkl"
    yield "calibrated", CalibratedClassifierCV(C(**FAST), cv=3).fit(X[NUM], y), X[NUM], "pkl"
    yield "voting", VotingClassifier([("a", C(**FAST)), ("b", LogisticRegression(max_iter=500))], voting="soft").fit(X[NUM], y), X[NUM], "pkl"
    yield "category-dtype", C(**FAST, cat_features=CATS).fit(X.assign(plan=X.plan.astype("category")), y), X, "pkl"
    a, b = R(**FAST).fit(X[NUM], numbers), R(**{**FAST, "random_seed": 7, "depth": 5}).fit(X[NUM], numbers)
    yield "sum", catboost.sum_models([a, b], weights=[0.25, 0.75]), X[NUM], "cbm"
    a.shrink(5)
    yield "shrunk", a, X[NUM], "cbm"


def write_inside(out, name, m, X, fmt):
    folder = os.path.join(out, "catboost-in-%s-%s" % (name, ENVIRONMENT))
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "model." + fmt)
    if fmt == "pkl":
        with open(path, "wb") as f:
            pickle.dump(m, f)
    else:
        m.save_model(path)
    T = test_rows(X)
    T = T[np.isfinite(T[NUM].to_numpy(float)).all(axis=1)].reset_index(drop=True)
    expected = {}
    for method, kind in ("predict", "label" if fmt == "pkl" else "value"), ("predict_proba", "probability"):
        if hasattr(m, method):
            v = np.asarray(getattr(m, method)(T))
            text = v.dtype.kind in "OU"
            expected[method] = {"kind": kind, "datatype": "BYTES" if text else "FP64", "shape": list(v.shape), "data": [str(x) if text else float(x) for x in v.ravel()]}
    dump(folder, "case.json", {"name": os.path.basename(folder), "family": "catboost", "environment": ENVIRONMENT, "model_file": "model." + fmt, "expect": "import", "producer": {"catboost": catboost.__version__},
                               "made_by": "corpus/makers/catboost_models.py", "tolerance": {"rtol": 1e-9, "atol": 1e-9}, "input": {"format": "records"}})
    dump(folder, "inputs.json", {"format": "records", "records": [dict(zip(T.columns, [plain(v) for v in row])) for row in T.itertuples(index=False)]})
    dump(folder, "expected.json", {"n": len(T), "required": list(expected), "outputs": expected})


if __name__ == "__main__":
    out, wanted = sys.argv[1], sys.argv[2:]
    if not wanted or "inside" in wanted:
        for made in inside():
            write_inside(out, *made)
    for case in CASES:
        if not wanted or case["name"] in wanted:
            try:
                write(out, case)
            except Exception as e:  # an option that this version does not take
                print(case["name"], "not made:", str(e).splitlines()[0][:160], file=sys.stderr)
