"""Shared by random_xgboost.py, random_lightgbm.py and random_catboost.py: data, awkward inputs, and cases written to a folder.

    python random_xgboost.py OUT_FOLDER FIRST_SEED COUNT

Each seed is one case: random data, objective, booster, options, wrapping and file format. The truth is what the library
predicts after it has loaded the file again. Rows that the library refuses go to bad_inputs.json.
"""
import json, math, os, random, sys, traceback, warnings
import numpy as np
import pandas as pd
import sklearn
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import AdaBoostRegressor, BaggingClassifier, BaggingRegressor, StackingClassifier, StackingRegressor, VotingClassifier, VotingRegressor
from sklearn.feature_selection import SelectKBest, f_classif, f_regression
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import ClassifierChain, MultiOutputClassifier, MultiOutputRegressor, RegressorChain
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

warnings.filterwarnings("ignore")
N, TRAIN = 420, 320
TEXTS = {"city": ["Zurich", "Paris", "Sao Paulo", "new york", "Oslo"], "grade": list("ABCDEFGHIJKLMNOP"), "code": [3, 7, 11, 200], "size": [0.5, 1.0, 2.25], "yes": [False, True]}
UNICODE = {**TEXTS, "city": ["Zürich", "Paris", "São Paulo", "new york", "日本"]}


def jsonable(v):
    if v is None or v is pd.NA:
        return None
    if isinstance(v, (bool, np.bool_)):
        return bool(v)
    if isinstance(v, (int, np.integer)):
        return int(v)
    if isinstance(v, (float, np.floating)):
        f = float(v)
        return None if math.isnan(f) else ("Infinity" if f > 0 else "-Infinity") if math.isinf(f) else f
    return str(v)


class Data:
    """X as a matrix or a frame, a signal z, and which columns are what."""

    def __init__(self, rng, features=5, frame=False, categories=(), codes=0, many=20, holes=0.1, zeros=0.0, texts=TEXTS, odd_names=False):
        self.rng, self.g = rng, np.random.default_rng(rng.randrange(2**32))
        g = self.g
        scales = np.array([1, 10, 0.1, 1000, 1, 3, 7, 1e6])[:features]
        X = np.round(g.normal(0, 1, (N, features)), rng.choice([1, 3, 3, 12])) * scales
        z = X[:, 0] / scales[0] + np.sin(X[:, 1] / 3) + (X[:, 2] > 0) * 1.5 + g.normal(0, 0.4, N)
        if zeros:
            X[g.random(X.shape) < zeros] = 0
        if features > 3 and rng.random() < 0.3:
            X[:, 3] = np.round(X[:, 3])
        for _ in range(codes):
            c = g.integers(0, many, N)
            z = z + np.where((c * 7919) % 5 < 2, 1.5, -0.5)
            X = np.column_stack([X, c])
        X = X.astype(float)
        X[g.random(X.shape) < holes] = np.nan
        self.codes = list(range(X.shape[1] - codes, X.shape[1]))
        self.frame, self.categories, self.texts = frame or len(categories) > 0, list(categories), texts
        self.z = z
        if self.frame:
            names = [f"num {i}" if odd_names else f"num_{i}" for i in range(X.shape[1])]
            if odd_names:
                names[0] = "größe (cm)"
            df = pd.DataFrame(X, columns=names)
            self.code_names = [names[j] for j in self.codes]
            for name in categories:
                values = g.choice(len(texts[name]), N)
                self.z = self.z + np.where(values % 3 == 0, 1.2, -0.4)
                df.insert(int(g.integers(0, df.shape[1] + 1)), name, pd.Categorical.from_codes(np.where(g.random(N) < holes, -1, values), texts[name]))
            X = df
        self.X = X

    def take(self, rows):
        return self.X.iloc[rows] if self.frame else self.X[rows]

    def target(self, task, classes=3):
        z = (self.z - self.z.mean()) / self.z.std()
        g = self.g
        return {
            "binary": lambda: (z > 0.2).astype(int), "multi": lambda: np.digitize(z, np.quantile(z, np.linspace(0, 1, classes + 1)[1:-1])), "count": lambda: g.poisson(np.exp(z * 0.6)).astype(float),
            "positive": lambda: np.exp(z * 0.5) + 0.01, "unit": lambda: 1 / (1 + np.exp(-z)), "several": lambda: np.column_stack([z, np.abs(z) * 100, -z + 3]), "labels": lambda: np.column_stack([z > 0, z > 0.5, np.abs(z) < 1]).astype(int),
            "rank": lambda: np.digitize(z, np.quantile(z, [0.3, 0.6, 0.9])), "real": lambda: z * 50 + 140, "censored": lambda: np.where(g.random(N) < 0.3, -1, 1) * (np.exp(z * 0.5) + 0.01),
        }[task]()

    def numeric(self):
        return [c for c in range(self.X.shape[1]) if not self.frame or self.X.dtypes.iloc[c].kind == "f"]

    def test(self, thresholds=(), infinite=True, rows=70):
        """Rows with values that make trouble; `thresholds`: (column, value) pairs that splits ask for."""
        T, g, rng = self.take(slice(TRAIN - 20, TRAIN - 20 + rows)).copy(), self.g, self.rng
        values = [np.nan, 0.0, -0.0, 1e-36, -1e-36, 1e-300, 1e30, -1e30, -0.5, -1.0, 2.7, 1e9, 16777217.0, 9007199254740993.0, -2147483649.0, 4294967296.0] + ([np.inf, -np.inf, 1e39, 1e300] if infinite else [])
        put = (lambda i, j, v: T.iloc.__setitem__((i, j), v)) if self.frame else (lambda i, j, v: T.__setitem__((i, j), v))
        columns = self.numeric()
        if self.frame:
            T = T.reset_index(drop=True)
        for _ in range(3 * len(columns)):
            put(int(g.integers(0, 30)), int(g.choice(columns)), values[int(g.integers(0, len(values)))])
        pairs = [p for p in thresholds if p[0] in columns and math.isfinite(p[1])]
        for column, value in rng.sample(pairs, min(len(pairs), 60)):
            v = rng.choice([value, float(np.float32(value)), np.nextafter(value, np.inf), np.nextafter(value, -np.inf), float(np.nextafter(np.float32(value), np.float32(np.inf))), float(np.nextafter(np.float32(value), np.float32(-np.inf)))])
            put(int(g.integers(30, rows)), column, v)
        return T


def inside(rng, task, model, other):
    """A scikit-learn meta-estimator or pipeline around the booster; `other` makes a second estimator of the library."""
    classes, r = task in ("binary", "multi"), rng.randrange(1000)
    fill = lambda: make_pipeline(SimpleImputer(), StandardScaler())
    simple = lambda: make_pipeline(SimpleImputer(), LogisticRegression() if classes else Ridge())
    options = [lambda: make_pipeline(StandardScaler(), model), lambda: make_pipeline(SimpleImputer(strategy="median"), MinMaxScaler(), model), lambda: Pipeline([("fill", SimpleImputer()), ("best", SelectKBest(f_classif if classes else f_regression, k=3)), ("m", model)])]
    if classes:
        options += [lambda: CalibratedClassifierCV(model, method=rng.choice(["sigmoid", "isotonic"]), cv=2), lambda: VotingClassifier([("a", model), ("b", simple())], voting=rng.choice(["soft", "hard"]), weights=rng.choice([None, [2, 1]])),
                    lambda: StackingClassifier([("a", model), ("b", other())], LogisticRegression(), cv=2, passthrough=False), lambda: GridSearchCV(model, {}, cv=2), lambda: OneVsRestClassifier(model), lambda: OneVsOneClassifier(model),
                    lambda: BaggingClassifier(model, n_estimators=3, max_features=0.8, random_state=r), lambda: make_pipeline(fill(), CalibratedClassifierCV(model, cv=2))]
    elif task in ("several", "labels"):
        options = [lambda: (MultiOutputRegressor if task == "several" else MultiOutputClassifier)(model), lambda: (RegressorChain if task == "several" else ClassifierChain)(model)]
    else:
        options += [lambda: VotingRegressor([("a", model), ("b", simple())]), lambda: StackingRegressor([("a", model), ("b", other())], Ridge(), cv=2), lambda: RandomizedSearchCV(model, {"n_estimators": [3, 6]}, n_iter=2, cv=2, random_state=r), lambda: BaggingRegressor(model, n_estimators=3, max_samples=0.8, random_state=r),
                    lambda: TransformedTargetRegressor(model, func=np.arcsinh, inverse_func=np.sinh), lambda: TransformedTargetRegressor(model, transformer=StandardScaler()), lambda: make_pipeline(fill(), model)]
    return rng.choice(options)()


def kind_of(name, classifier):
    if name == "predict":
        return "label" if classifier else "value"
    return "probability" if name.startswith(("predict_proba", "probabilities")) else "score"


def write(out, name, family, environment, versions, path, predict, T, tolerance, classifier, what, maker, declared=None):
    """`predict(rows)` gives {output name: array}; a row that it refuses is a bad input."""
    folder = os.path.dirname(path)
    frame = isinstance(T, pd.DataFrame)
    take = (lambda rows: T.iloc[rows]) if frame else (lambda rows: T[rows])
    good, bad, errors = [], [], []
    for i in range(len(T)):
        try:
            predict(take([i]))
            good.append(i)
        except Exception as e:
            bad.append(i)
            errors.append(f"{type(e).__name__}: {(str(e).splitlines() or [''])[0][:150]}")
    if len(good) < 5:
        raise ValueError("hardly a row works: " + str(errors[:1]))
    result = predict(take(good))

    def dump(rows):
        part = take(rows)
        if frame:
            return {"format": "records", "records": [{c: jsonable(v) for c, v in zip(part.columns, row)} for row in part.astype(object).where(part.notna(), None).itertuples(index=False, name=None)]}
        return {"format": "rows", "rows": [[jsonable(v) for v in row] for row in part]}
    expected = {}
    for key, value in result.items():
        value = np.asarray(value)
        kind = kind_of(key, classifier)
        if key == "predict" and kind == "label" and value.ndim == 2 and value.shape[1] == 1:
            value = value[:, 0]
        expected[key] = {"kind": kind, "datatype": "BYTES" if value.dtype.kind in "OUS" else {"f": "FP64", "i": "INT64", "u": "INT64", "b": "BOOL"}[value.dtype.kind], "shape": list(value.shape), "data": [jsonable(v) for v in value.ravel().tolist()]}
    spec = {"name": name, "family": family, "environment": environment, "producer": {**versions, "scikit-learn": sklearn.__version__}, "model_file": os.path.basename(path), "expect": "import", "made_by": "corpus/makers/" + maker,
            "input": {"format": "records" if frame else "rows", "columns": [{"name": str(c)} for c in (T.columns if frame else range(T.shape[1]))]}, "n_rows": len(good), "tolerance": tolerance, "what": what[:1500]}
    for file, value in (("case", spec), ("inputs", dump(good)), ("expected", {"n": len(good), "required": list(expected), "outputs": expected})):
        with open(os.path.join(folder, file + ".json"), "w") as f:
            json.dump(value, f, ensure_ascii=False)
    if bad:
        with open(os.path.join(folder, "bad_inputs.json"), "w") as f:
            json.dump({**dump(bad), "errors": errors}, f, ensure_ascii=False)


def search(make):
    """Runs `make(out, seed)` over the seeds of the command line; says which options the library did not take."""
    out, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    tally = {}
    for seed in range(first, first + count):
        try:
            make(out, seed)
            result = "ok"
        except Exception as e:
            if os.environ.get("TRACE"):
                traceback.print_exc()
            result = f"{type(e).__name__}: {str(e).strip().splitlines()[-1][:110] if str(e).strip() else ''}"
        tally[result] = tally.get(result, 0) + 1
    for result, n in sorted(tally.items(), key=lambda x: -x[1]):
        print(n, result)
