"""Options that came late: EllipticEnvelope without its precision, paths of least angles and coordinate descent, CountTargetEncoder, MultiHotEncoder, HashingEncoder, composite columns and wrappers of category_encoders, KNNImputer with more ties than are replayed.

    python late_options.py OUT_FOLDER
"""
import os, pickle, sys
import numpy as np
import pandas as pd
from sklearn.covariance import EllipticEnvelope
from sklearn.decomposition import DictionaryLearning, SparseCoder
from sklearn.ensemble import ExtraTreesClassifier, RandomForestRegressor
from sklearn.feature_selection import SequentialFeatureSelector
from sklearn.impute import KNNImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.tree import DecisionTreeClassifier
from preprocess import ENVIRONMENT, NAN, dump, numbers, outputs, people, plain

OUT = sys.argv[1]


def shaped(X):
    if isinstance(X, pd.DataFrame):
        return {"format": "records", "records": [{c: plain(v) for c, v in r.items()} for r in X.to_dict("records")]}
    return {"format": "rows", "rows": [[plain(v) for v in r] for r in X]}


def save(name, model, X, expected, bad=(), why=""):
    folder = os.path.join(OUT, "%s-%s" % (name, ENVIRONMENT))
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "model.pkl"), "wb") as f:
        pickle.dump(model, f)
    dump(folder, "case.json", {"name": os.path.basename(folder), "family": name.split("-")[0], "environment": ENVIRONMENT, "model_file": "model.pkl", "expect": "import",
                               "made_by": "corpus/makers/late_options.py", "tolerance": {"rtol": 1e-9, "atol": 1e-9}})
    dump(folder, "inputs.json", shaped(X))
    dump(folder, "expected.json", {"n": len(X), "required": list(expected), "outputs": expected})
    if len(bad):
        dump(folder, "bad_inputs.json", dict(shaped(bad), errors=[why] * len(bad)))


T = numbers(30, seed=3)
m = EllipticEnvelope(store_precision=False, random_state=0).fit(numbers(80))
o = outputs(m, T)
o["score_samples"] = dict(o["decision_function"], data=[plain(v) for v in m.score_samples(T)])
save("outlier-elliptic-no-precision", m, T, o)

m = KNNImputer().fit(np.random.default_rng(5).integers(0, 3, (400, 3)).astype(float))
T = np.array([[1, 2, 0], [0, 0, 2], [2, 1, 1]], float)
save("impute-knn-many-ties", m, T, outputs(m, T), [[NAN, 1, 2], [0, NAN, 1]], "which of the tied donors NumPy 2 takes depends on the processor")

for seed, algorithm, options in [
    (0, "lasso_lars", {"transform_alpha": 0.3}), (1, "lasso_lars", {"transform_alpha": 0.2, "positive_code": True}), (2, "lasso_lars", {"transform_alpha": 0.05, "split_sign": True}),
    (3, "lars", {}), (4, "lars", {"transform_n_nonzero_coefs": 3}),
]:
    g = np.random.default_rng(seed)
    D = g.normal(0, 1, (12, 6))
    m = SparseCoder(D / np.linalg.norm(D, axis=1)[:, None], transform_algorithm=algorithm, **options).fit(D)
    T = g.normal(0, 2, (25, 6))
    T[0] = 0
    save("sparse-coder-%s-%d" % (algorithm.replace("_", "-"), seed), m, T, outputs(m, T))
m = DictionaryLearning(n_components=5, max_iter=5, transform_algorithm="lasso_lars", random_state=0).fit(numbers(40) / [1, 10, 100, 1])
T = numbers(20, seed=4) / [1, 10, 100, 1]
save("dictionary-lasso-lars", m, T, outputs(m, T))

def refused(name, model, code):
    folder = os.path.join(OUT, "refuse-%s-%s" % (name, ENVIRONMENT))
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "model.pkl"), "wb") as f:
        pickle.dump(model, f)
    dump(folder, "case.json", {"name": os.path.basename(folder), "family": name.split("-")[0], "environment": ENVIRONMENT, "model_file": "model.pkl", "expect": "refuse",
                               "made_by": "corpus/makers/late_options.py", "refusal": {"slipway_code": code}})


refused("search-not-refitted", GridSearchCV(Ridge(), {"alpha": [0.1, 1]}, refit=False, cv=2).fit(numbers(40), np.arange(40)), "not-fitted")
refused("sparse-coder-no-penalty", SparseCoder(np.eye(3), transform_algorithm="lasso_cd", transform_alpha=0.0).fit(np.eye(3)), "unsupported-option")
refused("sparse-coder-sweeps", SparseCoder(np.eye(3), transform_algorithm="lasso_cd", transform_max_iter=10**6).fit(np.eye(3)), "unsupported-option")

# Whether NaN passes is told by the estimator that was never fitted.
for name, inner in [("tree-random", DecisionTreeClassifier(max_depth=2, splitter="random", random_state=0)), ("extra-trees", ExtraTreesClassifier(3, random_state=0)), ("forest-mae", RandomForestRegressor(3, criterion="absolute_error", random_state=0))]:
    X, T = numbers(40), numbers(16, seed=4)
    m = SequentialFeatureSelector(inner, n_features_to_select=2, cv=2).fit(X, (X[:, 0] > np.median(X[:, 0])).astype(int))
    holes = T[:2].copy()
    holes[0, 1] = holes[1, 0] = NAN
    try:
        m.transform(holes)
        save("sequential-selector-" + name, m, np.vstack([T, holes]), outputs(m, np.vstack([T, holes])))
    except ValueError:
        save("sequential-selector-" + name, m, T, outputs(m, T), holes, "Input X contains NaN")

# Coordinate descent: exhausted sweeps, positive codes, an atom of zeros, more atoms than features, a row of zeros.
for seed, options in [(0, {"transform_alpha": 0.3}), (1, {"transform_alpha": 0.02, "transform_max_iter": 7}), (2, {"transform_alpha": 0.2, "positive_code": True}), (3, {"transform_alpha": 1.0, "split_sign": True})]:
    g = np.random.default_rng(seed)
    D = g.normal(0, 1, (12, 6)) + (g.normal(0, 2, (1, 6)) if seed % 2 else 0)
    D[4 + seed] = 0
    m = SparseCoder(D, transform_algorithm="lasso_cd", **options).fit(D)
    T = g.normal(0, 2, (25, 6))
    T[0] = 0
    save("sparse-coder-lasso-cd-%d" % seed, m, T, outputs(m, T))
m = DictionaryLearning(n_components=5, max_iter=5, transform_algorithm="lasso_cd", random_state=0).fit(numbers(40) / [1, 10, 100, 1])
T = numbers(20, seed=4) / [1, 10, 100, 1]
save("dictionary-lasso-cd", m, T, outputs(m, T))

try:
    from category_encoders import CountTargetEncoder
except ImportError:
    sys.exit()
r = np.random.RandomState(1)
for name, k, options, holed in [
    ("binary", 2, {}, False), ("binary-nan", 2, dict(handle_unknown="return_nan", handle_missing="return_nan"), True),
    ("multi", 3, dict(min_samples_leaf=5, smoothing=2.0), True), ("multi-nan", 3, dict(handle_unknown="return_nan", handle_missing="return_nan"), False),
]:
    d, t = (people(n, seed=s)[["city", "plan", "rooms"]] for n, s in ((80, 0), (30, 5)))
    for frame in (d, t):
        frame["rooms"] = frame["rooms"].astype(float)
    if holed:
        d.loc[r.rand(80) < 0.1, "city"] = None
    m = CountTargetEncoder(**options)
    m.fit(d, r.randint(0, k, 80))
    t.loc[3, "city"], t.loc[4, "city"], t.loc[5, "plan"], t.loc[6, "plan"] = None, "nowhere", "zz", None
    v = m.transform(t).values.astype(float)
    save("category-encoders-count-target-" + name, m, t, {"transform": {"kind": "transform", "datatype": "FP64", "shape": list(v.shape), "data": [plain(x) for x in v.ravel()]}})

try:
    from category_encoders import MultiHotEncoder
except ImportError:
    sys.exit()
d = pd.DataFrame({"tags": ["a|b", " c.x | a", None, "b||é(2)", "", "a b|a"], "age": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], "words": ["one two", "two", "two  three", "", "one", "four"]})
t = pd.DataFrame({"tags": ["b|a", "cqx|a", None, "é(2)", "  ", "zz|b", "a b", "a|b\n|\u2003c.x\u00a0", "|a|", "aa", "b|zz|", "c.x"], "age": np.arange(12.0), "words": ["one", "three  two", "four", None, "two", "one two", "  one", "two", "one", "four", "three", "one"]})
known = t[~t.tags.isin(["cqx|a", "zz|b", "aa", "b|zz|"])].reset_index(drop=True)
for name, options, rows, bad in [
    ("plain", {}, t, ()), ("indicators", dict(handle_unknown="indicator", handle_missing="indicator", use_cat_names=True), t, ()),
    ("strict", dict(handle_unknown="error", handle_missing="return_nan"), known, t[t.tags.isin(["zz|b", "aa"])]), ("ignore", dict(handle_missing="ignore", drop_invariant=True), t, ()),
    ("no-missing", dict(handle_missing="error"), t.dropna(), t[t.tags.isna()]),
]:
    fitted = d.fillna({"tags": "a"}) if name == "no-missing" else d
    m = MultiHotEncoder(cols=["tags"], **options).fit(fitted[["tags", "age"]])
    v = m.transform(rows[["tags", "age"]]).values.astype(float)
    save("encoders-multi-hot-" + name, m, rows[["tags", "age"]], {"transform": {"kind": "transform", "datatype": "FP64", "shape": list(v.shape), "data": [plain(x) for x in v.ravel()]}}, *([bad[["tags", "age"]], "ValueError"] if len(bad) else []))
m = MultiHotEncoder(cols=["words"], delimiter=" ", handle_unknown="indicator").fit(d[["words"]])
v = m.transform(t[["words"]]).values.astype(float)
save("encoders-multi-hot-spaces", m, t[["words"]], {"transform": {"kind": "transform", "datatype": "FP64", "shape": list(v.shape), "data": [plain(x) for x in v.ravel()]}})


# HashingEncoder: texts, a missing one, whole numbers, digests; alone, in a pipeline, beside columns that pass.
from category_encoders import HashingEncoder, MEstimateEncoder, TargetEncoder
from category_encoders.wrapper import NestedCVWrapper, PolynomialWrapper
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline


def transformed(m, t):
    v = np.asarray(m.transform(t)).astype(float)
    return {"transform": {"kind": "transform", "datatype": "FP64", "shape": list(v.shape), "data": [plain(x) for x in v.ravel()]}}


d, t = (people(n, seed=s)[["city", "plan", "rooms"]] for n, s in ((80, 0), (30, 5)))
for frame in (d, t):
    frame["floor"] = np.arange(len(frame)) % 7
t.loc[3, "city"], t.loc[4, "city"], t.loc[5, "plan"] = None, "nowhere \u00e9\u4e2d", ""
for name, options in [
    ("default", {}), ("sha1", dict(hash_method="sha1", n_components=5)), ("sha256", dict(hash_method="sha256", n_components=16, cols=["plan"])), ("sha512", dict(hash_method="sha512", n_components=3)),
    ("numbers", dict(cols=["city", "floor"])), ("invariant", dict(n_components=40, drop_invariant=True)), ("nothing", dict(cols=["floor"], n_components=1)),
]:
    used = options.get("cols", ["city", "plan"]) + ["floor", "rooms"]
    used = list(dict.fromkeys(used))
    m = HashingEncoder(max_process=1, **options).fit(d[used])
    save("category-encoders-hashing-" + name, m, t[used], transformed(m, t[used]))
m = make_pipeline(HashingEncoder(max_process=1, n_components=6), LogisticRegression()).fit(d[["city", "plan"]], d.floor > 2)
save("category-encoders-hashing-pipeline", m, t[["city", "plan"]], outputs(m, t[["city", "plan"]]))

r = np.random.RandomState(2)
c, u = d[["city", "plan", "rooms"]], t[["city", "plan", "rooms"]]
for name, options in [("plain", {}), ("kept", dict(keep_components=True, handle_missing="return_nan")), ("unknown", dict(handle_unknown="return_nan", cols=["rooms"]))]:
    m = TargetEncoder(composite_cols=[("city", "plan")], **options).fit(c, r.rand(80))
    save("category-encoders-composite-" + name, m, u, transformed(m, u))
m = TargetEncoder(composite_cols=[("city", "plan")], handle_unknown="error").fit(c, r.rand(80))
save("category-encoders-composite-strict", m, c[:20], transformed(m, c[:20]), u[4:6], "Data Error")
m = PolynomialWrapper(MEstimateEncoder(cols=["city", "plan"]))
m.fit(c, r.choice(["low", "mid", "top"], 80))
save("category-encoders-polynomial-wrapper", m, u, transformed(m, u))
m = NestedCVWrapper(TargetEncoder(cols=["plan"]), random_state=0)
m.fit(c[["plan", "rooms"]], r.rand(80))
save("category-encoders-nested-wrapper", m, u[["plan", "rooms"]], transformed(m, u[["plan", "rooms"]]))


def refused(name, model, code="unsupported-option"):
    folder = os.path.join(OUT, "%s-%s" % (name, ENVIRONMENT))
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "model.pkl"), "wb") as f:
        pickle.dump(model, f)
    dump(folder, "case.json", {"name": os.path.basename(folder), "family": name.split("-")[0], "environment": ENVIRONMENT, "model_file": "model.pkl", "expect": "refuse",
                               "made_by": "corpus/makers/late_options.py", "tolerance": {"rtol": 1e-9, "atol": 1e-9}, "refusal": {"slipway_code": code}})


refused("category-encoders-hashing-refused-digest", HashingEncoder(max_process=1, hash_method="blake2b").fit(d[["city"]]))
refused("category-encoders-hashing-refused-floats", HashingEncoder(max_process=1, cols=["floats"]).fit(d[["city"]].assign(floats=0.5)))
refused("category-encoders-composite-refused-numbers", TargetEncoder(composite_cols=[("city", "floor")]).fit(d[["city", "floor"]], r.rand(80)))
