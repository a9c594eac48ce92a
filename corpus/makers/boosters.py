"""XGBoost and LightGBM models with what the libraries themselves predict, as corpus cases.

    python boosters.py OUT [NAME ...]              the fixtures: OUT/<name>-<environment>/
    python boosters.py OUT --random FIRST COUNT    a search: random objectives, options, formats and inputs, one case a seed

Runs under XGBoost 0.90 to 3.4 and LightGBM 2.2 to 4.7. What the running version does not know is skipped. Predictions are
those of the model loaded again from the file.
"""
import json, math, os, pickle, random, sys, warnings
import joblib, lightgbm as lgb, numpy as np, pandas as pd, sklearn, xgboost as xgb
warnings.filterwarnings("ignore")

XGB = tuple(int(p) for p in xgb.__version__.split(".")[:2])
LGB = tuple(int(p) for p in lgb.__version__.split(".")[:2])
ENVIRONMENT = {"xgb": "xgb%d%d" % XGB, "lgb": "lgb%d%d" % LGB}
CATEGORIES = {"city": ["Zürich", "Paris", "São Paulo", "new york"], "grade": list("ABCDEFGHIJ"), "code": [3, 7, 11, 200]}


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


def data(rng, n=400, features=5, frame=False, categories=(), codes=0, many=90, holes=0.1, zeros=0.0):
    """X and a signal z. `categories`: columns of type category; `codes`: number columns that hold category codes."""
    g = np.random.default_rng(rng.randrange(2**32))
    X = np.round(g.normal(0, 1, (n, features)), 3) * np.array([1, 10, 0.1, 1000, 1, 3, 7][:features])
    z = X[:, 0] + np.sin(X[:, 1]) + X[:, 2] * 4 + g.normal(0, 0.3, n)
    if zeros:
        X[g.random(X.shape) < zeros] = 0
    for k in range(codes):
        c = g.integers(0, many, n)
        z = z + np.where((c * 7919) % 5 < 2, 1.5, -0.5)
        X = np.column_stack([X, c])
    X = X.astype(float)
    X[g.random(X.shape) < holes] = np.nan
    if not frame:
        return X, z, g
    df = pd.DataFrame(X, columns=[f"f {i}" if False else f"num_{i}" for i in range(X.shape[1])])
    for name in categories:
        values = g.choice(len(CATEGORIES[name]), n)
        z = z + np.where(values % 3 == 0, 1.2, -0.4)
        df.insert(int(g.integers(0, df.shape[1] + 1)), name, pd.Categorical.from_codes(np.where(g.random(n) < holes, -1, values), CATEGORIES[name]))
    return df, z, g


def target(task, z, g, classes=3):
    z = (z - z.mean()) / z.std()
    if task == "binary":
        return (z > 0.2).astype(int)
    if task == "multi":
        return np.digitize(z, np.quantile(z, np.linspace(0, 1, classes + 1)[1:-1]))
    if task == "count":
        return g.poisson(np.exp(z * 0.6)).astype(float)
    if task == "positive":
        return np.exp(z * 0.5) + 0.01
    if task == "unit":
        return 1 / (1 + np.exp(-z))
    if task == "several":
        return np.column_stack([z, np.abs(z) * 100, -z + 3])
    if task == "labels":
        return np.column_stack([z > 0, z > 0.5, np.abs(z) < 1]).astype(int)
    return z * 50 + 140


def spoil(X, g, infinite):
    """Awkward values in some rows of the test input."""
    X = X.copy()
    values = [np.nan, 0.0, -0.0, 1e-36, -1e-36, 1e30, -1e30, -0.5, -1.0, 2.7, 1e9] + ([np.inf, -np.inf, 1e39] if infinite else [])
    columns = [c for c in range(X.shape[1]) if not isinstance(X, pd.DataFrame) or X.dtypes.iloc[c].kind == "f"]
    for _ in range(3 * len(columns)):
        i, j, v = int(g.integers(0, 30)), int(g.choice(columns)), values[int(g.integers(0, len(values)))]
        if isinstance(X, pd.DataFrame):
            X.iloc[i, j] = v
        else:
            X[i, j] = v
    return X


def with_margin(predicted, margin):
    margin = np.asarray(margin)
    return {"predict": predicted} if margin.shape == predicted.shape and np.array_equal(margin, predicted, equal_nan=True) else {"predict": predicted, "score": margin}


def outputs(kind, model, X, categorical=False):
    if kind == "xgb-booster":
        d = xgb.DMatrix(X, enable_categorical=True) if categorical else xgb.DMatrix(X)
        return with_margin(model.predict(d), model.predict(d, output_margin=True))
    if kind == "lgb-booster":
        return with_margin(model.predict(X), model.predict(X, raw_score=True))
    out = {"predict": np.asarray(model.predict(X))}
    if hasattr(model, "predict_proba"):
        try:
            out["predict_proba"] = np.asarray(model.predict_proba(X))
        except ValueError:
            pass
    return out


def save(folder, model, how, wrapper):
    """Writes the file; gives its name and the model loaded again."""
    booster = getattr(model, "get_booster", lambda: getattr(model, "booster_", model))()
    path = os.path.join(folder, {"pickle": "model.pkl", "joblib": "model.joblib", "json": "model.json", "ubj": "model.ubj", "binary": "model.model", "text": "model.txt", "dump": "model.json"}[how])
    if how == "pickle":
        pickle.dump(model, open(path, "wb"), protocol=4)
        return path, pickle.load(open(path, "rb"))
    if how == "joblib":
        joblib.dump(model, path)
        return path, joblib.load(path)
    if how == "text":
        booster.save_model(path, num_iteration=-1)
        return path, lgb.Booster(model_file=path)
    if how == "dump":
        json.dump(booster.dump_model(num_iteration=-1), open(path, "w"))
        booster.best_iteration = -1
        return path, booster
    model.save_model(path)
    again = wrapper() if wrapper else xgb.Booster()
    again.load_model(path)
    return path, again


def write(out, name, library, model, how, X, wrapper=None, categorical=False, tolerance=None, note=None):
    folder = os.path.join(out, name)
    os.makedirs(folder, exist_ok=True)
    path, again = save(folder, model, how, wrapper)
    frame = isinstance(X, pd.DataFrame)
    kind = f"{library}-booster" if isinstance(again, (xgb.Booster, lgb.Booster)) else "wrapper"
    if categorical and frame:
        # The categories of the frame itself count, in the rows or not.
        tight = lambda rows: rows.assign(**{c: rows[c].cat.set_categories(CATEGORIES[c] + sorted(set(rows[c].dropna()) - set(CATEGORIES[c]))) for c in rows.columns if str(rows[c].dtype) == "category"})
    else:
        tight = lambda rows: rows
    good, bad, errors = [], [], []
    for i in range(len(X)):
        row = X.iloc[i:i + 1] if isinstance(X, pd.DataFrame) else X[i:i + 1]
        try:
            outputs(kind, again, tight(row), categorical)
            good.append(i)
        except Exception as e:
            bad.append(i)
            errors.append(f"{type(e).__name__}: {(str(e).splitlines() or [''])[0][:150]}")
    if len(good) < 5:
        raise ValueError("hardly a row works: " + str(errors[:1]))
    take = (lambda rows: X.iloc[rows]) if isinstance(X, pd.DataFrame) else (lambda rows: X[rows])
    result = outputs(kind, again, tight(take(good)), categorical)

    def dump(rows):
        part = take(rows)
        if frame:
            return {"format": "records", "records": [{c: jsonable(v) for c, v in zip(part.columns, row)} for row in part.astype(object).where(part.notna(), None).itertuples(index=False, name=None)]}
        return {"format": "rows", "rows": [[jsonable(v) for v in row] for row in part]}
    expected = {}
    for key, value in result.items():
        classifier = key == "predict" and hasattr(again, "predict_proba")
        expected[key] = {"kind": "label" if classifier else {"predict_proba": "probability", "score": "score"}.get(key, "value"),
                         "datatype": "BYTES" if value.dtype.kind in "OU" else {"f": "FP64", "i": "INT64", "u": "INT64", "b": "BOOL"}[value.dtype.kind],
                         "shape": list(value.shape), "data": [jsonable(v) for v in value.ravel()]}
    spec = {"name": name, "family": {"xgb": "xgboost", "lgb": "lightgbm"}[library], "environment": ENVIRONMENT[library], "producer": {"xgboost": xgb.__version__, "lightgbm": lgb.__version__, "scikit-learn": sklearn.__version__},
            "model_file": os.path.basename(path), "expect": "import", "made_by": "corpus/makers/boosters.py", "input": {"format": "records" if frame else "rows", "columns": [{"name": str(c)} for c in (X.columns if frame else range(X.shape[1]))]},
            "n_rows": len(good), "tolerance": tolerance or ({"rtol": 2e-7, "atol": 1e-12} if library == "xgb" else {"rtol": 1e-10, "atol": 1e-13})}
    if note:
        spec["note"] = note
    for file, value in (("case", spec), ("inputs", dump(good)), ("expected", {"n": len(good), "required": list(expected), "outputs": expected})):
        json.dump(value, open(os.path.join(folder, file + ".json"), "w"), ensure_ascii=False)
    if bad:
        json.dump({**dump(bad), "errors": errors}, open(os.path.join(folder, "bad_inputs.json"), "w"), ensure_ascii=False)


XGB_TASKS = {"reg:squarederror": "real", "reg:squaredlogerror": "positive", "reg:logistic": "unit", "reg:pseudohubererror": "real", "reg:absoluteerror": "real", "reg:quantileerror": "real", "reg:expectileerror": "real",
             "binary:logistic": "binary", "binary:logitraw": "binary", "binary:hinge": "binary", "count:poisson": "count", "survival:cox": "positive", "survival:aft": "positive",
             "multi:softmax": "multi", "multi:softprob": "multi", "rank:pairwise": "rank", "rank:ndcg": "rank", "rank:map": "binary", "reg:gamma": "positive", "reg:tweedie": "count"}


def make_xgb(out, name, rng, objective="reg:squarederror", how="json", api="booster", booster="gbtree", rounds=8, classes=3, stop=False, several=False, multi_tree=False, categories=(), codes=0, onehot=None, missing=np.nan, frame=False, parallel=1, extra=None, same=False):
    # XGBoost 3.1 to 3.3 stores names beyond ASCII damaged.
    CATEGORIES["city"] = ["Zurich", "Paris", "Sao Paulo", "new york"]
    if categories and XGB < (3, 1):
        raise ValueError("the file does not hold the categories")
    task = "several" if several and objective.startswith("reg") else "labels" if several else XGB_TASKS[objective]
    # The old binary format does not hold the names of the columns.
    frame = (frame or len(categories) > 0) and how != "binary"
    X, z, g = data(rng, frame=frame, categories=categories, codes=codes, many=extra.pop("many", 90) if extra else 90, zeros=0.2 if missing == 0 else 0)
    y = target("real" if task == "rank" else task, z, g, classes)
    if task == "rank":
        y = np.digitize(y, np.quantile(y, [0.3, 0.6, 0.9])).astype(float)
    if same:
        y = y * 0 + 1
    types = None
    if codes:
        types = (["c" if c in categories else "float" for c in X.columns] if frame else ["float"] * X.shape[1])
        types[-codes:] = ["c"] * codes
    params = {"max_depth": rng.choice([2, 3, 4, 6]), "eta": rng.choice([0.1, 0.3, 0.7]), "seed": rng.randrange(1000), "booster": booster, "objective": objective, **(extra or {})}
    if booster != "gblinear":
        params["tree_method"] = "hist" if not (categories or codes) or XGB >= (1, 7) else "approx"
        params["num_parallel_tree"] = parallel
        if parallel > 1:
            params.update(subsample=0.7)
    else:
        params.pop("max_depth")
        params["updater"] = "coord_descent"
    if booster == "dart":
        params.update(rate_drop=0.4, one_drop=1)
    if task == "multi" and api == "booster":
        params["num_class"] = classes
    if objective == "reg:quantileerror":
        params["quantile_alpha"] = [0.1, 0.5, 0.9] if rng.random() < 0.5 else 0.3
    if objective == "reg:expectileerror":
        params["expectile_alpha"] = [0.1, 0.5, 0.9]
    if multi_tree:
        params["multi_strategy"] = "multi_output_tree"
    if onehot is not None:
        params["max_cat_to_onehot"] = onehot
    train, test = slice(0, 300), slice(300, 400)
    take = (lambda s: X.iloc[s]) if frame else (lambda s: X[s])
    seen = take(slice(280, 340)).copy()
    if frame:
        for c in categories:
            if rng.random() < 0.5 and XGB >= (3, 1):
                seen[c] = seen[c].astype(object)
                seen.iloc[2, seen.columns.get_loc(c)] = 999 if c == "code" else "unheard"
                seen[c] = seen[c].astype("category")
    if api == "booster":
        kw = dict(enable_categorical=True) if types or categories else {}
        if types:
            kw["feature_types"] = types
        d = xgb.DMatrix(take(train), label=None if objective == "survival:aft" else y[train], **kw)
        if objective == "survival:aft":
            d.set_float_info("label_lower_bound", y[train]); d.set_float_info("label_upper_bound", y[train] * 1.3)
        if task in ("rank",) or objective == "rank:map":
            d.set_group([30] * 10)
        model = xgb.train(params, d, rounds)
        infinite = rng.random() < 0.4
        seen = spoil(seen, g, infinite)
        write(out, name, "xgb", model, how, seen, categorical=bool(categories))
        return
    params.pop("seed"); eta = params.pop("eta")
    params = {**params, "n_estimators": rounds, "learning_rate": eta, "missing": missing}
    if task == "rank" or objective == "rank:map":
        cls = xgb.XGBRanker
    elif task in ("binary", "multi", "labels"):
        cls = xgb.XGBRFClassifier if parallel > 1 and rounds == 1 else xgb.XGBClassifier
    else:
        cls = xgb.XGBRFRegressor if parallel > 1 and rounds == 1 else xgb.XGBRegressor
    if cls in (xgb.XGBRFClassifier, xgb.XGBRFRegressor):
        params.pop("num_parallel_tree"); params["n_estimators"] = parallel
    if XGB >= (1, 7) and types:
        params["feature_types"] = types
    if types or categories:
        params["enable_categorical"] = True
    fit = {}
    if stop:
        fit["eval_set"] = [(take(test), y[test])]
        params.update(n_estimators=60, learning_rate=0.7)
        (params if XGB >= (1, 6) else fit)["early_stopping_rounds"] = 2
    if cls is xgb.XGBRanker:
        fit["group"] = [30] * 10
    model = cls(**params)
    model.fit(take(train), y[train], **fit, **({"verbose": False} if stop else {}))
    seen = spoil(seen, g, True)
    if not np.isnan(missing):
        (seen.iloc.__setitem__((slice(0, 4), seen.columns.get_loc("num_0")), missing) if frame else seen.__setitem__((slice(0, 4), 0), missing))
    write(out, name, "xgb", model, how, seen, wrapper=cls if how in ("json", "ubj", "binary") else None, categorical=bool(categories),
          tolerance={"rtol": 1e-6, "atol": 1e-12} if objective == "multi:softmax" else None)  # NumPy's own exp


LGB_TASKS = {"regression": "real", "regression_l1": "real", "huber": "real", "fair": "real", "quantile": "real", "mape": "positive", "poisson": "count", "gamma": "positive", "tweedie": "count",
             "binary": "binary", "multiclass": "multi", "multiclassova": "multi", "cross_entropy": "unit", "cross_entropy_lambda": "unit", "lambdarank": "rank", "rank_xendcg": "rank", "xentropy": "unit"}


def make_lgb(out, name, rng, objective="regression", how="text", api="booster", rounds=8, classes=3, stop=False, categories=(), codes=0, many=90, frame=False, labels=None, extra=None, zeros=0.0, ordered=False, close=False):
    task = LGB_TASKS[objective]
    CATEGORIES["city"] = ["Zürich", "Paris", "São Paulo", "new york"]
    frame = frame or len(categories) > 0
    X, z, g = data(rng, frame=frame, categories=categories, codes=codes, many=many, zeros=zeros, holes=rng.choice([0, 0.1]))
    if ordered and categories:
        X[categories[0]] = X[categories[0]].cat.as_ordered()
    y = target("real" if task == "rank" else task, z, g, classes)
    if task == "rank":
        y = np.digitize(y, np.quantile(y, [0.3, 0.6, 0.9]))
    params = {"objective": objective, "num_leaves": rng.choice([4, 8, 15]), "learning_rate": rng.choice([0.1, 0.4]), "min_data_in_leaf": rng.choice([3, 10]), "verbosity": -1, "seed": rng.randrange(1000), "min_data_per_group": 5, "cat_smooth": 1.0, "num_threads": 1, "deterministic": True, **(extra or {})}
    if params.get("boosting") == "rf":
        params.update(bagging_freq=1, bagging_fraction=0.6, feature_fraction=0.7)
    train, test = slice(0, 300), slice(300, 400)
    take = (lambda s: X.iloc[s]) if frame else (lambda s: X[s])
    seen = take(slice(280, 340)).copy()
    if frame:
        for c in categories:
            if rng.random() < 0.6:
                seen[c] = seen[c].astype(object)
                seen.iloc[2, seen.columns.get_loc(c)] = 999 if c == "code" else "unheard"
                seen[c] = pd.Categorical(seen[c], ordered=ordered and c == categories[0])
    seen = spoil(seen, g, True)
    if close:
        # The number nearest to zero that is not taken for it.
        seen[31:35] = -float(np.float32(1e-35))
    cat = list(range(X.shape[1] - codes, X.shape[1])) if codes and not categories else "auto"
    if task == "rank":
        group = {"group": [30] * 10}
    else:
        group = {}
    if api == "booster":
        if task == "multi":
            params["num_class"] = classes
        d = lgb.Dataset(take(train), label=y[train], categorical_feature=cat, free_raw_data=False, **group)
        kw = {}
        if stop:
            kw = dict(valid_sets=[lgb.Dataset(take(test), label=y[test], reference=d)], callbacks=[lgb.early_stopping(2, verbose=False)])
            rounds, params["learning_rate"] = 60, 0.7
        model = lgb.train(params, d, rounds, **kw)
        write(out, name, "lgb", model, how, seen)
        return
    cls = lgb.LGBMRanker if task == "rank" else lgb.LGBMClassifier if task in ("binary", "multi") else lgb.LGBMRegressor
    params.pop("seed"); params.pop("verbosity")
    model = cls(n_estimators=60 if stop else rounds, **{**params, "verbose": -1})
    fit = dict(group)
    if labels == "text":
        y = np.array(["nein", "ja", "già", "maybe"])[y]
    elif labels == "shifted":
        y = y * 5 - 5
    elif labels == "bool":
        y = y == 1
    if stop:
        fit.update(eval_set=[(take(test), y[test])], callbacks=[lgb.early_stopping(2, verbose=False)])
    if cat != "auto":
        fit["categorical_feature"] = cat
    model.fit(take(train), y[train], **fit)
    write(out, name, "lgb", model, how, seen)


XGB_FIXTURES = {
    "json-squarederror": dict(), "ubj-quantile": dict(objective="reg:quantileerror", how="ubj"), "json-softprob": dict(objective="multi:softprob"),
    "json-softmax": dict(objective="multi:softmax"), "binary-logistic": dict(objective="binary:logistic", how="binary"), "binary-dart-poisson": dict(objective="count:poisson", booster="dart", how="binary"),
    "binary-linear": dict(booster="gblinear", how="binary"), "json-gamma": dict(objective="reg:gamma"), "ubj-tweedie": dict(objective="reg:tweedie", how="ubj"), "json-aft": dict(objective="survival:aft"),
    "json-cox": dict(objective="survival:cox"), "pickle-hinge": dict(objective="binary:hinge", how="pickle"), "pickle-logitraw": dict(objective="binary:logitraw", how="pickle"), "ubj-ndcg": dict(objective="rank:ndcg", how="ubj"),
    "wrapper-stopped": dict(objective="binary:logistic", api="wrapper", how="json", stop=True), "wrapper-pickle-multi": dict(objective="multi:softprob", api="wrapper", how="pickle", stop=True, missing=-1.0),
    "wrapper-zero-missing": dict(api="wrapper", how="joblib", missing=0.0), "wrapper-random-forest": dict(objective="binary:logistic", api="wrapper", how="joblib", parallel=7, rounds=1),
    "wrapper-labels": dict(objective="binary:logistic", api="wrapper", how="ubj", several=True), "wrapper-targets": dict(api="wrapper", how="json", several=True), "wrapper-vector-leaves": dict(api="wrapper", how="ubj", several=True, multi_tree=True),
    "wrapper-dart": dict(objective="multi:softprob", api="wrapper", how="pickle", booster="dart"), "wrapper-linear": dict(objective="multi:softprob", api="wrapper", how="json", booster="gblinear"), "wrapper-ranker": dict(objective="rank:pairwise", api="wrapper", how="pickle"),
    "categories-partition": dict(objective="binary:logistic", categories=("city", "grade"), onehot=1), "categories-onehot": dict(api="wrapper", how="ubj", categories=("grade", "code"), onehot=99),
    "ubj-dart": dict(objective="count:poisson", booster="dart", how="ubj", rounds=4), "ubj-expectiles": dict(objective="reg:expectileerror", how="ubj", rounds=4), "pickle-names": dict(how="pickle", frame=True, rounds=3),
    "json-all-ones": dict(objective="binary:logistic", same=True, rounds=3), "json-dart-order": dict(objective="reg:gamma", booster="dart", rounds=25),
    "codes-small": dict(objective="multi:softprob", codes=2, extra={"many": 12}, onehot=4), "codes-large": dict(codes=1, extra={"many": 200}, onehot=1, how="ubj"),
}
LGB_FIXTURES = {
    "text-regression": dict(), "text-l1-sqrt": dict(objective="regression", extra={"reg_sqrt": True}), "text-poisson": dict(objective="poisson"), "pickle-gamma": dict(objective="gamma", how="pickle"), "text-tweedie": dict(objective="tweedie"),
    "text-quantile": dict(objective="quantile"), "text-binary-sigmoid": dict(objective="binary", extra={"sigmoid": 0.7}), "dump-multiclass": dict(objective="multiclass", how="dump"), "text-ova": dict(objective="multiclassova"), "text-entropy": dict(objective="cross_entropy"),
    "text-entropy-lambda": dict(objective="cross_entropy_lambda"), "pickle-lambdarank": dict(objective="lambdarank", how="pickle"), "text-forest": dict(objective="binary", extra={"boosting": "rf"}), "pickle-dart": dict(objective="multiclass", how="pickle", extra={"boosting": "dart"}),
    "text-linear": dict(extra={"linear_tree": True}), "dump-linear": dict(how="dump", extra={"linear_tree": True}, codes=1, many=20), "text-zero-missing": dict(extra={"zero_as_missing": True}, zeros=0.3), "text-no-missing": dict(extra={"use_missing": False}, zeros=0.3),
    "pickle-stopped": dict(objective="binary", how="pickle", stop=True), "wrapper-text-labels": dict(objective="multiclass", api="wrapper", how="joblib", labels="text"), "wrapper-stopped": dict(objective="binary", api="wrapper", how="joblib", stop=True, labels="shifted"),
    "wrapper-categories": dict(objective="binary", api="wrapper", how="pickle", categories=("city", "grade", "code"), labels="bool"), "text-categories": dict(objective="binary", categories=("grade", "city")), "text-ordered-category": dict(categories=("grade", "city"), ordered=True),
    "text-codes-large": dict(codes=2, many=150), "dump-codes": dict(codes=1, many=15, how="dump"), "wrapper-ranker": dict(objective="rank_xendcg", api="wrapper", how="pickle"),
    "text-forest-score": dict(objective="poisson", extra={"boosting": "rf"}, rounds=5), "text-close-to-zero": dict(zeros=0.5, close=True, rounds=12), "dump-categories": dict(objective="binary", categories=("grade", "city"), how="dump", rounds=12), "text-old-entropy": dict(objective="xentropy", rounds=4),
}


def random_case(out, seed):
    rng = random.Random(seed)
    if rng.random() < 0.5:
        objective = rng.choice(list(XGB_TASKS))
        api = rng.choice(["booster", "wrapper"])
        booster = rng.choice(["gbtree"] * 4 + ["dart", "gblinear"])
        several = api == "wrapper" and rng.random() < 0.15 and objective in ("reg:squarederror", "binary:logistic")
        tree = booster != "gblinear"
        make_xgb(out, f"random-xgb-{seed:05d}", rng, objective=objective, api=api, booster=booster, how=rng.choice(["json", "ubj", "pickle", "joblib", "binary"] if XGB < (2, 0) else ["json", "ubj", "pickle", "joblib"]), rounds=rng.choice([1, 5, 30, 300]) if tree else 5,
                 classes=rng.choice([3, 5]), stop=api == "wrapper" and tree and rng.random() < 0.3 and not several and not objective.startswith("rank") and objective != "survival:cox", several=several, multi_tree=several and booster == "gbtree" and rng.random() < 0.5 and XGB >= (2, 0),
                 categories=rng.choice([(), ("grade",), ("city", "code")]) if tree and rng.random() < 0.35 else (), codes=rng.choice([0, 0, 0, 1, 2]) if tree else 0, onehot=rng.choice([None, 1, 50]), missing=rng.choice([np.nan, np.nan, 0, -1.0, 2.7]) if api == "wrapper" else np.nan,
                 frame=rng.random() < 0.4, parallel=rng.choice([1, 1, 1, 3]), extra={"many": rng.choice([5, 40, 63, 64, 100])} | ({"max_leaves": 9, "grow_policy": "lossguide"} if tree and rng.random() < 0.2 else {}) | ({"base_score": 0.3} if rng.random() < 0.2 else {}))
    else:
        objective = rng.choice(list(LGB_TASKS))
        api = rng.choice(["booster", "wrapper"])
        extra = rng.choice([{}, {}, {"boosting": "dart"}, {"boosting": "rf"}, {"linear_tree": True}, {"zero_as_missing": True}, {"use_missing": False}, {"reg_sqrt": True}, {"extra_trees": True, "max_bin": 15}, {"num_leaves": 60, "min_data_in_leaf": 1}])
        if extra.get("linear_tree") and objective in ("regression_l1", "quantile", "mape"):
            extra = {}
        make_lgb(out, f"random-lgb-{seed:05d}", rng, objective=objective, api=api, how=rng.choice(["pickle", "joblib", "text", "dump"]), rounds=rng.choice([1, 5, 30, 200]), classes=rng.choice([3, 4]),
                 stop=rng.random() < 0.3 and LGB_TASKS[objective] != "rank" and extra.get("boosting") is None, categories=rng.choice([(), ("grade",), ("city", "code"), ("grade", "code", "city")]) if rng.random() < 0.4 else (), codes=rng.choice([0, 0, 0, 1, 2]), many=rng.choice([5, 40, 63, 64, 100]),
                 frame=rng.random() < 0.4, labels=rng.choice([None, "text", "shifted"]) if api == "wrapper" and LGB_TASKS[objective] in ("binary", "multi") else None, extra=dict(extra), zeros=rng.choice([0, 0.3]), ordered=rng.random() < 0.2)


if __name__ == "__main__":
    out, rest = sys.argv[1], sys.argv[2:]
    if rest[:1] == ["--random"]:
        for seed in range(int(rest[1]), int(rest[1]) + int(rest[2])):
            try:
                random_case(out, seed)
            except Exception as e:
                print("skipped", seed, type(e).__name__, str(e)[:150].replace("\n", " "))
    else:
        for library, table, make in (("xgb", XGB_FIXTURES, make_xgb), ("lgb", LGB_FIXTURES, make_lgb)):
            for name, options in table.items():
                full = f"{library}-{name}-{ENVIRONMENT[library]}"
                if rest and name not in rest and full not in rest:
                    continue
                try:
                    make(out, full, random.Random(full), **{k: dict(v) if isinstance(v, dict) else v for k, v in options.items()})
                except Exception as e:
                    print("skipped", full, type(e).__name__, str(e)[:200].replace("\n", " "))
