"""Random pipelines with the predictions of the library that made them, as corpus cases: a search for what nobody thought of.

    python random_pipelines.py OUT_FOLDER FIRST_SEED COUNT

Each seed is one case: a data frame or matrix with awkward values, random preprocessing, a random estimator with random
options, saved in a random way. Rows that the library itself refuses go to bad_inputs.json.
"""
import json, math, os, pickle, random, sys, warnings
import joblib
import numpy as np
import pandas as pd
import sklearn
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor, make_column_selector
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.ensemble import *
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.feature_selection import SelectKBest, SelectPercentile, SelectFromModel, VarianceThreshold, f_classif, f_regression
from sklearn.impute import SimpleImputer
from sklearn.linear_model import *
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.multiclass import OneVsOneClassifier, OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier, MultiOutputRegressor
from sklearn.naive_bayes import BernoulliNB, GaussianNB, MultinomialNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import *
from sklearn.svm import SVC, SVR, LinearSVC, LinearSVR
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor, ExtraTreeClassifier

warnings.filterwarnings("ignore")
VERSION = tuple(int(x) for x in sklearn.__version__.split(".")[:2])


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


def make_frame(rng, n):
    g = np.random.default_rng(rng.randrange(2**32))
    cols = {
        "Age": g.normal(40, 12, n).round(rng.choice([0, 1, 4])),
        "income k$": g.lognormal(3, 1, n),
        "visits": g.poisson(3, n),
        "ratio": g.uniform(-1, 1, n),
        "big": g.normal(0, 1e6, n),
        "flag": g.random(n) < 0.4,
        "city": g.choice(["Paris", "Zürich", "São Paulo", "N/A", "new york"], n),
        "grade": g.choice(["A", "B", "C", "D"], n, p=[0.5, 0.3, 0.15, 0.05]),
        "code": g.choice([1, 2, 3, 7], n),
        "unused": g.choice(["x", "y"], n),
    }
    names = list(cols)
    rng.shuffle(names)
    df = pd.DataFrame({k: cols[k] for k in names})
    z = 0.05 * (df["Age"] - 40) + 0.3 * df["visits"] + (df["grade"] == "A") * 0.8 - df["flag"] * 0.7 + df["ratio"] + g.normal(0, 0.7, n)
    return df, z.to_numpy(), g


def holes(df, columns, g, share=0.08):
    df = df.copy()
    for c in columns:
        if df[c].dtype == bool:
            continue
        if df[c].dtype.kind in "iu":
            df[c] = df[c].astype(float)
        df.loc[g.random(len(df)) < share, c] = np.nan
    return df


def number_steps(rng, missing):
    steps = []
    if missing:
        steps.append(("fill", SimpleImputer(strategy=rng.choice(["mean", "median", "most_frequent", "constant"]), add_indicator=rng.random() < 0.25)))
    options = [StandardScaler(), StandardScaler(with_mean=False), MinMaxScaler((-1, 2)), MinMaxScaler(clip=True), RobustScaler(quantile_range=(10, 80)), MaxAbsScaler(),
               PolynomialFeatures(2, interaction_only=rng.random() < 0.5, include_bias=rng.random() < 0.5), KBinsDiscretizer(4, encode=rng.choice(["onehot", "ordinal", "onehot-dense"]), strategy=rng.choice(["quantile", "uniform", "kmeans"])),
               Normalizer(rng.choice(["l1", "l2", "max"])), Binarizer(threshold=0.2), PowerTransformer(), QuantileTransformer(n_quantiles=20), FunctionTransformer(np.cbrt) if rng.random() < 0.3 else FunctionTransformer(np.square), "passthrough"]
    for i in range(rng.choice([0, 1, 1, 2])):
        steps.append((f"n{i}", rng.choice(options)))
    return Pipeline(steps) if steps else "passthrough"


def text_steps(rng, missing):
    steps = []
    if missing:
        steps.append(("fill", rng.choice([SimpleImputer(strategy="most_frequent"), SimpleImputer(strategy="constant", fill_value="missing")])))
    kind = rng.random()
    if kind < 0.7:
        kw = dict(handle_unknown="ignore")
        if VERSION >= (1, 1) and rng.random() < 0.35:
            kw = dict(handle_unknown=rng.choice(["infrequent_if_exist", "ignore"]), min_frequency=rng.choice([0.1, 15]))
        elif rng.random() < 0.3:
            kw = dict(handle_unknown=rng.choice(["error", "ignore"]), drop=rng.choice(["first", "if_binary"]))
        steps.append(("hot", OneHotEncoder(**kw)))
    else:
        kw = rng.choice([dict(), dict(handle_unknown="use_encoded_value", unknown_value=-1), dict(handle_unknown="use_encoded_value", unknown_value=np.nan) if False else dict(handle_unknown="use_encoded_value", unknown_value=99)])
        steps.append(("ord", OrdinalEncoder(**kw)))
    return Pipeline(steps)


def classifier(rng):
    r = rng.randrange(1000)
    return rng.choice([
        LogisticRegression(max_iter=300), LogisticRegression(C=0.1, penalty="l1", solver="liblinear") if VERSION < (1, 8) else LogisticRegression(C=0.1), SGDClassifier(loss="modified_huber", random_state=r), SGDClassifier(random_state=r), RidgeClassifier(), Perceptron(random_state=r),
        SVC(random_state=r), SVC(kernel=rng.choice(["linear", "poly", "sigmoid"]), probability=VERSION < (1, 8), random_state=r), LinearSVC(random_state=r), KNeighborsClassifier(rng.choice([1, 5, 8]), weights=rng.choice(["uniform", "distance"])), GaussianNB(),
        DecisionTreeClassifier(max_depth=6, random_state=r), RandomForestClassifier(12, max_depth=7, random_state=r), ExtraTreesClassifier(9, max_depth=6, random_state=r), GradientBoostingClassifier(n_estimators=12, random_state=r), HistGradientBoostingClassifier(max_iter=12, random_state=r),
        AdaBoostClassifier(n_estimators=10, random_state=r), BaggingClassifier(n_estimators=6, max_features=0.7, random_state=r), MLPClassifier((12, 5), max_iter=60, activation=rng.choice(["relu", "tanh", "logistic"]), random_state=r), BernoulliNB(),
        VotingClassifier([("a", LogisticRegression()), ("b", DecisionTreeClassifier(max_depth=3, random_state=r)), ("c", GaussianNB())], voting=rng.choice(["soft", "hard"]), weights=rng.choice([None, [1, 2, 1]])),
        StackingClassifier([("a", LogisticRegression()), ("b", DecisionTreeClassifier(max_depth=4, random_state=r))], cv=3, passthrough=rng.random() < 0.5),
        CalibratedClassifierCV(LinearSVC(random_state=r), method=rng.choice(["sigmoid", "isotonic"]), cv=3), CalibratedClassifierCV(RandomForestClassifier(5, max_depth=4, random_state=r), cv=2, ensemble=rng.random() < 0.5),
        OneVsRestClassifier(LogisticRegression()), OneVsOneClassifier(LinearSVC(random_state=r)), GridSearchCV(DecisionTreeClassifier(random_state=r), {"max_depth": [2, 5]}, cv=2), RandomizedSearchCV(LogisticRegression(), {"C": [0.1, 1, 10]}, n_iter=2, cv=2, random_state=r),
    ])


def regressor(rng):
    r = rng.randrange(1000)
    base = rng.choice([
        LinearRegression(), Ridge(0.7), Lasso(0.01), ElasticNet(0.01), SGDRegressor(random_state=r), HuberRegressor(), BayesianRidge(), PoissonRegressor() if False else Ridge(), SVR(), SVR(kernel="linear"), LinearSVR(random_state=r), KNeighborsRegressor(4, weights=rng.choice(["uniform", "distance"])),
        DecisionTreeRegressor(max_depth=6, random_state=r), RandomForestRegressor(10, max_depth=7, random_state=r), ExtraTreesRegressor(8, max_depth=6, random_state=r), GradientBoostingRegressor(n_estimators=15, loss=rng.choice(["squared_error", "huber", "absolute_error"]), random_state=r),
        HistGradientBoostingRegressor(max_iter=15, random_state=r), AdaBoostRegressor(n_estimators=7, random_state=r), BaggingRegressor(n_estimators=5, random_state=r), MLPRegressor((10,), max_iter=60, random_state=r),
        VotingRegressor([("a", Ridge()), ("b", DecisionTreeRegressor(max_depth=3, random_state=r))]), StackingRegressor([("a", Ridge()), ("b", DecisionTreeRegressor(max_depth=3, random_state=r))], cv=3), GridSearchCV(Ridge(), {"alpha": [0.1, 1]}, cv=2),
    ])
    kind = rng.random()
    if kind < 0.15:
        return TransformedTargetRegressor(base, func=np.arcsinh, inverse_func=np.sinh)
    if kind < 0.25:
        return TransformedTargetRegressor(base, transformer=rng.choice([StandardScaler(), MinMaxScaler(), RobustScaler()]))
    return base


def labels_of(rng, z, g):
    if rng.random() < 0.5:
        y = (z > np.median(z)).astype(int)
    else:
        y = np.digitize(z, np.quantile(z, [0.3, 0.75]))
    kind = rng.choice(["int", "str", "bool", "shifted"])
    if kind == "str":
        return np.array(["no", "oui", "già"])[y]
    if kind == "bool" and y.max() == 1:
        return y.astype(bool)
    return y * 5 - 5 if kind == "shifted" else y


def saved_as(rng, model):
    """Now and then the model is not alone in the file."""
    r = rng.random()
    if r < 0.07:
        return {"model": model, "threshold": 0.4, "features": ["a", "b"]}
    if r < 0.1:
        return (model, ["a", "b"], 0.93)
    return model


def wide(rng, df, z, y, g, task):
    """Things that real notebooks do: text beside numbers, selectors, nested transformers, remainders, pandas output, several targets."""
    df = df.copy()
    words = ["late", "broken", "great", "refund", "Thanks", "très bien", "again", "slow", "n°5"]
    df["note"] = [" ".join(g.choice(words, g.integers(1, 7))) for _ in range(len(df))]
    df["when"] = [f"2024-{1 + i % 12:02d}-{1 + i % 28:02d}" for i in range(len(df))]
    gaps = rng.random() < 0.5
    numbers, texts = ["Age", "income k$", "visits", "ratio"], ["city", "grade"]
    if gaps:
        df = holes(df, numbers + texts, g)
    fill = [("fill", SimpleImputer(strategy=rng.choice(["mean", "median"])))]
    number_tail = rng.choice([[("scale", StandardScaler())], [("poly", PolynomialFeatures(2)), ("scale", StandardScaler(with_mean=False))], [("union", FeatureUnion([("a", StandardScaler()), ("b", KBinsDiscretizer(3, encode="ordinal")), ("p", PCA(2))], transformer_weights=rng.choice([None, {"a": 2.0}])))], [("log", FunctionTransformer(np.abs)), ("log1p", FunctionTransformer(np.log1p))], [("spline", SplineTransformer(n_knots=4, degree=rng.choice([2, 3])))]])
    ordinal = OrdinalEncoder(categories=[["D", "C", "B", "A"]], handle_unknown="use_encoded_value", unknown_value=-1)
    parts = [("num", Pipeline(fill + number_tail), make_column_selector(dtype_include=np.number, pattern="Age|income|visits|ratio") if rng.random() < 0.3 else numbers),
             ("city", Pipeline([("fill", SimpleImputer(strategy="constant", fill_value="?")), ("hot", OneHotEncoder(handle_unknown="ignore"))]), ["city"]),
             ("grade", Pipeline([("fill", SimpleImputer(strategy="most_frequent")), ("ord", ordinal)]), ["grade"])]
    if rng.random() < 0.5:
        parts.append(("note", TfidfVectorizer(min_df=2, ngram_range=(1, rng.choice([1, 2]))) if rng.random() < 0.7 else Pipeline([("c", CountVectorizer()), ("t", TfidfTransformer(sublinear_tf=rng.random() < 0.5)), ("s", TruncatedSVD(3, random_state=0))]), "note"))
    if rng.random() < 0.3:
        parts = [("inner", ColumnTransformer(parts[:2], remainder="drop"), ["city"] + numbers)] + parts[2:]
    rest = rng.choice(["drop", "drop", "passthrough"])
    if rest == "passthrough":
        used = set(numbers + texts + ["note"])
        df = df[[c for c in df.columns if c in used or c in ("flag", "code")]]
        if not any(p[0] == "note" for p in parts):
            df = df.drop(columns=["note"])
        if gaps:
            df = df.assign(code=df["code"])
    ct = ColumnTransformer(parts, remainder=rest, sparse_threshold=rng.choice([0, 0.3]))
    steps = [("pre", ct)]
    if rng.random() < 0.2 and VERSION >= (1, 2) and not any(isinstance(p[1], (TfidfVectorizer,)) or p[0] in ("note", "city", "inner") for p in parts):
        ct.set_output(transform="pandas")
    if rng.random() < 0.3:
        steps.append(("sel", SelectKBest(f_classif if task == "class" else f_regression, k=5)))
    multi = rng.random() < 0.25
    if multi and task == "class":
        y = np.column_stack([y.astype(str), (z > 0).astype(int).astype(str)]) if y.dtype.kind in "OU" else np.column_stack([y, (z > 0).astype(int)])
        final = rng.choice([MultiOutputClassifier(LogisticRegression(max_iter=200)), RandomForestClassifier(8, max_depth=5, random_state=3), DecisionTreeClassifier(max_depth=5, random_state=3), KNeighborsClassifier(4)])
    elif multi:
        y = np.column_stack([z, z * 2 + 1, np.abs(z)])
        final = rng.choice([MultiOutputRegressor(GradientBoostingRegressor(n_estimators=6, random_state=1)), Ridge(), RandomForestRegressor(6, max_depth=5, random_state=3), MLPRegressor((6,), max_iter=50, random_state=1), KNeighborsRegressor(3), LinearRegression()])
    else:
        final = classifier(rng) if task == "class" else regressor(rng)
    return rng, "frame", df, y, Pipeline(steps + [("final", final)]), task


def build(seed):
    rng = random.Random(seed)
    task = rng.choice(["class", "class", "reg"])
    shape = rng.choice(["frame", "frame", "frame", "wide", "matrix", "text"])
    n = 260
    df, z, g = make_frame(rng, n)
    y = labels_of(rng, z, g) if task == "class" else z * rng.choice([1, 100])
    final = classifier(rng) if task == "class" else regressor(rng)
    if shape == "matrix":
        X = np.column_stack([df["Age"], df["income k$"], df["visits"], df["ratio"], df["big"] / 1e6])
        steps = [(f"s{i}", rng.choice([StandardScaler(), MinMaxScaler(), PCA(3, whiten=rng.random() < 0.3), SelectKBest(f_classif if task == "class" else f_regression, k=3), PolynomialFeatures(2), QuantileTransformer(n_quantiles=30), VarianceThreshold()])) for i in range(rng.choice([0, 1, 2]))]
        return rng, shape, X, y, Pipeline(steps + [("final", final)]) if steps else final, task
    if shape == "text":
        words = "the a refund Order invoice LOGIN café déjà-vu can't error 404 http://x.y slow été 中文 テスト don_t is ok x1 😀".split()
        X = np.array([" ".join(g.choice(words, g.integers(1, 14))) + rng.choice(["", "!", "  ", "\n"]) for _ in range(n)], dtype=object)
        y = labels_of(rng, np.array([t.count("error") + t.count("slow") * 0.5 + len(t) * 0.01 for t in X]) + g.normal(0, 0.1, n), g) if task == "class" else z
        kw = rng.choice([dict(), dict(ngram_range=(1, 2)), dict(analyzer="char", ngram_range=(2, 3)), dict(analyzer="char_wb", ngram_range=(2, 4)), dict(stop_words="english", ngram_range=(1, 2)), dict(lowercase=False, min_df=2), dict(token_pattern=r"(?u)\b\w+\b"), dict(strip_accents="unicode"), dict(strip_accents="ascii"), dict(binary=True, max_features=20)])
        vec = CountVectorizer(**kw) if rng.random() < 0.4 else TfidfVectorizer(sublinear_tf=rng.random() < 0.4, norm=rng.choice(["l1", "l2", None]), **kw)
        steps = [("vec", vec)]
        if rng.random() < 0.3:
            steps.append(("svd", TruncatedSVD(4, random_state=0)))
        elif rng.random() < 0.2:
            steps.append(("k", SelectKBest(f_classif if task == "class" else f_regression, k=8)))
        final = rng.choice([LogisticRegression(max_iter=200), MultinomialNB() if len(steps) == 1 else GaussianNB(), LinearSVC(), RandomForestClassifier(6, random_state=1), SGDClassifier(random_state=0)]) if task == "class" else rng.choice([Ridge(), RandomForestRegressor(6, random_state=1)])
        if isinstance(final, GaussianNB) and len(steps) == 1:
            final = LogisticRegression()
        return rng, shape, X, y, Pipeline(steps + [("final", final)]), task
    if shape == "wide":
        return wide(rng, df, z, y, g, task)
    numbers = rng.sample(["Age", "income k$", "visits", "ratio", "big", "code"], rng.choice([2, 3, 4]))
    texts = rng.sample(["city", "grade"], rng.choice([0, 1, 2]))
    gaps_n, gaps_t = rng.random() < 0.5, rng.random() < 0.4
    if gaps_n:
        df = holes(df, numbers, g)
    if gaps_t:
        df = holes(df, texts, g)
    parts = [("num", number_steps(rng, gaps_n), numbers)]
    if texts:
        parts.append(("txt", text_steps(rng, gaps_t), texts))
    if rng.random() < 0.5:
        parts.append(("flag", rng.choice(["passthrough", OneHotEncoder(drop="if_binary")]), ["flag"]))
    if rng.random() < 0.25:
        parts.append(("code", OneHotEncoder(handle_unknown="ignore"), ["code"]))
    if rng.random() < 0.2:
        parts = [(a, b, [list(df.columns).index(c) for c in cs]) for a, b, cs in parts]
    if rng.random() < 0.15:
        df = df.drop(columns=["unused"])
    ct = ColumnTransformer(parts, remainder="drop", sparse_threshold=rng.choice([0, 0.3]), verbose_feature_names_out=rng.random() < 0.5)
    steps = [("pre", ct)]
    if rng.random() < 0.2:
        steps.append(("sel", rng.choice([SelectPercentile(f_classif if task == "class" else f_regression, percentile=60), SelectFromModel(DecisionTreeClassifier(random_state=0) if task == "class" else DecisionTreeRegressor(random_state=0)), VarianceThreshold()])))
    elif rng.random() < 0.1:
        steps.append(("svd", TruncatedSVD(2, random_state=0)))
    model = Pipeline(steps + [("final", final)])
    if rng.random() < 0.1:
        model = GridSearchCV(model, {}, cv=2)
    return rng, shape, df, y, model, task


def outputs(model, X):
    out = {}
    p = np.asarray(model.predict(X))
    out["predict"] = p
    for name in ("predict_proba", "decision_function"):
        if hasattr(model, name):
            try:
                v = getattr(model, name)(X)
            except AttributeError:
                continue
            if isinstance(v, list):
                for t, one in enumerate(v):
                    out[f"probabilities_{t}"] = np.asarray(one)
            else:
                out[name] = np.asarray(v)
    return out


def write_case(folder, seed):
    rng, shape, X, y, model, task = build(seed)
    dense_failures = ("sparse", "dense")
    try:
        model.fit(X, y)
    except Exception as e:
        return "skip: " + str(e)[:80]
    g = np.random.default_rng(seed)
    test = X.iloc[:70].copy() if shape == "frame" else X[:70].copy()
    if shape == "frame":
        for c in test.columns:
            if test[c].dtype == bool:
                continue
            for i in g.integers(0, 70, 3):
                if test[c].dtype == object or str(test[c].dtype) in ("str", "string"):
                    v = [np.nan, "", "zzz", "Ünï ☃", "A "][g.integers(0, 5)]
                else:
                    if test[c].dtype.kind in "iu":
                        test[c] = test[c].astype(float)
                    v = [np.nan, 0.0, -1e9, 1e30, 3.5, np.inf][g.integers(0, 6)]
                test.iloc[int(i), test.columns.get_loc(c)] = v
    elif shape == "matrix":
        for i in range(8):
            test[g.integers(0, 70), g.integers(0, test.shape[1])] = [np.nan, 1e39, -5e7, 0][g.integers(0, 4)]
    else:
        test[:6] = ["", "   ", "ÉTÉ Straße ΣΊΣΥΦΟΣ", "a", "x" * 300, "x\ty  z\u00a0w"]
    good, bad, errors = [], [], []
    for i in range(len(test)):
        row = test.iloc[i:i + 1] if shape == "frame" else test[i:i + 1]
        try:
            outputs(model, row)
            good.append(i)
        except Exception as e:
            bad.append(i)
            errors.append(f"{type(e).__name__}: {str(e)[:200]}")
    ok = test.iloc[good] if shape == "frame" else test[good]
    if len(good) == 0:
        return "skip: no row works"
    res = outputs(model, ok)
    name = f"random-{seed:05d}"
    d = os.path.join(folder, name)
    os.makedirs(d, exist_ok=True)
    saved = saved_as(rng, model)
    how = rng.choice(["pickle2", "pickle3", "pickle4", "pickle5", "joblib", "joblib.gz", "joblib.xz", "joblib.bz2", "joblib.lzma", "joblib.z", "joblib3"])
    file = "model.pkl" if how.startswith("pickle") else "model.joblib" if how in ("joblib", "joblib3") else "model." + how
    if how.startswith("pickle"):
        with open(os.path.join(d, file), "wb") as f:
            pickle.dump(saved, f, protocol=int(how[-1]))
    else:
        joblib.dump(saved, os.path.join(d, file), compress=3 if how == "joblib3" else 0) if how in ("joblib", "joblib3") else joblib.dump(saved, os.path.join(d, file))

    def data(part):
        if shape == "frame":
            return {"format": "records", "records": [{c: jsonable(v) for c, v in zip(part.columns, r)} for r in part.itertuples(index=False, name=None)]}
        if shape == "matrix":
            return {"format": "rows", "rows": [[jsonable(v) for v in r] for r in part]}
        return {"format": "texts", "texts": list(part)}

    kinds = {"predict": "label" if task == "class" else "value", "predict_proba": "probability", "decision_function": "score"}
    types = lambda a: "BYTES" if a.dtype.kind in "OUS" else "BOOL" if a.dtype.kind == "b" else "INT64" if a.dtype.kind in "iu" else "FP64"
    exp = {"n": len(good), "required": list(res), "outputs": {k: {"kind": kinds.get(k, "probability"), "datatype": types(v), "shape": list(v.shape), "data": [jsonable(x) for x in v.ravel().tolist()]} for k, v in res.items()}}
    base = repr(model)
    case = {"name": name, "family": "random", "environment": "sk" + "".join(sklearn.__version__.split(".")[:2]), "expect": "import", "model_file": file, "how_saved": how, "tolerance": {"rtol": 1e-9, "atol": 1e-9}, "n_bad_rows": len(bad),
            "input": {"format": data(ok)["format"], "columns": [{"name": c, "type": "bool" if X[c].dtype == bool else "string" if X[c].dtype == object or str(X[c].dtype) in ("str", "string") else "float64"} for c in X.columns] if shape == "frame" else [], "n_features": X.shape[1] if shape == "matrix" else 1}, "what": base[:1500]}
    json.dump(case, open(os.path.join(d, "case.json"), "w"), indent=1)
    json.dump(data(ok), open(os.path.join(d, "inputs.json"), "w"))
    json.dump(exp, open(os.path.join(d, "expected.json"), "w"))
    if bad:
        b = data(test.iloc[bad] if shape == "frame" else test[bad])
        b["errors"] = errors
        json.dump(b, open(os.path.join(d, "bad_inputs.json"), "w"))
    return "ok"


if __name__ == "__main__":
    folder, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    tally = {}
    for seed in range(first, first + count):
        try:
            result = write_case(folder, seed)
        except Exception as e:
            result = f"{type(e).__name__}: {str(e)[:100]}"
        tally[result[:60]] = tally.get(result[:60], 0) + 1
    print(json.dumps(tally, indent=1))
