"""Transformers (compose, preprocessing, impute, feature_selection), each saved alone or in a small pipeline, with what
scikit-learn itself gives.

    python preprocess.py OUT [NAME ...]    writes OUT/<name>-<environment>/{case.json,model.pkl,inputs.json,expected.json,bad_inputs.json}

Runs under scikit-learn 1.1 to 1.9. A case that the running version does not know is skipped. Every awkward row (missing,
infinite, unknown, empty, not ASCII) is tried alone: rows that scikit-learn refuses become bad_inputs.json.
"""
import json, os, pickle, sys, warnings
import numpy as np
import pandas as pd
import sklearn
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingRegressor, RandomForestClassifier
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.feature_selection import *
from sklearn.impute import IterativeImputer, KNNImputer, MissingIndicator, SimpleImputer
from sklearn.linear_model import Lasso, LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import *
from sklearn.preprocessing import KernelCenterer
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
from sklearn import preprocessing
warnings.filterwarnings("ignore")

VERSION = tuple(int(p) for p in sklearn.__version__.split(".")[:2])
ENVIRONMENT = "sk%d%d" % VERSION
NAN, INF = float("nan"), float("inf")
CASES = {}


def case(f):
    CASES[f.__name__.replace("_", "-")] = f
    return f


def numbers(n=60, f=4, seed=0, positive=False):
    r = np.random.RandomState(seed)
    X = np.round(r.normal(0, 1, (n, f)) * [1, 10, 100, 0.1][:f] + [0, 5, -50, 1][:f], 3)
    return np.abs(X) + 0.01 if positive else X


def holes(X, share=0.2, seed=1):
    X = X.copy()
    X[np.random.RandomState(seed).rand(*X.shape) < share] = np.nan
    return X


def target(X):
    return (np.nan_to_num(X[:, 0]) + np.nan_to_num(X[:, 1]) / 10 > 0.4).astype(int)


def people(n=60, seed=0, missing=False):
    """age, income (numbers), city, plan (text), member (bool), rooms (small ints)"""
    r = np.random.RandomState(seed)
    d = pd.DataFrame({
        "age": np.round(r.uniform(18, 80, n)), "income": np.round(r.lognormal(10, 1, n), 2),
        "city": r.choice(["Zürich", "Bern", "Genève", "東京", ""], n, p=[.4, .3, .15, .1, .05]), "plan": r.choice(["free", "pro", "team"], n),
        "member": r.rand(n) > 0.5, "rooms": r.randint(1, 5, n),
    })
    if missing:
        for c in ("age", "income", "city", "plan"):
            d.loc[r.rand(n) < 0.15, c] = np.nan
    return d


def mark(d):
    return (d["age"].fillna(40) > 45).astype(int).values


AWKWARD_NUMBERS = [NAN, INF, -INF, 0.0, -0.0, -1.0, -2.0, 1e-300, 1e-12, 1e39, -1e39, 1e160, 1e308, 123456789.125]
AWKWARD_TEXTS = [NAN, "", " ", "pro ", "PRO", "zzz", "Ünïçödé ☃", "nan", "None", "\U0001f600"]


def awkward(d):
    """One row for each awkward value, in one column at a time."""
    rows = []
    for c in d.columns:
        kind = d[c].dtype
        base = d.iloc[0].to_dict()
        if kind == bool:
            continue
        values = AWKWARD_NUMBERS if pd.api.types.is_numeric_dtype(kind) else AWKWARD_TEXTS
        rows += [dict(base, **{c: v}) for v in values]
    rows.append({c: (d[c].iloc[0] if d[c].dtype == bool else NAN) for c in d.columns})
    return rows


def frame(rows, like):
    out = {}
    for c in like.columns:
        v = [r[c] for r in rows]
        if like[c].dtype == bool:
            out[c] = pd.Series(v, dtype=bool)
        elif pd.api.types.is_numeric_dtype(like[c].dtype):
            whole = pd.api.types.is_integer_dtype(like[c].dtype) and all(x == x and abs(x) < 2 ** 53 and x == int(x) for x in v)
            out[c] = pd.Series(v, dtype="int64" if whole else "float64")
        else:
            out[c] = pd.Series([np.nan if x != x else x for x in v], dtype=object)
    return pd.DataFrame(out)


# ---- scalers and the like, on a matrix
for name, make, positive in [
    ("standard", lambda: StandardScaler(), False), ("standard-nomean", lambda: StandardScaler(with_mean=False), False), ("standard-nostd", lambda: StandardScaler(with_std=False), False),
    ("minmax", lambda: MinMaxScaler((-2, 3)), False), ("minmax-clip", lambda: MinMaxScaler(clip=True), False), ("maxabs", lambda: MaxAbsScaler(), False),
    ("robust", lambda: RobustScaler(quantile_range=(10, 80)), False), ("robust-nocentre", lambda: RobustScaler(with_centering=False), False),
    ("normalizer-l1", lambda: Normalizer("l1"), False), ("normalizer-l2", lambda: Normalizer(), False), ("normalizer-max", lambda: Normalizer("max"), False),
    ("binarizer", lambda: Binarizer(threshold=0.5), False),
    ("poly2", lambda: PolynomialFeatures(2), False), ("poly3-interaction", lambda: PolynomialFeatures(3, interaction_only=True), False),
    ("poly-range", lambda: PolynomialFeatures((2, 3), include_bias=False), False), ("poly-0", lambda: PolynomialFeatures((0, 1)), False),
    ("kbins-onehot", lambda: KBinsDiscretizer(4), False), ("kbins-dense", lambda: KBinsDiscretizer(3, encode="onehot-dense", strategy="kmeans"), False),
    ("kbins-ordinal", lambda: KBinsDiscretizer(5, encode="ordinal", strategy="uniform"), False), ("kbins-float32", lambda: KBinsDiscretizer(5, encode="ordinal", dtype=np.float32), False),
    ("power-yj", lambda: PowerTransformer(), False), ("power-yj-plain", lambda: PowerTransformer(standardize=False), False), ("power-bc", lambda: PowerTransformer("box-cox"), True),
    ("quantile-uniform", lambda: QuantileTransformer(n_quantiles=20), False), ("quantile-normal", lambda: QuantileTransformer(n_quantiles=30, output_distribution="normal"), False),
    ("variance", lambda: VarianceThreshold(0.5), False), ("spline", lambda: SplineTransformer(), False), ("spline-linear", lambda: SplineTransformer(extrapolation="linear", degree=2, n_knots=6), False),
    ("spline-continue", lambda: SplineTransformer(extrapolation="continue", include_bias=False), False), ("spline-periodic", lambda: SplineTransformer(extrapolation="periodic", knots="quantile"), False),
    ("spline-error", lambda: SplineTransformer(extrapolation="error"), False),
]:
    def f(make=make, positive=positive):
        X = numbers(positive=positive)
        return make().fit(X), X
    CASES["scale-" + name] = f


@case
def scale_frame_pandas_output():
    d = people()[["age", "income"]]
    m = make_pipeline(StandardScaler(), PolynomialFeatures(2))
    if VERSION >= (1, 2):
        m.set_output(transform="pandas")
    return m.fit(d), d


@case
def scale_missing_passes():
    X = holes(numbers())
    return make_pipeline(StandardScaler(), RobustScaler(), MinMaxScaler(clip=True), PowerTransformer(), QuantileTransformer(n_quantiles=10)).fit(X), X


@case
def kernel_centerer():
    X = numbers()
    return KernelCenterer().fit(X[:20] @ X[:20].T), (X[20:40] @ X[:20].T).round(3)


# ---- functions
for name, func, kw in [("log1p", np.log1p, None), ("expm1", np.expm1, None), ("log", np.log, None), ("log2", np.log2, None), ("log10", np.log10, None), ("exp", np.exp, None), ("exp2", np.exp2, None),
                       ("sqrt", np.sqrt, None), ("cbrt", np.cbrt, None), ("square", np.square, None), ("abs", np.abs, None), ("fabs", np.fabs, None), ("sin", np.sin, None), ("cos", np.cos, None), ("tan", np.tan, None),
                       ("tanh", np.tanh, None), ("sinh", np.sinh, None), ("cosh", np.cosh, None), ("arcsinh", np.arcsinh, None), ("negative", np.negative, None), ("reciprocal", np.reciprocal, None),
                       ("sign", np.sign, None), ("floor", np.floor, None), ("ceil", np.ceil, None), ("rint", np.rint, None), ("round", np.round, None), ("round2", np.round, {"decimals": 2}), ("trunc", np.trunc, None),
                       ("degrees", np.degrees, None), ("radians", np.deg2rad, None), ("clip", np.clip, {"a_min": -1, "a_max": 2}), ("isnan", np.isnan, None), ("isfinite", np.isfinite, None),
                       ("nan-to-num", np.nan_to_num, None), ("nan-to-num-kw", np.nan_to_num, {"nan": -1.0, "posinf": 5.0}), ("none", None, None), ("arctanh", np.arctanh, None)]:
    def f(func=func, kw=kw):
        if VERSION < (1, 2):
            return None  # keeps no number of columns
        X = numbers(30, 2)
        return FunctionTransformer(func, kw_args=kw).fit(X), np.vstack([X, [[1e-9, 0.3], [-1e-13, -0.4], [0.5, 2.5], [25.0, 1.5], [1e-18, 700.0], [0.9, -0.5]]])
    CASES["func-" + name] = f


@case
def func_validate():
    X = numbers(30, 2)
    return FunctionTransformer(np.log1p, validate=True).fit(X), X


@case
def func_partial():
    import functools
    X = numbers(30, 2)
    return make_pipeline(FunctionTransformer(functools.partial(np.round, decimals=1)), FunctionTransformer(functools.partial(np.clip, a_min=-1), kw_args={"a_max": 3}), StandardScaler()).fit(X), X


@case
def func_text_identity():
    d = people()[["city", "plan"]]
    return make_pipeline(FunctionTransformer(), FunctionTransformer(feature_names_out="one-to-one"), OneHotEncoder()).fit(d), d


@case
def func_expit():
    from scipy.special import expit
    X = numbers(30, 2)
    return make_pipeline(FunctionTransformer(expit), StandardScaler()).fit(X), X


@case
def func_lambda_refused():
    X = numbers(30, 2)
    return make_pipeline(FunctionTransformer(np.asarray), StandardScaler(), FunctionTransformer(sorted)).fit(X), None


# ---- encoders
for name, make in [
    ("default", lambda: OneHotEncoder()), ("ignore", lambda: OneHotEncoder(handle_unknown="ignore")), ("first", lambda: OneHotEncoder(drop="first")), ("if-binary", lambda: OneHotEncoder(drop="if_binary")),
    ("drop-ignore", lambda: OneHotEncoder(drop="first", handle_unknown="ignore")), ("float32", lambda: OneHotEncoder(dtype=np.float32)), ("int", lambda: OneHotEncoder(dtype=int)),
    ("drop-list", lambda: OneHotEncoder(drop=["Bern", "pro", False, 2])),
    ("min-frequency", lambda: OneHotEncoder(min_frequency=10, handle_unknown="infrequent_if_exist")), ("min-frequency-ignore", lambda: OneHotEncoder(min_frequency=0.2, handle_unknown="ignore")),
    ("max-categories", lambda: OneHotEncoder(max_categories=3)), ("infrequent-drop", lambda: OneHotEncoder(max_categories=3, drop="first", handle_unknown="infrequent_if_exist")),
    ("infrequent-all", lambda: OneHotEncoder(max_categories=1, handle_unknown="infrequent_if_exist")), ("infrequent-binary", lambda: OneHotEncoder(max_categories=2, drop="if_binary", handle_unknown="infrequent_if_exist")),
    ("warn", lambda: OneHotEncoder(handle_unknown="warn", min_frequency=10)),
]:
    def f(make=make):
        d = people()[["city", "plan", "member", "rooms"]]
        return make().fit(d), d
    CASES["onehot-" + name] = f

    def f(make=make):
        d = people(missing=True)[["city", "plan", "member", "rooms"]]
        return make().fit(d), d
    if name not in ("if-binary", "int", "float32", "infrequent-binary"):
        CASES["onehot-missing-" + name] = f

for name, make in [
    ("default", lambda: OrdinalEncoder()), ("unknown", lambda: OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)),
    ("unknown-nan", lambda: OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)), ("int", lambda: OrdinalEncoder(dtype=np.int64)),
    ("missing-value", lambda: OrdinalEncoder(encoded_missing_value=-2, handle_unknown="use_encoded_value", unknown_value=-1)),
    ("infrequent", lambda: OrdinalEncoder(max_categories=3, handle_unknown="use_encoded_value", unknown_value=-1)), ("infrequent-error", lambda: OrdinalEncoder(min_frequency=10)),
    ("float32", lambda: OrdinalEncoder(dtype=np.float32)),
]:
    def f(make=make):
        d = people()[["city", "plan", "member", "rooms"]]
        return make().fit(d), d
    CASES["ordinal-" + name] = f

    def f(make=make):
        d = people(missing=True)[["city", "age", "plan"]]
        return make().fit(d), d
    if name != "int":
        CASES["ordinal-missing-" + name] = f


@case
def ordinal_none():
    d = pd.DataFrame({"a": np.array(["x", None, "y", None, "x"] * 6, dtype=object)})
    return OrdinalEncoder().fit(d), d


@case
def ordinal_given_order():
    d = people()[["plan", "rooms"]]
    return OrdinalEncoder(categories=[["team", "pro", "free"], [1, 2, 3, 4]]).fit(d), d


@case
def onehot_given():
    d = people()[["plan", "city"]]
    return OneHotEncoder(categories=[["team", "pro", "free", "gone"], ["Bern", "Zürich"]], handle_unknown="ignore").fit(d), d


@case
def onehot_floats():
    X = np.round(numbers(40, 2) * 2) / 2
    X[::7, 0] = np.nan
    X[:3, 1] = -0.0
    return OneHotEncoder(handle_unknown="ignore").fit(X), X


@case
def onehot_many():
    d = pd.DataFrame({"sku": ["item-%d" % (i % 150) for i in range(300)], "code": [i % 90 for i in range(300)]})
    return OneHotEncoder(handle_unknown="ignore").fit(d), d.iloc[:12]


@case
def onehot_unknown_before_logistic():
    d = people()
    m = make_pipeline(ColumnTransformer([("e", OneHotEncoder(handle_unknown="ignore"), ["city", "plan"])], remainder=StandardScaler()), LogisticRegression())
    return m.fit(d, mark(d)), d


@case
def ordinal_nan_before_ridge():
    d = people()
    m = make_pipeline(ColumnTransformer([("o", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan), ["city", "plan"])]), Ridge())
    return m.fit(d, d["age"]), d


if hasattr(preprocessing, "TargetEncoder"):
    for kind in ("binary", "continuous", "multiclass"):
        def f(kind=kind):
            d = people(missing=True)[["city", "plan", "rooms"]]
            p = people()
            y = mark(p) if kind == "binary" else p["income"].values if kind == "continuous" else np.array(["a", "b", "c"])[p["rooms"] % 3]
            return preprocessing.TargetEncoder(random_state=0).fit(d, y), d
        CASES["target-" + kind] = f


# ---- imputers
for name, make in [
    ("mean", lambda: SimpleImputer()), ("median", lambda: SimpleImputer(strategy="median")), ("frequent", lambda: SimpleImputer(strategy="most_frequent")), ("constant", lambda: SimpleImputer(strategy="constant", fill_value=-7)),
    ("indicator", lambda: SimpleImputer(add_indicator=True)), ("marker", lambda: SimpleImputer(missing_values=-1.0, strategy="mean")), ("knn", lambda: KNNImputer(n_neighbors=3)),
    ("knn-distance", lambda: KNNImputer(weights="distance", add_indicator=True)), ("iterative", lambda: IterativeImputer(max_iter=4, random_state=0)),
    ("iterative-bounds", lambda: IterativeImputer(max_iter=3, min_value=-60, max_value=20, add_indicator=True, initial_strategy="median")),
    ("iterative-tree", lambda: IterativeImputer(DecisionTreeRegressor(max_depth=3, random_state=0), max_iter=2, random_state=0)),
    ("missing-only", lambda: MissingIndicator()), ("missing-all", lambda: MissingIndicator(features="all")), ("missing-new", lambda: MissingIndicator(error_on_new=False)),
]:
    def f(make=make, name=name):
        X = holes(numbers())
        X[:, 3] = numbers()[:, 3]
        if name == "marker":
            X = np.where(np.isnan(X), -1.0, X)
        return make().fit(X), X
    CASES["impute-" + name] = f


@case
def impute_empty_column():
    X = holes(numbers())
    X[:, 1] = np.nan
    return SimpleImputer(add_indicator=True).fit(X), X


@case
def impute_empty_column_constant():
    X = holes(numbers())
    X[:, 1] = np.nan
    return SimpleImputer(strategy="constant", fill_value=3).fit(X), X


@case
def impute_empty_column_kept():
    X = holes(numbers())
    X[:, 1] = np.nan
    return make_pipeline(SimpleImputer(keep_empty_features=True), KNNImputer(keep_empty_features=True)).fit(X), X


@case
def impute_knn_empty_column():
    X = holes(numbers())
    X[:, 1] = np.nan
    return KNNImputer(n_neighbors=2).fit(X), X


@case
def impute_text():
    d = people(missing=True)[["city", "plan"]]
    return SimpleImputer(strategy="most_frequent").fit(d), d


@case
def impute_text_constant_encoded():
    d = people(missing=True)[["city", "plan"]]
    return make_pipeline(SimpleImputer(strategy="constant", fill_value="missing"), OneHotEncoder()).fit(d), d


@case
def impute_text_indicator_encoded():
    d = people(missing=True)[["city", "plan"]]
    u = FeatureUnion([("i", MissingIndicator()), ("e", make_pipeline(SimpleImputer(strategy="most_frequent"), OrdinalEncoder()))])
    return u.fit(d), d


@case
def impute_text_marker():
    d = people()[["city", "plan"]]
    return make_pipeline(SimpleImputer(missing_values="", strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")).fit(d), d


@case
def impute_text_marker_strict():
    d = people()[["city", "plan"]]
    return make_pipeline(SimpleImputer(missing_values="", strategy="constant", fill_value="Bern"), OneHotEncoder()).fit(d), d


@case
def impute_text_unseen_fill():
    d = people()[["city", "plan"]]
    return make_pipeline(SimpleImputer(strategy="constant", fill_value="missing"), OneHotEncoder()).fit(d), d


@case
def impute_number_marker_strict():
    d = people()[["rooms"]]
    return make_pipeline(SimpleImputer(missing_values=2, strategy="most_frequent"), OrdinalEncoder()).fit(d), d


@case
def impute_mixed_object():
    d = people(missing=True)[["city", "age", "rooms"]]
    return make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")).fit(d), d


# ---- column transformers, unions, pipelines
def numeric():
    return make_pipeline(SimpleImputer(strategy="median"), StandardScaler())


def text():
    return make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))


for name, parts, options in [
    ("names", lambda: [("n", numeric(), ["age", "income"]), ("t", text(), ["city", "plan"])], {}),
    ("positions", lambda: [("n", numeric(), [0, -5]), ("t", text(), [2, 3])], {}),
    ("slice", lambda: [("n", numeric(), slice(0, 2)), ("t", text(), slice("city", "plan"))], {}),
    ("mask", lambda: [("n", numeric(), [True, True, False, False, False, True]), ("t", text(), np.array([False, False, True, True, False, False]))], {}),
    ("selector", lambda: [("n", numeric(), make_column_selector(dtype_include=np.number)), ("t", text(), make_column_selector(pattern="city|plan"))], {}),
    ("callable-like", lambda: [("n", numeric(), ["age"]), ("empty", StandardScaler(), []), ("gone", "drop", ["income"]), ("t", text(), ["plan"])], {"remainder": "drop"}),
    ("passthrough", lambda: [("p", "passthrough", ["rooms", "member"]), ("t", text(), ["plan", "city"]), ("n", SimpleImputer(), ["age"])], {}),
    ("remainder-passthrough", lambda: [("t", text(), ["plan", "city"])], {"remainder": "passthrough"}),
    ("remainder-estimator", lambda: [("t", text(), ["plan", "city"])], {"remainder": SimpleImputer(add_indicator=True)}),
    ("remainder-positions", lambda: [("t", text(), [3, 2])], {"remainder": SimpleImputer()}),
    ("weights", lambda: [("n", numeric(), ["age", "income"]), ("t", text(), ["city"])], {"transformer_weights": {"n": 0.5, "t": 3}}),
    ("plain-names", lambda: [("n", numeric(), ["age", "income"]), ("t", text(), ["city", "plan"])], {"verbose_feature_names_out": False}),
    ("order", lambda: [("b", OrdinalEncoder(), ["member", "rooms"]), ("n", numeric(), ["income", "age"])], {}),
    ("same-twice", lambda: [("a", SimpleImputer(), ["age"]), ("b", KBinsDiscretizer(3, encode="ordinal"), ["rooms"]), ("c", numeric(), ["age", "rooms"])], {}),
    ("log", lambda: [("l", make_pipeline(SimpleImputer(), FunctionTransformer(np.log1p), StandardScaler()), ["income", "age"]), ("n", numeric(), ["age"])], {}),
]:
    def f(parts=parts, options=options):
        d = people(missing=True)
        return ColumnTransformer(parts(), **options).fit(d), d
    CASES["columns-" + name] = f

    def f(parts=parts, options=options):
        d = people(missing=True)
        m = make_pipeline(ColumnTransformer(parts(), **options), SimpleImputer(), LogisticRegression(max_iter=300))
        if VERSION >= (1, 2) and name == "weights":
            m.set_output(transform="default")
        return m.fit(d, mark(people())), d
    CASES["columns-logreg-" + name] = f


@case
def columns_pandas_nested():
    if VERSION < (1, 2):
        return None
    d = people(missing=True)
    inner = ColumnTransformer([("n", SimpleImputer(), ["age", "income"]), ("t", SimpleImputer(strategy="most_frequent"), ["city"])], verbose_feature_names_out=False, remainder="drop")
    outer = ColumnTransformer([("o", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["city"]), ("s", StandardScaler(), ["income", "age"])])
    m = Pipeline([("a", inner), ("b", outer), ("m", LogisticRegression(max_iter=300))]).set_output(transform="pandas")
    return m.fit(d, mark(people())), d


@case
def columns_text():
    from sklearn.feature_extraction.text import TfidfVectorizer
    d = people(missing=False).assign(note=["the %s cat sat on mat %d" % (p, i % 5) for i, p in enumerate(people()["plan"])])
    m = make_pipeline(ColumnTransformer([("w", TfidfVectorizer(), "note"), ("r", make_pipeline(FunctionTransformer(np.ravel), TfidfVectorizer()), ["note"]), ("n", StandardScaler(), ["age"])]), LogisticRegression())
    return m.fit(d, mark(d)), d


@case
def columns_nested():
    d = people(missing=True)
    inner = ColumnTransformer([("n", numeric(), ["income"]), ("u", FeatureUnion([("b", make_pipeline(SimpleImputer(), KBinsDiscretizer(3))), ("i", MissingIndicator())]), ["age"])], remainder="drop")
    m = make_pipeline(ColumnTransformer([("x", inner, ["income", "age"]), ("t", text(), ["city"])], remainder="drop"), SelectKBest(k=4), LogisticRegression(max_iter=300))
    return m.fit(d, mark(people())), d


@case
def columns_category_dtype():
    d = people()
    d["plan"] = d["plan"].astype("category")
    d["city"] = d["city"].astype("category")
    m = make_pipeline(ColumnTransformer([("o", OrdinalEncoder(), make_column_selector(dtype_include="category")), ("m", OneHotEncoder(drop="if_binary"), ["member"])], remainder=MinMaxScaler()), DecisionTreeClassifier(max_depth=4, random_state=0))
    return m.fit(d, mark(d)), d.astype({"plan": object, "city": object})


@case
def columns_ordinal_then_onehot():
    d = people(missing=True)
    m = ColumnTransformer([("c", make_pipeline(OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), OneHotEncoder(handle_unknown="ignore")), ["city", "plan"]), ("k", make_pipeline(SimpleImputer(), KBinsDiscretizer(3, encode="ordinal"), OneHotEncoder()), ["age"])])
    return m.fit(d), d


@case
def columns_matrix():
    X = holes(numbers())
    return ColumnTransformer([("a", SimpleImputer(), [0, -1]), ("b", KNNImputer(n_neighbors=2), slice(1, 3))], remainder="passthrough").fit(X), X


@case
def columns_then_positions():
    d = people(missing=True)
    first = ColumnTransformer([("n", SimpleImputer(), ["age", "income"]), ("t", SimpleImputer(strategy="most_frequent"), ["city", "plan"])])
    second = ColumnTransformer([("s", StandardScaler(), [0, 1]), ("o", OneHotEncoder(handle_unknown="ignore"), [2, 3])])
    return make_pipeline(first, second, LogisticRegression(max_iter=300)).fit(d, mark(people())), d


@case
def columns_validated_log():
    d = people()[["age", "income", "rooms"]]
    m = make_pipeline(ColumnTransformer([("l", FunctionTransformer(np.log1p), ["income"]), ("q", FunctionTransformer(np.sqrt), ["rooms"]), ("s", StandardScaler(), ["age"])]), PolynomialFeatures(2), Ridge())
    return m.fit(d, d["age"]), d


@case
def union_weights():
    X = numbers()
    return FeatureUnion([("a", StandardScaler()), ("b", PolynomialFeatures(2)), ("c", "drop"), ("p", "passthrough")], transformer_weights={"a": 2.0}).fit(X), X


@case
def pipeline_passthrough():
    X = numbers()
    return Pipeline([("a", StandardScaler()), ("b", "passthrough"), ("c", None), ("d", MinMaxScaler()), ("e", "passthrough")]).fit(X), X


@case
def pipeline_imblearn():
    from imblearn.over_sampling import RandomOverSampler
    from imblearn.pipeline import Pipeline as P
    from imblearn.under_sampling import RandomUnderSampler
    X = numbers()
    return P([("s", StandardScaler()), ("o", RandomOverSampler(random_state=0)), ("u", RandomUnderSampler(random_state=0)), ("m", LogisticRegression())]).fit(X, target(X)), X


# ---- selectors
for name, make in [
    ("kbest", lambda: SelectKBest(k=2)), ("kbest-all", lambda: SelectKBest(k="all")), ("percentile", lambda: SelectPercentile(percentile=50)), ("fpr", lambda: SelectFpr(alpha=0.2)),
    ("fdr", lambda: SelectFdr(alpha=0.4)), ("fwe", lambda: SelectFwe(alpha=0.5)), ("generic", lambda: GenericUnivariateSelect(mode="k_best", param=3)), ("generic-percentile", lambda: GenericUnivariateSelect(param=40)),
    ("mutual", lambda: SelectKBest(mutual_info_classif, k=2)),
    ("model-forest", lambda: SelectFromModel(RandomForestClassifier(8, max_depth=3, random_state=0))), ("model-median", lambda: SelectFromModel(ExtraTreesClassifier(5, max_depth=3, random_state=0), threshold="1.1*median")),
    ("model-tree", lambda: SelectFromModel(DecisionTreeClassifier(max_depth=3, random_state=0), max_features=2, threshold=-np.inf)), ("model-boost", lambda: SelectFromModel(GradientBoostingRegressor(n_estimators=5, random_state=0), threshold=0.1)),
    ("model-lasso", lambda: SelectFromModel(Lasso(0.05))), ("model-l1", lambda: SelectFromModel(LogisticRegression(penalty="l1", solver="liblinear", C=0.3))), ("model-logreg", lambda: SelectFromModel(LogisticRegression(), threshold="mean")),
    ("model-pipeline", lambda: SelectFromModel(make_pipeline(StandardScaler(), LogisticRegression()), importance_getter="named_steps.logisticregression.coef_")),
    ("rfe", lambda: RFE(LogisticRegression(), n_features_to_select=2)), ("rfecv", lambda: RFECV(LinearRegression(), cv=3)), ("sequential", lambda: SequentialFeatureSelector(LogisticRegression(), n_features_to_select=2, cv=2)),
]:
    def f(make=make):
        X = numbers()
        return make().fit(X, target(X)), X
    CASES["select-" + name] = f

    def f(make=make):
        X = numbers()
        return make_pipeline(StandardScaler(), make(), LogisticRegression()).fit(X, target(X)), X
    CASES["select-logreg-" + name] = f


@case
def select_unselected_columns_are_checked():
    d = people()[["age", "income", "rooms"]]
    m = make_pipeline(SelectKBest(k=1), LinearRegression())
    return m.fit(d, d["age"]), d


# ---- writing
def plain(v):
    if isinstance(v, (np.bool_, bool)):
        return bool(v)
    if isinstance(v, (float, np.floating)):
        v = float(v)
        return None if v != v else v if np.isfinite(v) else ("Infinity" if v > 0 else "-Infinity")
    if isinstance(v, (int, np.integer)):
        return int(v)
    return None if v is None else str(v)


def outputs(m, X):
    out = {}
    for name, kind in (("predict", "label" if hasattr(m, "classes_") or hasattr(m, "predict_proba") else "value"), ("predict_proba", "probability"), ("decision_function", "score"), ("transform", "transform")):
        if not hasattr(m, name):
            continue
        v = getattr(m, name)(X)
        v = np.asarray(v.toarray() if hasattr(v, "toarray") else v)
        text = v.dtype.kind in "OU" and all(isinstance(x, str) for x in v.ravel())
        if v.dtype.kind == "O" and not text:
            v = v.astype(float)
        datatype = "BYTES" if text else {"i": "INT64", "b": "BOOL", "f": "FP64"}[v.dtype.kind]
        out[name] = {"kind": kind, "datatype": datatype, "shape": list(v.shape), "data": [plain(x) for x in v.ravel().tolist()]}
    return out


def names_out(m):
    try:
        return [str(n) for n in m.get_feature_names_out()]
    except Exception:
        return None


def dump(folder, name, content):
    with open(os.path.join(folder, name), "w") as f:
        json.dump(content, f, ensure_ascii=False)


def write(out, name, m, X):
    folder = os.path.join(out, "%s-%s" % (name, ENVIRONMENT))
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "model.pkl"), "wb") as f:
        pickle.dump(m, f)
    spec = {"name": "%s-%s" % (name, ENVIRONMENT), "family": name.split("-")[0], "environment": ENVIRONMENT, "model_file": "model.pkl", "expect": "refuse" if X is None else "import",
            "made_by": "corpus/makers/preprocess.py", "tolerance": {"rtol": 1e-9, "atol": 1e-9}}
    if X is None:
        return dump(folder, "case.json", spec)
    matrix = not isinstance(X, pd.DataFrame)
    d = pd.DataFrame(X, columns=["x%d" % i for i in range(X.shape[1])]) if matrix else X
    build = (lambda rows: frame(rows, d).values.astype(float)) if matrix else (lambda rows: frame(rows, d))
    rows, bad, errors = d.iloc[:12].to_dict("records"), [], []
    for row in (awkward(d) if d.shape[1] < 10 else []):
        # Distances that overflow are ties, and which donors win them is left open.
        if ("knn" in name or name == "columns-matrix") and any(isinstance(v, float) and abs(v) > 1e6 for v in row.values()):
            continue
        # Rows whose refusal no rule on single columns can state.
        if name.endswith("-log") and -1.0 in row.values() or name == "impute-iterative-tree" and any(isinstance(v, float) and abs(v) > 1e38 for v in row.values()):
            continue
        if name == "scale-spline-continue" and any(abs(v) > 1e100 for v in row.values()):
            continue  # infinity minus infinity, or not, by the order of the sums
        # null stands for None there, nan for nothing.
        if name == "ordinal-none":
            continue
        try:
            outputs(m, build([row]))
            rows.append(row)
        except Exception as e:
            bad.append(row)
            errors.append("%s: %s" % (type(e).__name__, str(e)[:90]))
    key = "rows" if matrix else "records"
    shaped = lambda rs: {"format": key, key: [[plain(r[c]) for c in d.columns] if matrix else {c: plain(r[c]) for c in d.columns} for r in rs]}
    expected = outputs(m, build(rows))
    spec["input"] = {"format": key, "columns": [{"name": c, "type": str(d[c].dtype)} for c in d.columns]}
    dump(folder, "case.json", spec)
    dump(folder, "inputs.json", shaped(rows))
    dump(folder, "expected.json", {"n": len(rows), "required": list(expected), "outputs": expected, "feature_names": names_out(m) if "transform" in expected else None})
    if bad:
        dump(folder, "bad_inputs.json", dict(shaped(bad), errors=errors))


if __name__ == "__main__":
    out, wanted = sys.argv[1], sys.argv[2:]
    for name, f in CASES.items():
        if wanted and name not in wanted:
            continue
        try:
            made = f()
        except Exception as e:
            print("skipped", name, type(e).__name__, str(e)[:120])
            continue
        if made is not None:
            write(out, name, *made)
