"""Small models of sklearn.tree, sklearn.ensemble and the meta-estimators, with what scikit-learn itself predicts.

    python trees_and_meta.py OUT [NAME ...]    writes OUT/<name>-<environment>/{case.json,model.joblib,inputs.json,expected.json}

Runs under scikit-learn 1.0 to 1.9. A case that the running version does not know is skipped.
"""
import json, os, sys, warnings
import joblib
import numpy as np
import pandas as pd
import sklearn
from sklearn import datasets
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import *
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge, SGDClassifier, Perceptron, RidgeClassifier
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier, OutputCodeClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, MultiOutputRegressor, RegressorChain
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline, Pipeline
from sklearn.preprocessing import *
from sklearn.semi_supervised import SelfTrainingClassifier
from sklearn.svm import LinearSVC, SVC
from sklearn.tree import *
warnings.filterwarnings("ignore")

VERSION = tuple(int(p) for p in sklearn.__version__.split(".")[:2])
ENVIRONMENT = "sk%d%d" % VERSION
CASES = {}
# The init estimator is fitted on float32 and computes in float32.
FLOAT32 = {f"{name}-{ENVIRONMENT}" for name in ("gb-init-2-str", "gb-init-3-int", "gb-regression-init")}


def case(f):
    CASES[f.__name__.replace("_", "-")] = f
    return f


def blobs(classes=3, labels="int", n=120, features=4, seed=0, noise=0.15):
    X, y = datasets.make_classification(n, features, n_informative=features - 1, n_redundant=0, n_classes=classes, n_clusters_per_class=1,
                                        flip_y=noise, random_state=seed)
    X = np.round(X, 3)
    if labels == "str":
        y = np.array(["ant", "bee", "crab", "dodo"])[y]
    elif labels == "bool":
        y = y == 1
    elif labels == "object":
        y = np.array(["ant", "bee", "crab", "dodo"], dtype=object)[y]
    return X, y


def line(n=120, features=4, targets=1, seed=0):
    X, y = datasets.make_regression(n, features, n_targets=targets, noise=5.0, random_state=seed)
    return np.round(X, 3), y


def holes(X, share=0.15, seed=1):
    X = X.copy()
    X[np.random.RandomState(seed).rand(*X.shape) < share] = np.nan
    return X


def rows(X, n=12):
    """Training rows, rows next to them, and new ones."""
    r = np.random.RandomState(5)
    return np.vstack([X[:n], X[:3] + 1e-9, np.round(r.normal(0, 2, (5, X.shape[1])), 3)])


# ---- trees
for kind, T in {"dt": DecisionTreeClassifier, "et": ExtraTreeClassifier}.items():
    for labels in ("int", "str", "bool", "object"):
        def f(T=T, labels=labels):
            X, y = blobs(2 if labels == "bool" else 3, labels)
            return T(max_depth=4, random_state=0).fit(X, y), rows(X)
        CASES[f"tree-{kind}-{labels}"] = f


@case
def tree_dt_rounding():
    """Values next to thresholds, which only agree if x is rounded to float32 first."""
    X, y = line()
    X = X.astype(np.float32).astype(float) / 3
    m = DecisionTreeRegressor(max_depth=6, random_state=0).fit(X, y)
    tree = m.tree_
    T = []
    for f, t in zip(tree.feature, tree.threshold):
        if f < 0:
            continue
        for v in (t, np.nextafter(t, 9), np.nextafter(t, -9), np.float32(t), np.nextafter(np.float32(t), np.float32(9)), np.nextafter(np.float32(t), np.float32(-9)), t * (1 + 2e-8), t * (1 - 2e-8)):
            row = X[len(T) % len(X)].copy()
            row[f] = v
            T.append(row)
    return m, np.array(T)


@case
def tree_one_class():
    X, _ = blobs(2)
    return RandomForestClassifier(3).fit(X, np.full(len(X), "only")), rows(X)


@case
def tree_dt_weighted():
    X, y = blobs(3)
    return DecisionTreeClassifier(max_leaf_nodes=9, class_weight="balanced", random_state=0).fit(X, y), rows(X)


@case
def tree_dt_stump_leaf():
    X, y = blobs(3)
    return DecisionTreeClassifier(min_samples_leaf=100).fit(X, y), rows(X)


@case
def tree_dt_multioutput():
    X, y = blobs(3, "str")
    Y = np.column_stack([y, np.where(X[:, 0] > 0, "yes", "no"), y])
    return DecisionTreeClassifier(max_depth=3, random_state=0).fit(X, Y), rows(X)


@case
def tree_dt_regression():
    X, y = line()
    return DecisionTreeRegressor(max_depth=4, random_state=0).fit(X, y), rows(X)


@case
def tree_dt_regression_multi():
    X, y = line(targets=3)
    return DecisionTreeRegressor(max_depth=4, random_state=0, criterion="friedman_mse").fit(X, y), rows(X)


@case
def tree_dt_absolute():
    X, y = line()
    return DecisionTreeRegressor(max_depth=3, random_state=0, criterion="absolute_error").fit(X, y), rows(X)


@case
def tree_dt_nan():
    assert VERSION >= (1, 3)
    X, y = blobs(3, n=200)
    X = holes(X)
    return DecisionTreeClassifier(max_depth=5, random_state=0).fit(X, y), rows(X)


@case
def tree_dt_nan_regression():
    assert VERSION >= (1, 3)
    X, y = line()
    X = holes(X)
    return DecisionTreeRegressor(max_depth=5, random_state=0).fit(X, y), rows(X)


@case
def tree_et_nan():
    assert VERSION >= (1, 6)
    X, y = blobs(3)
    X = holes(X)
    return ExtraTreeClassifier(max_depth=5, random_state=0).fit(X, y), rows(X)


# ---- forests
for kind, T in {"rf": RandomForestClassifier, "et": ExtraTreesClassifier}.items():
    for classes, labels in ((2, "int"), (2, "str"), (3, "int"), (3, "str")):
        def f(T=T, labels=labels, classes=classes):
            X, y = blobs(classes, labels)
            return T(12, max_depth=3, random_state=0).fit(X, y), rows(X)
        CASES[f"forest-{kind}-{classes}-{labels}"] = f


@case
def forest_rf_pure():
    X, y = blobs(3, "str")
    return RandomForestClassifier(15, random_state=0).fit(X, y), rows(X)


@case
def forest_rf_multioutput():
    X, y = blobs(3)
    return RandomForestClassifier(7, max_depth=3, random_state=0).fit(X, np.column_stack([y, X[:, 0] > 0])), rows(X)


@case
def forest_rf_regression():
    X, y = line()
    return RandomForestRegressor(12, max_depth=4, random_state=0).fit(X, y), rows(X)


@case
def forest_et_regression_multi():
    X, y = line(targets=2)
    return ExtraTreesRegressor(7, max_depth=4, random_state=0).fit(X, y), rows(X)


@case
def forest_rf_nan():
    assert VERSION >= (1, 4)
    X, y = blobs(3)
    X = holes(X)
    return RandomForestClassifier(9, max_depth=4, random_state=0).fit(X, y), rows(X)


@case
def forest_rf_nan_regression():
    assert VERSION >= (1, 4)
    X, y = line()
    X = holes(X)
    return RandomForestRegressor(9, max_depth=4, random_state=0).fit(X, y), rows(X)


@case
def forest_et_nan():
    assert VERSION >= (1, 6)
    X, y = blobs(3)
    X = holes(X)
    return ExtraTreesClassifier(9, max_depth=4, random_state=0).fit(X, y), rows(X)


@case
def forest_embedding():
    X, _ = blobs(3)
    return RandomTreesEmbedding(5, max_depth=3, random_state=0, sparse_output=False).fit(X), rows(X)


@case
def forest_embedding_pipeline():
    X, y = blobs(3)
    return make_pipeline(RandomTreesEmbedding(5, max_depth=3, random_state=0), LogisticRegression()).fit(X, y), rows(X)


@case
def isolation_default():
    X, _ = blobs(3)
    return IsolationForest(n_estimators=12, max_samples=64, random_state=0).fit(X), rows(X)


@case
def isolation_features():
    X, _ = blobs(3, features=6)
    return IsolationForest(n_estimators=15, max_features=0.5, max_samples=50, contamination=0.1, bootstrap=True, random_state=0).fit(X), rows(X)


@case
def isolation_nan():
    assert VERSION >= (1, 6)
    X, _ = blobs(3)
    X = holes(X)
    return IsolationForest(n_estimators=15, random_state=0).fit(X), rows(X)


# ---- boosting
for classes, labels in ((2, "str"), (3, "int")):
    def f(labels=labels, classes=classes):
        X, y = blobs(classes, labels)
        return GradientBoostingClassifier(n_estimators=8, max_depth=2, random_state=0).fit(X, y), rows(X)
    CASES[f"gb-{classes}-{labels}"] = f

    def f(labels=labels, classes=classes):
        X, y = blobs(classes, labels)
        return GradientBoostingClassifier(n_estimators=8, max_depth=2, random_state=0, init="zero", subsample=0.5).fit(X, y), rows(X)
    CASES[f"gb-zero-{classes}-{labels}"] = f

    def f(labels=labels, classes=classes):
        X, y = blobs(classes, labels)
        return GradientBoostingClassifier(n_estimators=8, max_depth=2, random_state=0, init=LogisticRegression()).fit(X, y), rows(X)
    CASES[f"gb-init-{classes}-{labels}"] = f

    def f(labels=labels, classes=classes):
        X, y = blobs(classes, labels)
        return GradientBoostingClassifier(n_estimators=8, max_depth=2, random_state=0, init=DecisionTreeClassifier(max_depth=8)).fit(X, y), rows(X)
    CASES[f"gb-sure-{classes}-{labels}"] = f


@case
def gb_exponential():
    X, y = blobs(2)
    return GradientBoostingClassifier(n_estimators=8, loss="exponential", max_depth=2, random_state=0).fit(X, y), rows(X)


for loss in ("squared_error", "absolute_error", "huber", "quantile"):
    def f(loss=loss):
        X, y = line()
        return GradientBoostingRegressor(n_estimators=10, loss=loss, max_depth=2, random_state=0).fit(X, y), rows(X)
    CASES[f"gb-regression-{loss.replace('_', '-')}"] = f


@case
def gb_regression_init():
    X, y = line()
    return GradientBoostingRegressor(n_estimators=10, max_depth=2, init=LinearRegression(), random_state=0).fit(X, y), rows(X)


for loss in ("squared_error", "absolute_error", "poisson", "gamma", "quantile"):
    def f(loss=loss):
        assert VERSION >= (1, 3) or loss not in ("gamma", "quantile")
        X, y = line()
        y = np.abs(y) + 0.1
        kw = {"quantile": 0.8} if loss == "quantile" else {}
        return HistGradientBoostingRegressor(max_iter=8, loss=loss, max_leaf_nodes=6, random_state=0, **kw).fit(holes(X), y), rows(holes(X))
    CASES[f"hgb-regression-{loss.replace('_', '-')}"] = f

for classes, labels in ((2, "str"), (2, "bool"), (3, "int"), (4, "str")):
    def f(labels=labels, classes=classes):
        X, y = blobs(classes, labels)
        X = holes(X)
        return HistGradientBoostingClassifier(max_iter=6, max_leaf_nodes=6, random_state=0).fit(X, y), rows(X)
    CASES[f"hgb-{classes}-{labels}"] = f


def categorical(n=300, seed=0):
    r = np.random.RandomState(seed)
    a = r.randint(0, 12, n).astype(float)
    b = r.randint(0, 5, n).astype(float)
    x = np.round(r.normal(size=(n, 2)), 3)
    y = np.sin(a * 2) + (b == 3) * 2 + x[:, 0] + r.normal(size=n) * 0.1
    a[r.rand(n) < 0.1] = np.nan
    x[r.rand(n) < 0.1, 1] = np.nan
    return np.column_stack([x[:, 0], a, x[:, 1], b]), y


@case
def hgb_categorical_numbers():
    X, y = categorical()
    T = rows(X)
    T[-5:, 1] = [0, 11, 40, 3, np.nan]
    T[-5:, 3] = [4, 77, 1, np.nan, 2]
    return HistGradientBoostingRegressor(max_iter=10, categorical_features=[1, 3], max_leaf_nodes=8, min_samples_leaf=5, random_state=0).fit(X, y), T


@case
def hgb_categorical_odd():
    """Negative, fractional and unknown values of a category."""
    assert VERSION < (1, 4)
    X, y = categorical()
    T = rows(X)
    T[-5:, 1] = [-3, 2.7, 40, 300, 11.2]
    return HistGradientBoostingRegressor(max_iter=10, categorical_features=[1, 3], max_leaf_nodes=8, min_samples_leaf=5, random_state=0).fit(X, y), T


@case
def hgb_categorical_many():
    r = np.random.RandomState(0)
    a = r.randint(0, 200, 1500).astype(float)
    X = np.column_stack([a, np.round(r.normal(size=1500), 3)])
    m = HistGradientBoostingRegressor(max_iter=6, categorical_features=[0], max_leaf_nodes=8, min_samples_leaf=5, random_state=0)
    return m.fit(X, np.sin(a) + X[:, 1]), np.vstack([X[:150], [[250, 0], [199, 1], [0, 0], [63, 0], [64, 0], [65, 0]]])


@case
def hgb_categorical_frame():
    assert VERSION >= (1, 4)
    X, y = categorical()
    F = pd.DataFrame({"x": X[:, 0], "city": pd.Categorical([None if np.isnan(v) else f"c{int(v)}" for v in X[:, 1]]), "z": X[:, 2],
                      "size": pd.Categorical([f"s{int(v)}" for v in X[:, 3]])})
    m = HistGradientBoostingClassifier(max_iter=10, categorical_features="from_dtype", max_leaf_nodes=8, min_samples_leaf=5, random_state=0)
    m.fit(F, np.where(y > 1, "high", "low"))
    T = F.head(30).copy()
    T["city"] = T["city"].astype(object).where(T["city"].notna(), None)
    T["size"] = T["size"].astype(object)
    T.loc[29, "city"] = "elsewhere"
    return m, T


@case
def hgb_categorical_all():
    assert VERSION >= (1, 4)
    X, y = categorical()
    return HistGradientBoostingRegressor(max_iter=10, categorical_features=[0, 1], max_leaf_nodes=8, min_samples_leaf=5, random_state=0).fit(X[:, [3, 1]], y), rows(X[:, [3, 1]])


for classes, labels in ((2, "str"), (3, "int"), (3, "str")):
    def f(labels=labels, classes=classes):
        X, y = blobs(classes, labels)
        return AdaBoostClassifier(n_estimators=8, random_state=0).fit(X, y), rows(X)
    CASES[f"ada-{classes}-{labels}"] = f

    def f(labels=labels, classes=classes):
        assert VERSION < (1, 8)
        X, y = blobs(classes, labels)
        return AdaBoostClassifier(DecisionTreeClassifier(max_depth=2), n_estimators=8, random_state=0, algorithm="SAMME").fit(X, y), rows(X)
    CASES[f"ada-samme-{classes}-{labels}"] = f

    def f(labels=labels, classes=classes):
        X, y = blobs(classes, labels)
        return AdaBoostClassifier(GaussianNB(), n_estimators=4, random_state=0).fit(X, y), rows(X)
    CASES[f"ada-bayes-{classes}-{labels}"] = f


@case
def ada_regression():
    X, y = line()
    return AdaBoostRegressor(n_estimators=12, random_state=0).fit(X, y), rows(X)


@case
def ada_regression_linear():
    X, y = line()
    return AdaBoostRegressor(LinearRegression(), n_estimators=6, loss="square", random_state=0).fit(X, y), rows(X)


@case
def ada_one_class():
    X, _ = blobs(2)
    return AdaBoostClassifier(n_estimators=3, random_state=0).fit(X, np.zeros(len(X), int)), rows(X)


@case
def imblearn_forest():
    from imblearn.ensemble import BalancedRandomForestClassifier
    X, y = blobs(3, "str")
    return BalancedRandomForestClassifier(6, max_depth=3, random_state=0, sampling_strategy="all", replacement=True, bootstrap=False).fit(X, y), rows(X)


@case
def imblearn_bagging():
    from imblearn.ensemble import BalancedBaggingClassifier
    X, y = blobs(3, "str")
    return BalancedBaggingClassifier(n_estimators=3, random_state=0).fit(X, y), rows(X)


@case
def imblearn_easy():
    from imblearn.ensemble import EasyEnsembleClassifier
    X, y = blobs(2, "str")
    return EasyEnsembleClassifier(n_estimators=3, random_state=0).fit(X, y), rows(X)


@case
def imblearn_rusboost():
    from imblearn.ensemble import RUSBoostClassifier
    X, y = blobs(3, "str")
    return RUSBoostClassifier(n_estimators=5, random_state=0).fit(X, y), rows(X)


@case
def bagging_trees():
    X, y = blobs(3, "str", features=6)
    return BaggingClassifier(DecisionTreeClassifier(max_depth=3), 8, max_features=0.5, max_samples=0.2, random_state=0).fit(X, y), rows(X)


@case
def bagging_default():
    X, y = blobs(3)
    return BaggingClassifier(n_estimators=6, random_state=0).fit(X, y), rows(X)


@case
def bagging_logistic():
    X, y = blobs(3, "str", features=6)
    return BaggingClassifier(LogisticRegression(), 4, max_features=0.5, bootstrap_features=True, random_state=0).fit(X, y), rows(X)


@case
def bagging_votes():
    X, y = blobs(3, "str")
    return BaggingClassifier(LinearSVC(random_state=0), 5, random_state=0).fit(X, y), rows(X)


@case
def bagging_regression():
    X, y = line(targets=2)
    return BaggingRegressor(n_estimators=5, max_features=3, random_state=0).fit(X, y), rows(X)


@case
def bagging_regression_linear():
    X, y = line()
    return BaggingRegressor(Ridge(), 5, max_features=3, random_state=0).fit(X, y), rows(X)


exec(open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "meta_cases.py")).read())


# ---- writing

def number(v):
    if isinstance(v, (bool, np.bool_)):
        return bool(v)
    if isinstance(v, (int, np.integer)):
        return int(v)
    if isinstance(v, (float, np.floating)):
        return None if np.isnan(v) else float(v)
    return v


def expected(values, kind):
    a = np.asarray(values)
    datatype = {"b": "BOOL", "i": "INT64", "u": "INT64", "f": "FP64"}.get(a.dtype.kind, "BYTES")
    return {"kind": kind, "datatype": datatype, "shape": list(a.shape), "data": [number(v) for v in a.ravel().tolist()]}


def split_odd_rows(model, X):
    """A row with a missing and a row with a huge number: among the inputs where scikit-learn takes them, else apart."""
    bad = []
    for value in (np.nan, 1e39):
        row = X[:1].copy()
        row[0, 0] = value
        try:
            for method in ("predict", "predict_proba", "transform"):
                if hasattr(model, method):
                    answer = getattr(model, method)(row)
                    if not isinstance(answer, list) and not hasattr(answer, "toarray") and np.asarray(answer).dtype.kind == "f" and not np.isfinite(answer).all():
                        break
            else:
                X = np.vstack([X, row])
        except ValueError:
            bad.append(row[0])
    return X, bad


def write(folder, name, model, X):
    os.makedirs(folder, exist_ok=True)
    X, bad = split_odd_rows(model, X) if isinstance(X, np.ndarray) else (X, [])
    outputs = {}
    for method, kind in (("predict", "label"), ("predict_proba", "probability"), ("decision_function", "score"), ("score_samples", "score"), ("transform", "transform")):
        if not hasattr(model, method):
            continue
        try:
            answer = getattr(model, method)(X)
        except (AttributeError, NotImplementedError, sklearn.exceptions.NotFittedError):
            continue
        if hasattr(answer, "toarray"):
            answer = answer.toarray()
        if method == "predict":
            kind = "label" if sklearn.base.is_classifier(model) or hasattr(model, "score_samples") else "value"
        if isinstance(answer, list):
            for i, a in enumerate(answer):
                outputs[f"probabilities_{i}"] = expected(a, kind)
        else:
            outputs[method] = expected(answer, kind)
    frame = isinstance(X, pd.DataFrame)
    cells = [[number(v) for v in row] for row in (X.values if frame else X).tolist()]
    inputs = {"format": "records", "records": [dict(zip(X.columns, row)) for row in cells]} if frame else {"format": "rows", "rows": cells}
    columns = [{"name": c} for c in (X.columns if frame else [f"x{i}" for i in range(X.shape[1])])]
    spec = {"name": name, "family": name.split("-")[0], "environment": ENVIRONMENT, "producer": {"scikit-learn": sklearn.__version__, "numpy": np.__version__},
            "model_file": "model.joblib", "expect": "import", "made_by": "corpus/makers/trees_and_meta.py", "input": {"format": inputs["format"], "columns": columns}, "n_rows": len(cells), "tolerance": {"rtol": 1e-9, "atol": 1e-12} if name not in FLOAT32 else {"rtol": 1e-5, "atol": 1e-6}}
    joblib.dump(model, os.path.join(folder, "model.joblib"), compress=("zlib", 9))
    if bad:
        with open(os.path.join(folder, "bad_inputs.json"), "w") as f:
            json.dump({"format": "rows", "rows": [[number(v) for v in row] for row in bad]}, f)
            f.write("\n")
    for file, content in (("case.json", spec), ("inputs.json", inputs), ("expected.json", {"n": len(cells), "required": list(outputs), "outputs": outputs})):
        with open(os.path.join(folder, file), "w") as f:
            json.dump(content, f, allow_nan=False)
            f.write("\n")


if __name__ == "__main__":
    out, wanted = sys.argv[1], sys.argv[2:]
    for name, make in CASES.items():
        if wanted and name not in wanted:
            continue
        try:
            model, X = make()
        except AssertionError:
            continue
        except Exception as e:
            print("not made:", ENVIRONMENT, name, type(e).__name__, str(e)[:200])
            continue
        write(os.path.join(out, f"{name}-{ENVIRONMENT}"), f"{name}-{ENVIRONMENT}", model, X)
