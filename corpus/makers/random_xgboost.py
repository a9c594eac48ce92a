"""Random XGBoost models (0.90 to 3.4) with what XGBoost itself predicts, as corpus cases: a search for what nobody thought of.

    python random_xgboost.py OUT_FOLDER FIRST_SEED COUNT
"""
import os, pickle, random, re
import joblib
import numpy as np
import pandas as pd
import xgboost as xgb
from random_boosters import N, TEXTS, TRAIN, UNICODE, Data, inside, search, write

VERSION = tuple(int(p) for p in xgb.__version__.split(".")[:2])
ENVIRONMENT = "xgb%d%d" % VERSION
TASKS = {"reg:squarederror": "real", "reg:linear": "real", "reg:squaredlogerror": "positive", "reg:logistic": "unit", "reg:pseudohubererror": "real", "reg:absoluteerror": "real", "reg:quantileerror": "real", "reg:expectileerror": "real",
         "binary:logistic": "binary", "binary:logitraw": "binary", "binary:hinge": "binary", "count:poisson": "count", "survival:cox": "censored", "survival:aft": "positive", "multi:softmax": "multi", "multi:softprob": "multi",
         "rank:pairwise": "rank", "rank:ndcg": "rank", "rank:map": "binary", "reg:gamma": "positive", "reg:tweedie": "count"}
SINCE = {"reg:pseudohubererror": (1, 1), "survival:aft": (1, 1), "reg:absoluteerror": (1, 7), "reg:quantileerror": (2, 0), "reg:expectileerror": (3, 3)}


def rounds_of(model):
    try:
        return model.get_booster().num_boosted_rounds()
    except Exception:
        return 0


def predictor(model, categorical, frame):
    if isinstance(model, xgb.Booster):
        def matrix(X):
            return xgb.DMatrix(X, enable_categorical=True) if categorical else xgb.DMatrix(X)

        # Before 1.0 dart drops trees at random unless it is told how many to use.
        every = {"ntree_limit": 10**6} if VERSION < (1, 0) else {}

        def predict(X):
            out = {"predict": model.predict(matrix(X), **every)}
            margin = model.predict(matrix(X), output_margin=True, **every)
            if margin.shape != out["predict"].shape or not np.array_equal(margin, out["predict"], equal_nan=True):
                out["score"] = margin
            return out
        return predict

    def predict(X):
        out = {"predict": np.asarray(model.predict(X))}
        if hasattr(model, "predict_proba"):
            try:
                p = model.predict_proba(X)
                if isinstance(p, list):
                    out.update({f"probabilities_{i}": np.asarray(q) for i, q in enumerate(p)})
                else:
                    out["predict_proba"] = np.asarray(p)
            except (ValueError, AttributeError):
                pass
        if hasattr(model, "decision_function"):
            out["decision_function"] = np.asarray(model.decision_function(X))
        if isinstance(model, xgb.XGBModel):
            margin = np.asarray(model.predict(X, output_margin=True))
            if margin.shape != out["predict"].shape or not np.array_equal(margin, out["predict"], equal_nan=True):
                out["score"] = margin
        return out
    return predict


def save(rng, folder, model, how, kind):
    booster = model if isinstance(model, xgb.Booster) else None
    path = os.path.join(folder, {"pickle": "model.pkl", "joblib": "model.joblib", "json": "model.json", "ubj": "model.ubj", "binary": "model." + rng.choice(["model", "bin", "deprecated"]), "raw": "model.raw"}[how])
    if how == "pickle":
        with open(path, "wb") as f:
            pickle.dump(model, f, protocol=rng.choice([2, 4, 5] if os.sys.version_info >= (3, 8) else [2, 4]))
        with open(path, "rb") as f:
            return path, pickle.load(f)
    if how == "joblib":
        joblib.dump(model, path, compress=rng.choice([0, 3]))
        return path, joblib.load(path)
    if how == "raw":
        with open(path, "wb") as f:
            f.write((booster or model.get_booster()).save_raw())
        kind = xgb.Booster
    else:
        model.save_model(path)
    again = kind()
    again.load_model(path)
    return path, again


def case(out, seed):
    rng = random.Random(seed)
    objective = rng.choice([o for o in TASKS if VERSION >= SINCE.get(o, (0, 0)) and (o != "reg:linear" or VERSION < (3, 0))])
    api = rng.choice(["booster", "wrapper", "wrapper"])
    booster = rng.choice(["gbtree"] * 5 + ["dart", "dart", "gblinear"])
    if booster == "dart" and VERSION < (1, 0):
        api = "booster"
    tree = booster != "gblinear"
    task, several = TASKS[objective], False
    if VERSION >= (1, 6) and rng.random() < 0.2 and objective in ("reg:squarederror", "reg:squaredlogerror", "reg:logistic", "binary:logistic", "reg:pseudohubererror", "reg:absoluteerror", "reg:quantileerror") and objective != "reg:squaredlogerror":
        several, task = True, "labels" if objective.startswith(("binary", "reg:logistic")) else "several"
    classes = rng.choice([2, 3, 5, 12])
    holds = VERSION >= (3, 1)
    categories = rng.choice([(), ("grade",), ("city", "code"), ("grade", "code", "city"), ("code",), ("city",)]) if tree and holds and rng.random() < 0.4 else ()
    codes = rng.choice([0, 0, 1, 2]) if tree and VERSION >= (1, 5) else 0
    many = rng.choice([4, 33, 64, 65, 300])
    data = Data(rng, features=rng.choice([3, 5, 5, 8]), frame=rng.random() < 0.4, categories=categories, codes=codes, many=many, holes=rng.choice([0, 0.1, 0.3]), zeros=rng.choice([0, 0.3]),
                texts=UNICODE if VERSION >= (3, 4) else TEXTS, odd_names=rng.random() < 0.2)
    y = data.target(task, classes)
    code_columns = [j for j in range(data.X.shape[1]) if (data.X.columns[j] in data.code_names if data.frame else j in data.codes)]
    params = {"max_depth": rng.choice([1, 2, 3, 6, 9]), "learning_rate": rng.choice([0.05, 0.3, 1.0]), "booster": booster, "objective": objective}
    if tree:
        method = rng.choice(["hist", "approx", "exact"] if not (categories or codes) else ["hist", "approx"])
        params["tree_method"] = method
        params["num_parallel_tree"] = rng.choice([1, 1, 1, 3])
        if params["num_parallel_tree"] > 1:
            params.update(subsample=0.7, colsample_bynode=0.8)
        if rng.random() < 0.2 and method != "exact":
            params.update(grow_policy="lossguide", max_leaves=rng.choice([5, 20]), max_depth=0 if method == "hist" else 6)
        if rng.random() < 0.15 and not categories and not codes and task in ("real", "binary"):
            params["monotone_constraints"] = "(" + ",".join(["1"] + ["0"] * (data.X.shape[1] - 1)) + ")"
        if rng.random() < 0.2:
            params.update(rng.choice([{"gamma": 2.0}, {"reg_alpha": 1.0}, {"min_child_weight": 8}, {"max_delta_step": 0.5}, {"max_bin": 8} if method != "exact" else {}, {"colsample_bytree": 0.5}, {"refresh_leaf": 0}]))
        if (categories or codes) and VERSION >= (1, 6):
            params["max_cat_to_onehot"] = rng.choice([1, 4, 100])
        if (categories or codes) and VERSION >= (1, 7) and rng.random() < 0.3:
            params["max_cat_threshold"] = rng.choice([2, 200])
    else:
        params.pop("max_depth")
        params.update(updater=rng.choice(["coord_descent", "shotgun"]), reg_lambda=rng.choice([0, 1.0]), reg_alpha=rng.choice([0, 0.1]))
    if booster == "dart":
        params.update(rate_drop=rng.choice([0.1, 0.5]), skip_drop=rng.choice([0, 0.5]), one_drop=rng.choice([0, 1]), normalize_type=rng.choice(["tree", "forest"]), sample_type=rng.choice(["uniform", "weighted"]))
    if objective == "reg:quantileerror":
        params["quantile_alpha"] = rng.choice([0.3, np.array([0.1, 0.5, 0.9]), np.array([0.5])]) if not several else 0.4
    if objective == "reg:expectileerror":
        params["expectile_alpha"] = rng.choice([0.3, np.array([0.1, 0.5, 0.9])])
    if objective == "survival:aft":
        params.update(aft_loss_distribution=rng.choice(["normal", "logistic", "extreme"]), aft_loss_distribution_scale=rng.choice([0.5, 1.2]))
    if objective == "reg:tweedie":
        params["tweedie_variance_power"] = rng.choice([1.1, 1.9])
    if objective == "count:poisson":
        params["max_delta_step"] = 0.7
    if (several or task == "multi" or objective in ("reg:quantileerror", "reg:expectileerror")) and booster == "gbtree" and VERSION >= (2, 0) and rng.random() < 0.4:
        params.update(multi_strategy="multi_output_tree", tree_method="hist")
    if rng.random() < 0.05 and task in ("binary", "unit", "count", "real"):
        # All labels the same.
        y = y * 0 + (rng.choice([0, 1]) if task in ("binary", "unit") else 3)
    if rng.random() < 0.3 and objective != "survival:cox":
        params["base_score"] = rng.choice([0.3, 0.5, 0.9] if task in ("binary", "unit", "labels") else [0.5, 0.25, 2.0, 1e-3] if task in ("count", "positive") else [0.5, -3.0, 1000.0, 0.0])
        if VERSION >= (3, 1) and (several or (task == "multi")) and rng.random() < 0.5:
            params["base_score"] = [round(0.2 + 0.1 * k, 2) for k in range(3 if several else classes)]
    rounds = rng.choice([1, 5, 12, 60]) if tree else 6
    train, held = slice(0, TRAIN), slice(TRAIN, N)
    categorical = bool(categories or codes)
    types = None
    if codes:
        types = (["c" if c in categories else "float" for c in data.X.columns] if data.frame else ["float"] * data.X.shape[1])
        for j in code_columns:
            types[j] = "c"
    elif not data.frame and rng.random() < 0.1:
        types = [rng.choice(["q", "float", "int"]) for _ in range(data.X.shape[1])]
    formats = ["json", "ubj", "pickle", "joblib", "raw", "binary"]
    if VERSION < (1, 0):
        formats = ["pickle", "joblib", "binary", "raw"]
    elif VERSION < (1, 6):
        formats = ["json", "pickle", "joblib", "binary", "raw"]
    elif VERSION >= (3, 1):
        formats = ["json", "ubj", "pickle", "joblib", "raw"]
    how = rng.choice(formats)
    classifier, wrapped = False, False
    what = dict(params=str(params), rounds=rounds, api=api)
    if api == "booster":
        params["seed"] = rng.randrange(1000)
        if task == "multi":
            params["num_class"] = classes
        kw = dict(enable_categorical=True) if categorical else {}
        if types:
            kw["feature_types"] = types
        if not data.frame and rng.random() < 0.2:
            kw["feature_names"] = [f"Spalte {chr(97 + i)}é" for i in range(data.X.shape[1])]
        if rng.random() < 0.15:
            kw["missing"] = 0.0

        def matrix(rows):
            label = y[rows]
            d = xgb.DMatrix(data.take(rows), **({"label": label} if objective != "survival:aft" else {}), **kw)
            if objective == "survival:aft":
                d.set_float_info("label_lower_bound", label)
                d.set_float_info("label_upper_bound", np.where(np.arange(len(label)) % 4 == 0, np.inf, label * 1.3))
            if objective.startswith("rank"):
                d.set_group([20] * (len(label) // 20))
            return d
        d = matrix(train)
        more, mode = {}, rng.random()
        if mode < 0.2:
            more = dict(evals=[(matrix(held), "held")], early_stopping_rounds=2, verbose_eval=False)
            rounds = 40
        if 0.2 < mode < 0.3 and task in ("real", "binary", "multi") and not several and not params.get("multi_strategy"):
            k = classes if task == "multi" else 1
            def custom(p, dm):
                l = dm.get_label()
                if k > 1:
                    onehot = np.eye(k)[l.astype(int)]
                    e = np.exp(p.reshape(-1, k) - p.reshape(-1, k).max(1, keepdims=True)); e /= e.sum(1, keepdims=True)
                    return ((e - onehot), np.maximum(e * (1 - e), 1e-6)) if VERSION >= (2, 1) else ((e - onehot).ravel(), np.maximum(e * (1 - e), 1e-6).ravel())
                return p - l, np.ones_like(p)
            more = dict(obj=custom)
            if rng.random() < 0.5:
                params.pop("objective")
        model = xgb.train(params, d, rounds, **more)
        if 0.3 < mode < 0.4 and tree:
            model = xgb.train({**params, "learning_rate": 0.1}, d, 3, xgb_model=model)
            what["continued"] = True
        if 0.4 < mode < 0.5 and VERSION >= (1, 3) and rounds > 3 and booster == "gbtree":
            model = model[1:rounds:rng.choice([1, 2])] if rng.random() < 0.5 else model[:rounds - 2]
            what["sliced"] = True
        if 0.5 < mode < 0.55 and booster == "gbtree" and method != "exact" and not categorical:
            model = xgb.train({**params, "process_type": "update", "updater": "refresh", "refresh_leaf": True}, d, rounds, xgb_model=model)
            what["refreshed"] = True
        if rng.random() < 0.1:
            model.set_attr(note="x", best="ü")
        kind = xgb.Booster
    else:
        parallel = params.get("num_parallel_tree", 1)
        forest = parallel > 1 and rng.random() < 0.6 and booster == "gbtree"
        kind = xgb.XGBRanker if objective.startswith("rank") else (xgb.XGBRFClassifier if forest else xgb.XGBClassifier) if task in ("binary", "multi", "labels") else (xgb.XGBRFRegressor if forest else xgb.XGBRegressor)
        if forest:
            params.pop("num_parallel_tree")
            params.pop("learning_rate")
            rounds = 5
        if rng.random() < 0.08 and task in ("binary", "multi") or (rng.random() < 0.05 and not objective.startswith("rank")):
            params["objective"] = custom_squares
        missing = rng.choice([np.nan, np.nan, np.nan, 0, -1.0, 2.7, 16777217.0])
        if missing == missing:
            params["missing"] = missing
        if types and VERSION >= (1, 7):
            params["feature_types"] = types
        elif codes:
            types, codes, categorical = None, 0, bool(categories)
        if categorical:
            params["enable_categorical"] = True
        fit = {}
        if VERSION < (1, 0):
            params = {k: v for k, v in params.items() if k not in ("tree_method", "num_parallel_tree")}
        model = kind(n_estimators=rounds, random_state=rng.randrange(1000), **params)
        classifier = kind in (xgb.XGBClassifier, xgb.XGBRFClassifier)
        stop = rng.random() < 0.3 and tree and not forest and kind is not xgb.XGBRanker and objective not in ("survival:cox", "survival:aft") and "objective" in params and isinstance(params["objective"], str)
        if stop:
            model.set_params(n_estimators=40, learning_rate=0.8)
            fit.update(eval_set=[(data.take(held), y[held])], verbose=False)
            if VERSION >= (1, 6):
                if rng.random() < 0.3:
                    model.set_params(callbacks=[xgb.callback.EarlyStopping(rounds=2, save_best=booster != "dart" and rng.random() < 0.5)])
                else:
                    model.set_params(early_stopping_rounds=2)
            else:
                fit["early_stopping_rounds"] = 2
        if kind is xgb.XGBRanker:
            if VERSION >= (1, 4) and rng.random() < 0.5:
                fit["qid"] = np.repeat(np.arange(TRAIN // 20), 20)
            else:
                fit["group"] = [20] * (TRAIN // 20)
        labels = y
        if task in ("binary", "multi") and VERSION < (1, 6) and rng.random() < 0.5:
            labels = rng.choice([np.array(["nein", "ja", "già", "d", "e", "f", "g", "h", "i", "j", "k", "l"])[y], y * 5 - 5, y * 1.5])
        if kind not in (xgb.XGBRanker,) and not stop and not categories and rng.random() < 0.25 and objective not in ("survival:aft", "survival:cox") and isinstance(params["objective"], str):
            other = lambda: kind(n_estimators=3, max_depth=2, **({"booster": "gbtree"}))
            model, wrapped, fit, how = inside(rng, task, model, other), True, {}, rng.choice(["pickle", "joblib"])
            classifier = hasattr(model, "classes_") or task in ("binary", "multi", "labels")
        model.fit(data.take(train), labels[train], **fit)
    name = f"random-xgb-{seed:05d}-{ENVIRONMENT}"
    folder = os.path.join(out, name)
    os.makedirs(folder, exist_ok=True)
    path, again = save(rng, folder, model, how, kind)
    what["again"] = type(again).__name__
    pairs = []
    try:
        booster_ = model if isinstance(model, xgb.Booster) else model.get_booster()
        names = list(data.X.columns) if data.frame else [f"f{i}" for i in range(data.X.shape[1])]
        for text in booster_.get_dump():
            for f, v in re.findall(r"\[([^<\]]+)<([^\]]+)\]", text):
                if f in names:
                    pairs.append((names.index(f), float(np.float32(float(v)))))
    except Exception:
        pass
    T = data.test(pairs, infinite=rng.random() < 0.7)
    # Names of columns are in pickles, and from 1.4 in JSON and UBJSON.
    if data.frame and (how in ("binary", "raw") and VERSION < (2, 1) or how == "json" and VERSION < (1, 4)):
        T = T.to_numpy()
    held = getattr(again, "feature_names", None) if isinstance(again, xgb.Booster) else None
    if held and not isinstance(T, pd.DataFrame) and held != [f"f{i}" for i in range(len(held))]:
        T = pd.DataFrame(T, columns=held)
    if isinstance(T, pd.DataFrame) and categories:
        for c in categories:
            if rng.random() < 0.4:
                T[c] = T[c].astype(object)
                T.iloc[2, T.columns.get_loc(c)] = {"code": 999, "size": 7.5}.get(c, "unheard")
                T[c] = pd.Categorical(T[c], categories=list(data.texts[c]) + ([999] if c == "code" else [7.5] if c == "size" else ["unheard"]))
    if codes and how != "x":
        for _ in range(6):
            j = int(data.g.choice(code_columns))
            v = [float(many), 1.0, 0.0, float(many - 1), 2.5][int(data.g.integers(0, 5))]
            if isinstance(T, pd.DataFrame):
                T.iloc[int(data.g.integers(0, 70)), j] = v
            else:
                T[int(data.g.integers(0, 70)), j] = v
    predict = predictor(again, categorical and bool(categories), data.frame)
    if codes and isinstance(again, xgb.Booster):
        ft = again.feature_types or types
        inner = again

        def predict(X, inner=inner, ft=ft):
            d = xgb.DMatrix(X, enable_categorical=True, feature_types=None if categories and isinstance(X, pd.DataFrame) else ft)
            out = {"predict": inner.predict(d)}
            margin = inner.predict(d, output_margin=True)
            if margin.shape != out["predict"].shape or not np.array_equal(margin, out["predict"], equal_nan=True):
                out["score"] = margin
            return out
        if categories:
            def predict(X, inner=inner, ft=ft):
                d = xgb.DMatrix(X, enable_categorical=True, feature_types=ft)
                return {"predict": inner.predict(d)}
    if categories and isinstance(T, pd.DataFrame):
        asked = predict

        def predict(X):
            return asked(X.assign(**{c: X[c].cat.set_categories(list(data.texts[c]) + sorted(set(X[c].dropna()) - set(data.texts[c]))) for c in categories}))
    write(out, name, "xgboost", ENVIRONMENT, {"xgboost": xgb.__version__}, path, predict, T,
          {"rtol": 1e-5, "atol": 1e-6} if wrapped else {"rtol": 1e-6, "atol": 1e-10}, classifier and not isinstance(again, xgb.Booster), f"{how} {what}", "random_xgboost.py")


def custom_squares(y_true, y_pred):
    if np.ndim(y_pred) == 2 and np.ndim(y_true) == 1:
        return y_pred - np.eye(y_pred.shape[1])[np.asarray(y_true).astype(int)], np.ones_like(y_pred)
    return y_pred - y_true, np.ones_like(y_pred)


if __name__ == "__main__":
    search(case)
