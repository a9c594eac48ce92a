"""Random LightGBM models (2.2 to 4.7) with what LightGBM itself predicts, as corpus cases: a search for what nobody thought of.

    python random_lightgbm.py OUT_FOLDER FIRST_SEED COUNT
"""
import json, os, pickle, random
import joblib
import lightgbm as lgb
import numpy as np
import pandas as pd
from random_boosters import N, TRAIN, UNICODE, Data, inside, search, write

VERSION = tuple(int(p) for p in lgb.__version__.split(".")[:2])
ENVIRONMENT = "lgb%d%d" % VERSION
TASKS = {"regression": "real", "regression_l1": "real", "huber": "real", "fair": "real", "quantile": "real", "mape": "positive", "poisson": "count", "gamma": "positive", "tweedie": "count", "binary": "binary", "multiclass": "multi",
         "multiclassova": "multi", "cross_entropy": "unit", "cross_entropy_lambda": "unit", "lambdarank": "rank", "rank_xendcg": "rank"}


def add_margin(out, margin):
    margin = np.asarray(margin)
    if margin.shape != out["predict"].shape or not np.array_equal(margin, out["predict"], equal_nan=True):
        out["score"] = margin


def predictor(model):
    def predict(X):
        out = {"predict": np.asarray(model.predict(X))}
        if hasattr(model, "predict_proba"):
            try:
                p = model.predict_proba(X)
                if isinstance(p, list):
                    out.update({f"probabilities_{i}": np.asarray(q) for i, q in enumerate(p)})
                elif np.asarray(p).ndim == 2:
                    out["predict_proba"] = np.asarray(p)
                else:
                    out["predict"] = np.asarray(p)
            except (ValueError, AttributeError):
                pass
        if isinstance(model, (lgb.Booster, lgb.LGBMModel)):
            if "predict_proba" in out or not isinstance(model, lgb.LGBMClassifier):
                add_margin(out, model.predict(X, raw_score=True))
        elif hasattr(model, "decision_function"):
            out["decision_function"] = np.asarray(model.decision_function(X))
        return out
    return predict


def save(rng, folder, model, how):
    booster = model if isinstance(model, lgb.Booster) else getattr(model, "booster_", None)
    path = os.path.join(folder, {"pickle": "model.pkl", "joblib": "model.joblib", "text": rng.choice(["model.txt", "model.lgb", "lightgbm.model"]), "string": "model.txt", "dump": "model.json"}[how])
    if how in ("pickle", "joblib"):
        if how == "pickle":
            with open(path, "wb") as f:
                pickle.dump(model, f, protocol=rng.choice([2, 4]))
            with open(path, "rb") as f:
                return path, pickle.load(f)
        joblib.dump(model, path, compress=rng.choice([0, 3]))
        return path, joblib.load(path)
    total = booster.current_iteration()
    part = {}
    if rng.random() < 0.2 and total > 3:
        part = dict(num_iteration=total - 1)
        if VERSION >= (2, 3) and rng.random() < 0.5:
            part["start_iteration"] = 1
    if how == "dump":
        with open(path, "w") as f:
            json.dump(booster.dump_model(**(part or dict(num_iteration=-1))), f)
        booster.save_model(path + ".txt", **(part or dict(num_iteration=-1)))
        again = lgb.Booster(model_file=path + ".txt")
        os.remove(path + ".txt")
        return path, again
    if how == "string":
        with open(path, "w", encoding="utf-8", newline="") as f:
            f.write(booster.model_to_string(**(part or dict(num_iteration=-1))))
    else:
        booster.save_model(path, **(part or dict(num_iteration=-1)))
    return path, lgb.Booster(model_file=path)


def custom(y_true, y_pred):
    if len(y_pred) != len(y_true):
        return y_pred * 0.1 - 0.05, np.ones_like(y_pred)
    return y_pred - y_true, np.ones_like(y_pred)


def case(out, seed):
    rng = random.Random(seed)
    objective = rng.choice([o for o in TASKS if VERSION >= (2, 3) or o != "rank_xendcg"])
    if VERSION < (3, 0):
        objective = {"cross_entropy": "xentropy", "cross_entropy_lambda": "xentlambda"}.get(objective, objective) if rng.random() < 0.3 else objective
    api = rng.choice(["booster", "wrapper", "wrapper"])
    task = TASKS.get(objective, "unit")
    classes = rng.choice([2, 3, 5, 12])
    categories = rng.choice([("grade",), ("city", "code"), ("grade", "size"), ("code",), ("city", "yes"), ("city", "grade", "size", "code", "yes")]) if rng.random() < 0.35 else ()
    codes = rng.choice([0, 0, 0, 1, 2]) if not categories else 0
    many = rng.choice([3, 4, 33, 63, 64, 300])
    data = Data(rng, features=rng.choice([3, 5, 5, 8]), frame=rng.random() < 0.4, categories=categories, codes=codes, many=many, holes=rng.choice([0, 0, 0.1, 0.3]), zeros=rng.choice([0, 0.3]), texts=UNICODE)
    if categories and rng.random() < 0.15:
        data.X[categories[0]] = data.X[categories[0]].cat.as_ordered()
    if categories and rng.random() < 0.15:
        data.X[categories[0]] = data.X[categories[0]].cat.set_categories(list(reversed(data.texts[categories[0]])))
    if codes and rng.random() < 0.2:
        column = data.code_names[0] if data.frame else data.codes[0]
        factor = rng.choice([1000, 7])
        if data.frame:
            data.X[column] = data.X[column] * factor
        else:
            data.X[:, column] *= factor
    y = data.target(task, classes)
    boosting = rng.choice(["gbdt"] * 4 + ["dart", "rf", "goss"])
    params = {"objective": objective, "boosting": boosting, "num_leaves": rng.choice([2, 4, 8, 31]), "learning_rate": rng.choice([0.05, 0.3, 1.0]), "min_data_in_leaf": rng.choice([1, 3, 20]), "verbosity": -1, "n_jobs": 1,
              "min_data_per_group": rng.choice([1, 5, 100]), "cat_smooth": rng.choice([1.0, 10.0]), "cat_l2": rng.choice([0.0, 10.0]), "max_cat_to_onehot": rng.choice([1, 4, 100]), "max_cat_threshold": rng.choice([2, 32])}
    if boosting == "rf":
        params.update(bagging_freq=1, bagging_fraction=0.6, feature_fraction=0.7)
    if boosting == "dart":
        params.update(drop_rate=rng.choice([0.1, 0.6]), xgboost_dart_mode=rng.choice([True, False]), uniform_drop=rng.choice([True, False]), skip_drop=rng.choice([0.0, 0.5]))
    if boosting != "rf" and rng.random() < 0.5:
        params.update(rng.choice([{"linear_tree": True} if VERSION >= (3, 2) and objective not in ("regression_l1", "quantile", "mape") else {}, {"linear_tree": True, "linear_lambda": 0.1} if VERSION >= (3, 2) and objective not in ("regression_l1", "quantile", "mape") else {},
                                  {"zero_as_missing": True}, {"use_missing": False}, {"reg_sqrt": True}, {"extra_trees": True, "max_bin": 15}, {"boost_from_average": False}, {"monotone_constraints": [1] + [0] * (data.X.shape[1] - 1)} if not (categories or codes) else {},
                                  {"path_smooth": 1.0, "min_data_in_leaf": 3}, {"max_depth": 3}, {"lambda_l1": 1.0, "lambda_l2": 5.0}, {"min_gain_to_split": 1e6}, {"sigmoid": 0.6}, {"max_delta_step": 0.3}, {"feature_pre_filter": False, "min_data_in_leaf": 150}, {"enable_bundle": False}, {"use_quantized_grad": True} if VERSION >= (4, 0) else {}, {"alpha": 0.2}, {"tweedie_variance_power": 1.2}, {"is_unbalance": True}]))
    rounds = rng.choice([1, 5, 12, 60])
    train, held = slice(0, TRAIN), slice(TRAIN, N)
    chosen = "auto"
    if codes:
        chosen = [c for c in data.code_names] if data.frame and rng.random() < 0.5 else [list(data.X.columns).index(c) for c in data.code_names] if data.frame else data.codes
    elif categories and rng.random() < 0.1:
        chosen = list(categories)
    groups = {"group": [20] * (TRAIN // 20)} if task == "rank" else {}
    what = dict(params=str(params), rounds=rounds, api=api, categories=categories, codes=codes)
    how = rng.choice(["text", "text", "string", "dump", "pickle", "joblib"])
    wrapped, classifier = False, False
    if api == "booster":
        if task == "multi":
            params["num_class"] = classes
        params["seed"] = rng.randrange(1000)
        label = y[train]
        if rng.random() < 0.1:
            groups["weight"] = np.abs(data.g.normal(1, 0.2, TRAIN))
        if rng.random() < 0.1 and task in ("real", "binary"):
            groups["init_score"] = data.g.normal(0, 1, TRAIN)
        if not data.frame and rng.random() < 0.2:
            groups["feature_name"] = [f"größe_{i}" for i in range(data.X.shape[1])]
        d = lgb.Dataset(data.take(train), label=label, categorical_feature=chosen, free_raw_data=False, **groups)
        more, mode = {}, rng.random()
        if mode < 0.2 and boosting not in ("dart", "rf") and task != "rank":
            held_set = lgb.Dataset(data.take(held), label=y[held], reference=d, **({"init_score": np.zeros(N - TRAIN)} if "init_score" in groups else {}))
            more = dict(valid_sets=[held_set], callbacks=[lgb.early_stopping(2, verbose=False)]) if VERSION >= (3, 0) else dict(valid_sets=[held_set], early_stopping_rounds=2, verbose_eval=False)
            rounds = 40
        if 0.2 < mode < 0.28 and task in ("real", "binary"):
            own = lambda p, ds: (p - ds.get_label(), np.ones_like(p))
            if VERSION >= (4, 0):
                params["objective"] = own
            else:
                params.pop("objective"); more["fobj"] = own
        model = lgb.train(params, d, rounds, **more)
        if 0.3 < mode < 0.4 and boosting == "gbdt" and not params.get("linear_tree"):
            model = model.refit(data.X[100:300] if data.frame else data.X[100:300], y[100:300], decay_rate=0.3) if task != "rank" and not categories else model
            what["refit"] = True
        elif 0.4 < mode < 0.5 and boosting in ("gbdt", "dart") and not categories:
            model = lgb.train({**params, "boosting": rng.choice(["gbdt", "dart"])}, lgb.Dataset(data.take(train), label=label, categorical_feature=chosen, free_raw_data=False, **groups), 3, init_model=model)
            what["continued"] = True
        elif 0.5 < mode < 0.55 and rounds > 3:
            model.rollback_one_iter()
        elif 0.55 < mode < 0.6 and VERSION >= (3, 0) and rounds > 3:
            model.shuffle_models()
        elif 0.6 < mode < 0.65 and VERSION >= (4, 0):
            model.set_leaf_output(0, 0, 12.3456789)
    else:
        kind = lgb.LGBMRanker if task == "rank" else lgb.LGBMClassifier if task in ("binary", "multi") else lgb.LGBMRegressor
        classifier = kind is lgb.LGBMClassifier
        params.pop("verbosity")
        params["boosting_type"] = params.pop("boosting")
        if rng.random() < 0.08:
            params["objective"] = custom if task != "rank" else "lambdarank"
        if rng.random() < 0.1 and kind is lgb.LGBMClassifier:
            params.pop("objective")
        if classifier and rng.random() < 0.2:
            params["class_weight"] = "balanced"
        model = kind(n_estimators=rounds, verbose=-1, random_state=rng.randrange(1000), **params)
        fit = dict(groups)
        if chosen != "auto":
            fit["categorical_feature"] = chosen
        labels = y
        if classifier:
            labels = rng.choice([y, np.array(["nein", "ja", "già", "d", "e", "f", "g", "h", "i", "j", "k", "l"])[y], y * 5 - 5, y * 1.5, (y == 1) if classes == 2 or task == "binary" else y])
        if rng.random() < 0.25 and kind is not lgb.LGBMRanker and params["boosting_type"] not in ("dart", "rf") and isinstance(params.get("objective", ""), str):
            model.set_params(n_estimators=40)
            fit["eval_set"] = [(data.take(held), labels[held])]
            if VERSION >= (3, 3):
                fit["callbacks"] = [lgb.early_stopping(2, verbose=False)]
            else:
                fit.update(early_stopping_rounds=2, verbose=False)
        elif kind is not lgb.LGBMRanker and not categories and not codes and rng.random() < 0.3 and isinstance(params.get("objective", ""), str):
            model, wrapped, fit, how = inside(rng, task, model, lambda: kind(n_estimators=3, num_leaves=4, verbose=-1)), True, {}, rng.choice(["pickle", "joblib"])
        model.fit(data.take(train), labels[train], **fit)
    name = f"random-lgb-{seed:05d}-{ENVIRONMENT}"
    folder = os.path.join(out, name)
    os.makedirs(folder, exist_ok=True)
    path, again = save(rng, folder, model, how)
    what["again"] = type(again).__name__
    pairs = []
    booster = again if isinstance(again, lgb.Booster) else getattr(again, "booster_", None)
    if booster is not None:
        def walk(node):
            if "split_feature" in node:
                if not isinstance(node["threshold"], str) or "||" not in node["threshold"] and node["decision_type"] == "<=":
                    pairs.append((node["split_feature"], float(node["threshold"])))
                walk(node["left_child"]); walk(node["right_child"])
        for tree in booster.dump_model()["tree_info"]:
            walk(tree["tree_structure"])
    T = data.test(pairs)
    for c in categories:
        if rng.random() < 0.5:
            T[c] = T[c].astype(object)
            T.iloc[2, T.columns.get_loc(c)] = {"code": 999, "size": 7.5, "yes": True}.get(c, "unheard")
            T[c] = pd.Categorical(T[c], ordered=bool(data.X[c].cat.ordered))
    for j in [j for j in range(T.shape[1]) if (T.columns[j] in data.code_names if data.frame else j in data.codes)]:
        for v in [float(many), 1.0, 0.0, float(many - 1), 2.5, -1.0, -0.5, 1e10, np.inf, -np.inf, np.nan, 2147483648.0]:
            i = int(data.g.integers(0, 70))
            if data.frame:
                T.iloc[i, j] = v
            else:
                T[i, j] = v
    if not data.frame and booster is not None and booster.feature_name()[0] != "Column_0":
        T = pd.DataFrame(T, columns=booster.feature_name())
    write(out, name, "lightgbm", ENVIRONMENT, {"lightgbm": lgb.__version__}, path, predictor(again), T, {"rtol": 1e-9, "atol": 1e-12} if not wrapped else {"rtol": 1e-7, "atol": 1e-9},
          classifier and not isinstance(again, lgb.Booster) or wrapped and task in ("binary", "multi"), f"{how} {what}", "random_lightgbm.py")


if __name__ == "__main__":
    search(case)
