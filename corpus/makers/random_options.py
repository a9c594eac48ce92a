"""Random options of every estimator, and of mixed data frames, with the predictions of the library that made them, as
corpus cases: the second search for what nobody thought of (the first: random_pipelines.py).

    python random_options.py OUT_FOLDER FIRST_SEED COUNT [only=Ridge,SVC] [kind=options|frame|imblearn|encoders]
    python random_options.py --options FILE       writes the options that this version's own checks allow; RANDOM_OPTIONS=FILE
                                                  gives them to versions that have no such checks (before 1.2)

Each seed is one case. Rows that the library itself refuses alone go to bad_inputs.json.
"""
import inspect, io, json, os, pickle, random, sys, warnings
import joblib
import numpy as np
import pandas as pd
import scipy.sparse as sp
import sklearn
from sklearn.compose import ColumnTransformer, make_column_selector
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.utils import all_estimators
from random_pipelines import *  # noqa: F403
from random_pipelines import VERSION, jsonable, classifier, regressor

try:
    from sklearn.experimental import enable_halving_search_cv  # noqa: F401
except ImportError:
    pass
warnings.filterwarnings("ignore")
LEFT_ALONE = {"n_jobs", "verbose", "warm_start", "memory", "cache_size", "copy", "copy_X", "copy_x", "copy_X_train", "tol", "max_iter", "n_iter_no_change", "verbose_interval",
              "pre_dispatch", "error_score", "return_train_score", "check_input", "decode_error", "encoding", "input", "random_state", "max_fun", "shuffle", "store_cv_values",
              "store_cv_results", "max_no_improvement", "compute_labels", "precompute", "force_int_remainder_cols", "check_inverse", "noise_variance_init"}


# ---- options

def options_of(cls):
    """parameter -> values worth a try, after the library's own list of what it allows."""
    constraints = getattr(cls, "_parameter_constraints", None)
    try:
        defaults = {n: p.default for n, p in inspect.signature(cls.__init__).parameters.items() if n not in ("self", "args", "kwargs")}
    except (TypeError, ValueError):
        return {}
    if not constraints:
        known = STORED.get(cls.__name__, {})
        return {n: v for n, v in known.items() if n in defaults}
    out = {}
    for name, allowed in constraints.items():
        if name in LEFT_ALONE or name not in defaults or not isinstance(allowed, list):
            continue
        d, values = defaults[name], []
        for one in allowed:
            kind = type(one).__name__
            if kind == "Hidden":
                continue
            if kind in ("StrOptions", "Options"):
                gone = getattr(one, "deprecated", set())
                values += [v for v in sorted(one.options, key=str) if v not in gone and v not in ("deprecated", "warn", "precomputed")]
            elif one == "boolean" if isinstance(one, str) else False:
                values += [True, False]
            elif one is None:
                values += [None]
            elif kind == "Interval":
                low, high = one.left, one.right
                whole = one.type.__name__ in ("Integral", "int") if isinstance(one.type, type) else False
                base = d if isinstance(d, (int, float)) and not isinstance(d, bool) else None
                if whole:
                    tries = [1, 2, 3, 5] + ([base, base + 1, max(1, base // 2)] if base is not None else [])
                else:
                    tries = [0.0, 0.05, 0.3, 0.7, 1.0, 2.0] + ([base, base * 0.3, base * 4] if base is not None else [])
                values += [v for v in tries if v in one]
        values = [v for i, v in enumerate(values) if not any(v is w or (type(v) is type(w) and v == w) for w in values[:i])]
        if values:
            out[name] = values
    return out


STORED = {}
if os.environ.get("RANDOM_OPTIONS"):
    STORED = json.load(open(os.environ["RANDOM_OPTIONS"]))


def with_options(rng, est, share=0.35):
    for name, values in options_of(type(est)).items():
        if rng.random() < share:
            try:
                est.set_params(**{name: rng.choice(values)})
            except Exception:
                pass
    return est


BUDGET = {"n_estimators": [3, 6], "max_iter": [30, 100], "n_components": [1, 2, 3], "n_init": [1, 2], "max_leaf_nodes": [None, 5, 12], "hidden_layer_sizes": [(5,), (6, 4)], "n_quantiles": [10, 25], "n_clusters": [2, 3, 4], "min_samples_leaf": [1, 2, 5]}
OWN = {
    "ngram_range": [(1, 1), (1, 2), (2, 2), (2, 4)], "token_pattern": [r"(?u)\b\w\w+\b", r"\b\w+\b", r"[a-z]+", r"\S+", r"[^\s,]+"], "stop_words": [None, "english", ["the", "a"]], "max_df": [1.0, 0.6, 40], "min_df": [1, 2, 0.05], "max_features": [None, 7, 30],
    "strip_accents": [None, "unicode", "ascii"], "degree": [1, 2, 3], "quantile_range": [(25.0, 75.0), (5.0, 60.0)], "feature_range": [(0, 1), (-3, 2)], "n_features": [8, 16, 64], "gamma": ["scale", "auto", 0.2], "weights": ["uniform", "distance"],
    "missing_values": [np.nan, 0, -1], "fill_value": [None, 7, -1.5], "drop": [None, "first", "if_binary"], "min_frequency": [None, 5, 0.1], "max_categories": [None, 2, 3], "dtype": [np.float64, np.float32],
}


def simple(rng, task):
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor
    return rng.choice([LogisticRegression(max_iter=200), DecisionTreeClassifier(max_depth=3, random_state=1)]) if task == "class" else rng.choice([Ridge(), DecisionTreeRegressor(max_depth=3, random_state=1)])


def instance(rng, name, cls, task):
    sig = inspect.signature(cls.__init__).parameters
    kw = {}
    for p in ("estimator", "base_estimator", "regressor"):
        if p in sig and (sig[p].default is inspect.Parameter.empty or rng.random() < 0.6):
            kw[p] = simple(rng, task)
            break
    if "estimators" in sig:
        kw["estimators"] = [("a", simple(rng, task)), ("b", simple(rng, task)), ("c", (classifier if task == "class" else regressor)(rng))]
    if "transformer_list" in sig:
        kw["transformer_list"] = [("a", StandardScaler()), ("b", PCA(2)), ("c", rng.choice(["passthrough", "drop", MinMaxScaler()]))]
    if "transformers" in sig:
        kw["transformers"] = [("a", StandardScaler(), [0, 1]), ("b", MinMaxScaler(), [2])]
    if "steps" in sig:
        kw["steps"] = [("a", StandardScaler()), ("b", simple(rng, task))]
    for p in ("param_grid", "param_distributions"):
        if p in sig:
            kw[p] = {}
    est = cls(**kw)
    with_options(rng, est)
    for p, values in {**BUDGET, **OWN}.items():
        if p in sig and rng.random() < (0.5 if p in OWN else 0.8):
            if p == "weights" and not name.startswith(("KN", "Radius")):
                continue
            if p == "n_components" and isinstance(sig[p].default, str):
                continue
            try:
                est.set_params(**{p: rng.choice(values)})
            except Exception:
                pass
    if "random_state" in sig:
        est.set_params(random_state=rng.randrange(100))
    if name in ("LocalOutlierFactor",):
        est.set_params(novelty=True)
    if name == "GaussianProcessRegressor" or name == "GaussianProcessClassifier":
        from sklearn.gaussian_process import kernels as gp
        est.set_params(kernel=rng.choice([None, gp.RBF() + gp.WhiteKernel(), gp.Matern(nu=rng.choice([0.5, 1.5, 2.5])) * gp.ConstantKernel(2.0), gp.RationalQuadratic() + gp.DotProduct(), gp.ExpSineSquared() + gp.WhiteKernel()]), optimizer=rng.choice([None, "fmin_l_bfgs_b"]))
    return est


def target_of(rng, z, g, task):
    if task == "class":
        y = labels_of(rng, z, g)  # noqa: F405
        return y
    y = z * rng.choice([1.0, 40.0])
    return y


def one_estimator(rng, seed, only):
    names = [(n, c) for n, c in all_estimators() if (not only or n in only) and n not in ("TSNE", "MDS")]
    name, cls = rng.choice(names)
    g = np.random.default_rng(seed)
    kind = getattr(cls, "_estimator_type", None) or ("classifier" if "Classifier" in name or issubclass(cls, sklearn.base.ClassifierMixin) else "regressor" if issubclass(cls, sklearn.base.RegressorMixin) else "")
    task = "class" if kind == "classifier" else "reg" if kind == "regressor" else rng.choice(["class", "reg"])
    est = instance(rng, name, cls, task)
    n = 90
    if name in ("CountVectorizer", "TfidfVectorizer", "HashingVectorizer"):
        words = "the a refund Order café déjà-vu can't error 404 slow été 中文 don_t is ok x1 cat, dog;".split()
        X = np.array([" ".join(g.choice(words, g.integers(1, 9))) + rng.choice(["", "!", " "]) for _ in range(n)], dtype=object)
        return est, "text", X, None, task
    if name == "DictVectorizer" or name == "FeatureHasher":
        return None, None, None, None, None
    F = 1 if name == "IsotonicRegression" else rng.choice([3, 5])
    flavour = rng.choice(["normal", "normal", "positive", "counts", "binary", "holes", "offset"])
    X = g.normal(0, 1, (n, F)).round(3)
    if "NB" in name and name not in ("GaussianNB", "BernoulliNB") or name in ("LatentDirichletAllocation", "NMF", "MiniBatchNMF", "AdditiveChi2Sampler", "SkewedChi2Sampler", "TfidfTransformer"):
        flavour = rng.choice(["positive", "counts"]) if name != "CategoricalNB" else "counts"
    if flavour == "positive":
        X = np.abs(X) + 0.01
    elif flavour == "counts":
        X = g.integers(0, 4, (n, F)).astype(rng.choice([float, int]))
    elif flavour == "binary":
        X = (X > 0).astype(float)
    elif flavour == "offset":
        X = X * [1, 10, 100, 1000, 0.01][:F] + [0, 5, -50, 0, 1][:F]
    if name in ("OneHotEncoder", "OrdinalEncoder", "TargetEncoder"):
        if rng.random() < 0.5:
            X = g.choice(np.array(["a", "b", "Zürich", "", "d"], dtype=object), (n, F))
            flavour = "texts"
        else:
            X = g.integers(0, 4, (n, F)).astype(float)
    z = (np.nan_to_num(X[:, 0].astype(float)) if X.dtype != object else (X[:, 0] == "a") * 1.0) + g.normal(0, 0.4, n)
    if flavour == "holes":
        X[g.random(X.shape) < 0.1] = np.nan
    y = target_of(rng, z, g, task)
    if "MultiOutput" in name or name.startswith("MultiTask") or name in ("ClassifierChain", "RegressorChain") or (rng.random() < 0.12 and "Chain" not in name):
        y = np.column_stack([y, g.permutation(y)])
    elif name in ("GammaRegressor", "PoissonRegressor", "TweedieRegressor"):
        y = np.abs(y) + 0.1
    if name == "LabelBinarizer" or name == "LabelEncoder" or name == "MultiLabelBinarizer":
        return None, None, None, None, None
    if rng.random() < 0.08:
        X = X.astype(np.float32) if X.dtype != object else X
    as_frame = rng.random() < 0.35 and F > 1
    if as_frame:
        X = pd.DataFrame(X, columns=["a b", "c", "d_1", "é", "x[0]"][:F])
    if rng.random() < 0.15 and flavour != "texts":
        if hasattr(est, "transform") and rng.random() < 0.5 and hasattr(est, "set_output"):
            try:
                est.set_output(transform="pandas")
            except Exception:
                pass
        elif not as_frame and flavour != "holes":
            est.__fit_sparse__ = True
    return est, "frame" if as_frame else "matrix", X, y, task


# ---- mixed frames

def mixed(rng, seed):
    g = np.random.default_rng(seed)
    n = 120
    d = {
        "age": g.normal(40, 12, n).round(1), "Income $": g.lognormal(3, 1, n).round(2), "visits": g.poisson(3, n), "ratio": g.uniform(-1, 1, n).round(4),
        "flag": g.random(n) < 0.4, "city": g.choice(["Paris", "Zürich", "N/A", "new york"], n), "grade": g.choice(["A", "B", "C"], n), "code": g.choice([1, 2, 7], n), "note": [" ".join(g.choice(["late", "broken", "great", "très bien", "ok", "n°5"], g.integers(1, 5))) for _ in range(n)],
        "level": g.choice(["low", "mid", "high"], n), "maybe": g.choice([True, False], n), "half": g.normal(0, 1, n).astype(np.float32),
    }
    df = pd.DataFrame(d)
    df["city"] = df["city"].astype(object)
    if rng.random() < 0.5:
        df["grade"] = df["grade"].astype("category")
    if rng.random() < 0.3:
        df["level"] = df["level"].astype(pd.CategoricalDtype(["low", "mid", "high"], ordered=True))
    elif rng.random() < 0.4:
        df["level"] = df["level"].astype("string")
    z = 0.05 * (df["age"] - 40) + 0.3 * df["visits"] + (df["grade"].astype(str) == "A") * 0.8 - df["flag"] * 0.7 + g.normal(0, 0.5, n)
    if rng.random() < 0.4:
        for c in ("age", "ratio", "city"):
            df.loc[g.random(n) < 0.1, c] = np.nan
        gaps = True
    else:
        gaps = False
    task = rng.choice(["class", "reg"])
    y = target_of(rng, z.to_numpy().astype(float), g, task)
    return g, df, y, z, task, gaps


def number_part(rng, gaps):
    from sklearn.impute import KNNImputer, MissingIndicator, IterativeImputer
    steps = []
    if gaps:
        steps.append(("fill", rng.choice([SimpleImputer(strategy=rng.choice(["mean", "median", "most_frequent"]), add_indicator=rng.random() < 0.4), SimpleImputer(strategy="constant", fill_value=-1), KNNImputer(n_neighbors=3, weights=rng.choice(["uniform", "distance"]), add_indicator=rng.random() < 0.2), IterativeImputer(max_iter=3, random_state=0)])))
    for i in range(rng.choice([1, 1, 2])):
        t = rng.choice([StandardScaler(), MinMaxScaler(), RobustScaler(), MaxAbsScaler(), PolynomialFeatures(2), KBinsDiscretizer(3), PowerTransformer(), QuantileTransformer(n_quantiles=15), SplineTransformer(n_knots=4), Normalizer(), Binarizer(), FunctionTransformer(rng.choice([np.log1p, np.abs, np.sqrt, np.exp, np.sign, np.tanh, None]) ), PCA(1)])
        steps.append((f"n{i}", with_options(rng, t, 0.25) if not isinstance(t, FunctionTransformer) else t))
    return Pipeline(steps)


def category_part(rng):
    from sklearn import preprocessing
    kind = rng.random()
    if kind < 0.5:
        kw = dict(handle_unknown=rng.choice(["ignore", "error"] + (["infrequent_if_exist"] if VERSION >= (1, 1) else []) + (["warn"] if VERSION >= (1, 6) else [])))
        if VERSION >= (1, 1) and rng.random() < 0.5:
            kw.update(rng.choice([dict(min_frequency=rng.choice([20, 0.2])), dict(max_categories=2)]))
        if rng.random() < 0.4:
            kw.update(drop=rng.choice(["first", "if_binary"]))
        if rng.random() < 0.3:
            kw.update({"sparse_output" if VERSION >= (1, 2) else "sparse": False})
        if rng.random() < 0.2:
            kw.update(dtype=rng.choice([np.float32, int, bool]))
        return OneHotEncoder(**kw)
    if kind < 0.8 or not hasattr(preprocessing, "TargetEncoder"):
        kw = dict(handle_unknown="use_encoded_value", unknown_value=rng.choice([-1, np.nan, 77]))
        if VERSION >= (1, 1) and rng.random() < 0.4:
            kw.update(encoded_missing_value=rng.choice([-2, np.nan]))
        if VERSION >= (1, 3) and rng.random() < 0.4:
            kw.update(rng.choice([dict(min_frequency=20), dict(max_categories=2)]))
        if rng.random() < 0.2:
            kw.update(dtype=np.float32)
        return OrdinalEncoder(**kw)
    return preprocessing.TargetEncoder(smooth=rng.choice(["auto", 5.0]), random_state=0)


def frame_model(rng, seed):
    g, df, y, z, task, gaps = mixed(rng, seed)
    numbers = rng.sample(["age", "Income $", "visits", "ratio", "half"], rng.choice([2, 3]))
    texts = rng.sample(["city", "grade", "level"], rng.choice([1, 2]))
    parts = [("num", number_part(rng, gaps), rng.choice([numbers, numbers, [list(df.columns).index(c) for c in numbers]])), ("cat", category_part(rng) if not gaps or rng.random() < 0.5 else Pipeline([("f", SimpleImputer(strategy=rng.choice(["most_frequent", "constant"]))), ("e", category_part(rng))]), texts)]
    if rng.random() < 0.3:
        parts.append(("flag", rng.choice(["passthrough", OneHotEncoder(drop="if_binary"), OrdinalEncoder(), FunctionTransformer()]), ["flag", "maybe"]))
    if rng.random() < 0.3:
        parts.append(("code", rng.choice([OneHotEncoder(handle_unknown="ignore"), OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), KBinsDiscretizer(2, encode="ordinal")]), ["code"]))
    if rng.random() < 0.25:
        from sklearn.feature_extraction.text import HashingVectorizer
        parts.append(("note", rng.choice([CountVectorizer(), TfidfVectorizer(ngram_range=(1, 2)), HashingVectorizer(n_features=16), CountVectorizer(analyzer="char_wb", ngram_range=(2, 3), max_features=20), HashingVectorizer(n_features=16, analyzer="char_wb", ngram_range=(2, 3))]), "note"))
    if rng.random() < 0.25:
        parts = [("inner", ColumnTransformer(parts[:2], verbose_feature_names_out=rng.random() < 0.5), list(df.columns))] + parts[2:]
    elif rng.random() < 0.15:
        parts = [("both", FeatureUnion([("x", ColumnTransformer(parts[:1])), ("y", ColumnTransformer(parts[1:2]))]), list(df.columns))] + parts[2:]
    rest = rng.choice(["drop", "drop", "passthrough", "est"])
    if rest != "drop":
        keep = [c for c in df.columns if c not in ("note", "city", "grade", "level") or any(c in (p[2] if isinstance(p[2], list) else [p[2]]) for p in parts)]
        if not any(isinstance(c, int) for p in parts for c in (p[2] if isinstance(p[2], list) else [])):
            df = df[keep]
        else:
            rest = "drop"
    if rest == "est":
        rest = SimpleImputer()
    kw = {}
    if rng.random() < 0.5:
        kw["verbose_feature_names_out"] = rng.random() < 0.5
    ct = ColumnTransformer(parts, remainder=rest, sparse_threshold=rng.choice([0, 0.3, 1.0]), **kw)
    if VERSION >= (1, 2) and rng.random() < 0.35:
        try:
            ct.set_output(transform="pandas")
        except Exception:
            pass
    steps = [("pre", ct)]
    if rng.random() < 0.2:
        steps.append(("sel", rng.choice([SelectKBest(f_classif if task == "class" else f_regression, k=3), VarianceThreshold(), SelectFromModel(simple(rng, task))])))
    if rng.random() < 0.15:
        model = Pipeline(steps)
    else:
        final = classifier(rng) if task == "class" else regressor(rng)
        model = Pipeline(steps + [("final", with_options(rng, final, 0.12))])
    return model, "frame", df, y, task


def encoder_model(rng, seed):
    import category_encoders as ce
    g, df, y, z, task, gaps = mixed(rng, seed)
    if task == "class":
        y = (z > np.median(z)).astype(int).to_numpy()
    names = [n for n in dir(ce) if n.endswith("Encoder") and n not in ("HashingEncoder",)] + ["HashingEncoder"]
    name = rng.choice(names)
    cls = getattr(ce, name)
    if name in ("WOEEncoder",):
        task, y = "class", (z > np.median(z)).astype(int).to_numpy()
    texts = rng.sample(["city", "grade", "level", "code"], rng.choice([1, 2, 3]))
    kw = {}
    sig = inspect.signature(cls.__init__).parameters
    if rng.random() < 0.6:
        kw["cols"] = texts
    for p, values in {"handle_unknown": ["value", "indicator", "return_nan", "error"], "handle_missing": ["value", "indicator", "return_nan", "error"], "drop_invariant": [True], "return_df": [True, False], "use_cat_names": [True], "smoothing": [2.0, 10.0], "min_samples_leaf": [1, 20],
                      "sigma": [None], "normalize": [True], "min_group_size": [5, 0.2], "a": [2.0], "m": [3.0], "n_components": [4], "regularization": [0.5], "randomized": [False], "base": [2, 3], "quantile": [0.3], "mapping": [None]}.items():
        if p in sig and rng.random() < 0.35:
            kw[p] = rng.choice(values)
    if name == "NestedCVWrapper" or name == "PolynomialWrapper":
        return None, None, None, None, None
    enc = cls(**kw)
    use = df[["age", "visits", "flag"] + texts] if rng.random() < 0.5 else df[texts]
    if gaps and "age" in use:
        use = use.assign(age=use["age"].fillna(40))
    how = rng.random()
    if how < 0.3:
        model = enc
    elif how < 0.7:
        model = Pipeline([("enc", enc), ("final", rng.choice([DecisionTreeClassifier(max_depth=5, random_state=0), LogisticRegression(max_iter=300), RandomForestClassifier(5, random_state=0)]) if task == "class" else rng.choice([Ridge(), DecisionTreeRegressor(max_depth=4, random_state=0)]))])
    else:
        ct = ColumnTransformer([("enc", enc, texts), ("num", StandardScaler(), ["age"])]) if "age" in use else ColumnTransformer([("enc", enc, texts)])
        model = Pipeline([("pre", ct), ("final", LogisticRegression(max_iter=300) if task == "class" else Ridge())])
    return model, "frame", use, y, task


def imblearn_model(rng, seed):
    import imblearn
    from imblearn import over_sampling, under_sampling, combine, ensemble
    from imblearn.pipeline import Pipeline as ImbPipeline
    g = np.random.default_rng(seed)
    n = 150
    X = g.normal(0, 1, (n, 4)).round(3)
    z = X[:, 0] + g.normal(0, 0.3, n)
    y = (z > 0.9).astype(int) if rng.random() < 0.6 else np.digitize(z, [-0.9, 0.6])
    if rng.random() < 0.3:
        y = np.array(["no", "oui", "x"])[y]
    r = rng.randrange(99)
    if rng.random() < 0.5:
        cls = rng.choice([ensemble.BalancedBaggingClassifier, ensemble.BalancedRandomForestClassifier, ensemble.EasyEnsembleClassifier, ensemble.RUSBoostClassifier])
        est = cls(n_estimators=4, random_state=r)
        model = with_options(rng, est, 0.3)
        model.set_params(n_estimators=4)
    else:
        sampler = rng.choice([over_sampling.SMOTE(random_state=r, k_neighbors=3), over_sampling.RandomOverSampler(random_state=r), over_sampling.ADASYN(random_state=r), over_sampling.BorderlineSMOTE(random_state=r), over_sampling.KMeansSMOTE(random_state=r) , over_sampling.SVMSMOTE(random_state=r), under_sampling.RandomUnderSampler(random_state=r), under_sampling.TomekLinks(), under_sampling.NearMiss(), under_sampling.EditedNearestNeighbours(), under_sampling.ClusterCentroids(random_state=r), under_sampling.InstanceHardnessThreshold(random_state=r), under_sampling.OneSidedSelection(random_state=r), under_sampling.AllKNN(), under_sampling.CondensedNearestNeighbour(random_state=r), combine.SMOTEENN(random_state=r), combine.SMOTETomek(random_state=r), imblearn.FunctionSampler()])
        model = ImbPipeline([("scale", rng.choice([StandardScaler(), MinMaxScaler()])), ("sample", sampler), ("final", classifier(rng))])
        if rng.random() < 0.2:
            model = GridSearchCV(model, {}, cv=2)
    if rng.random() < 0.4:
        X = pd.DataFrame(X, columns=list("abcd"))
        return model, "frame", X, y, "class"
    return model, "matrix", X, y, "class"


# ---- what it predicts, and the case

METHODS = ("predict", "predict_proba", "decision_function", "score_samples", "transform")


def dense(v):
    if sp.issparse(v):
        v = v.toarray()
    if hasattr(v, "to_numpy"):
        v = v.to_numpy()
    return np.asarray(v)


def results(model, X):
    out = {}
    for name in METHODS:
        if name == "transform" and "predict" in out and not is_cluster(model):
            continue
        try:
            call = getattr(model, name)
        except AttributeError:
            continue
        try:
            v = call(X)
        except AttributeError:
            continue
        if isinstance(v, list) and name == "predict_proba":
            for t, one in enumerate(v):
                out[f"probabilities_{t}"] = np.asarray(one)
        else:
            out[name] = dense(v)
    return out


def is_cluster(model):
    return getattr(model, "_estimator_type", None) == "clusterer"


def save(rng, model, folder):
    r = rng.random()
    saved = model
    if r < 0.05:
        saved = {"model": model, "threshold": 0.4, "features": ["a", "b"], "made": None}
    elif r < 0.08:
        saved = (model, ["a", "b"], 0.93)
    elif r < 0.11:
        saved = [model]
    elif r < 0.13:
        saved = {"config": {"x": 1}, "artifacts": {"pipeline": model}}
    how = rng.choice(["pickle2", "pickle3", "pickle4", "pickle5", "pickle0", "joblib", "zlib", "gzip", "bz2", "xz", "lzma", "joblib-protocol2"])
    if how.startswith("pickle"):
        file = "model.pkl"
        with open(os.path.join(folder, file), "wb") as f:
            pickle.dump(saved, f, protocol=int(how[-1]))
    else:
        file = "model.joblib"
        kw = {"joblib": {}, "joblib-protocol2": {"protocol": 2}}.get(how, {"compress": (how, rng.choice([1, 3, 9]))})
        joblib.dump(saved, os.path.join(folder, file), **kw)
    return file, how


def write_case(folder, seed, kind, only):
    rng = random.Random(seed * 7919 + 11)
    make = {"options": lambda: one_estimator(rng, seed, only), "frame": lambda: frame_model(rng, seed), "encoders": lambda: encoder_model(rng, seed), "imblearn": lambda: imblearn_model(rng, seed)}[kind]
    model, shape, X, y, task = make()
    if model is None:
        return "skip: not one of those"
    if not any(hasattr(model, m) for m in METHODS):
        return "skip: nothing for new rows"
    sparse_fit = getattr(model, "__fit_sparse__", False)
    if sparse_fit:
        del model.__fit_sparse__
    try:
        model.fit(sp.csr_matrix(X) if sparse_fit else X, y)
    except Exception as e:
        return "skip: " + f"{type(e).__name__}: {e}"[:60]
    g = np.random.default_rng(seed + 1)
    rows = 30
    test = X.iloc[:rows].copy() if shape == "frame" else X[:rows].copy()
    if shape == "frame":
        for c in test.columns:
            if test[c].dtype == bool:
                continue
            text = not pd.api.types.is_numeric_dtype(test[c].dtype)
            if not text:
                test[c] = test[c].astype(float)
            else:
                test[c] = test[c].astype(object)
            for i in g.integers(0, rows, 2):
                v = [np.nan, "", "zzz", "Ünï ☃", "A "][g.integers(0, 5)] if text else [np.nan, 0.0, -5.0, 1e30, 3.5, np.inf, 2.0][g.integers(0, 7)]
                test.iloc[int(i), test.columns.get_loc(c)] = v
    elif shape == "matrix" and X.dtype != object:
        test = test.astype(float)
        for i in range(6):
            test[g.integers(0, rows), g.integers(0, test.shape[1])] = [np.nan, 1e39, -3.0, 0, 2.0, 17.0][g.integers(0, 6)]
    elif shape == "matrix":
        for i in range(6):
            test[g.integers(0, rows), g.integers(0, test.shape[1])] = ["zzz", "", "A", "Zürich"][g.integers(0, 4)]
    else:
        test[:6] = ["", "   ", "ÉTÉ Straße", "a", "x" * 50, "x\ty  z\u00a0w"]
    good, bad, errors = [], [], []
    pick = (lambda i: test.iloc[i]) if shape == "frame" else (lambda i: test[i])
    for i in range(len(test)):
        try:
            r = results(model, pick([i]))
            if not r:
                return "skip: nothing for new rows"
            good.append(i)
        except Exception as e:
            bad.append(i)
            errors.append(f"{type(e).__name__}: {str(e)[:200]}")
    if not good:
        return "skip: no row works"
    ok = pick(good)
    try:
        res = results(model, ok)
    except Exception as e:
        return "skip: rows together: " + str(e)[:40]
    if any(v.ndim > 2 or len(v) != len(good) for v in res.values()):
        return "skip: shape"
    name = f"random-{kind}-{seed:05d}"
    d = os.path.join(folder, name)
    os.makedirs(d, exist_ok=True)
    file, how = save(rng, model, d)

    def data(part):
        if shape == "frame":
            return {"format": "records", "records": [{c: jsonable(v) for c, v in zip(part.columns, r)} for r in part.itertuples(index=False, name=None)]}
        if shape == "matrix":
            return {"format": "rows", "rows": [[jsonable(v) for v in r] for r in part]}
        return {"format": "texts", "texts": list(part)}

    kinds = {"predict": "label" if task == "class" or is_cluster(model) else "value", "predict_proba": "probability", "decision_function": "score", "transform": "transform", "score_samples": "score"}
    types = lambda a: "BYTES" if a.dtype.kind in "US" or (a.dtype.kind == "O" and any(isinstance(v, str) for v in a.ravel())) else "BOOL" if a.dtype.kind == "b" else "INT64" if a.dtype.kind in "iu" else "FP64"
    exp = {"n": len(good), "required": list(res), "outputs": {k: {"kind": kinds.get(k, "probability"), "datatype": types(v), "shape": list(v.shape), "data": [jsonable(x) for x in v.ravel().tolist()]} for k, v in res.items()}}
    case = {"name": name, "family": "random", "environment": "sk" + "".join(sklearn.__version__.split(".")[:2]), "expect": "import", "model_file": file, "how_saved": how, "tolerance": {"rtol": 1e-5, "atol": 1e-6} if str(getattr(X, "dtype", "")) == "float32" or (shape == "frame" and "float32" in map(str, X.dtypes)) else {"rtol": 1e-8, "atol": 1e-9}, "n_bad_rows": len(bad), "what": repr(model)[:1500]}
    json.dump(case, open(os.path.join(d, "case.json"), "w"), indent=1)
    json.dump(data(ok), open(os.path.join(d, "inputs.json"), "w"))
    json.dump(exp, open(os.path.join(d, "expected.json"), "w"))
    if bad:
        b = data(pick(bad))
        b["errors"] = errors
        json.dump(b, open(os.path.join(d, "bad_inputs.json"), "w"))
    return "ok"


if __name__ == "__main__":
    if sys.argv[1] == "--options":
        found = {n: options_of(c) for n, c in all_estimators()}
        json.dump({n: o for n, o in found.items() if o}, open(sys.argv[2], "w"), default=str)
        sys.exit()
    folder, first, count = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    named = dict(a.split("=", 1) for a in sys.argv[4:])
    only = set(named.get("only", "").split(",")) - {""}
    tally = {}
    for seed in range(first, first + count):
        kind = named.get("kind") or ["options", "options", "frame"][seed % 3]
        try:
            result = write_case(folder, seed, kind, only)
        except Exception as e:
            result = f"maker: {type(e).__name__}: {str(e)[:100]}"
        tally[result[:60]] = tally.get(result[:60], 0) + 1
    print(json.dumps(tally, indent=1))
