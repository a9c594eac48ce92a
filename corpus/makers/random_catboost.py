"""Random CatBoost models (0.24 to 1.2) with what CatBoost itself predicts, as corpus cases: a search for what nobody thought of.

    python random_catboost.py OUT_FOLDER FIRST_SEED COUNT
"""
import os, pickle, random
import catboost
import joblib
import numpy as np
import pandas as pd
from catboost import CatBoost, CatBoostClassifier, CatBoostRegressor, Pool
from random_boosters import N, TRAIN, UNICODE, Data, inside, search, write

CatBoostRanker = getattr(catboost, "CatBoostRanker", CatBoost)
VERSION = tuple(int(p) for p in catboost.__version__.split(".")[:2])
ENVIRONMENT = "cb" + catboost.__version__.replace(".", "")
REGRESSION = {"RMSE": "real", "MAE": "real", "Quantile:alpha=0.3": "real", "MultiQuantile:alpha=0.1,0.5,0.9": "real", "LogLinQuantile:alpha=0.4": "positive", "Poisson": "count", "MAPE": "positive", "Lq:q=1.5": "real", "Huber:delta=2": "real", "Expectile:alpha=0.3": "real",
              "Tweedie:variance_power=1.3": "count", "LogCosh": "unit", "RMSEWithUncertainty": "real", "MultiRMSE": "several", "MultiRMSEWithMissingValues": "several", "SurvivalAft:dist=Logistic;scale=1.2": "survival"}
CLASSES = {"Logloss": "binary", "CrossEntropy": "unit", "Focal:focal_alpha=0.4;focal_gamma=2": "binary", "MultiClass": "multi", "MultiClassOneVsAll": "multi", "MultiLogloss": "labels", "MultiCrossEntropy": "labels"}
RANKING = ["PairLogit", "PairLogitPairwise", "YetiRank", "YetiRankPairwise", "QueryRMSE", "QuerySoftMax", "StochasticRank:metric=NDCG", "LambdaMart", "QueryCrossEntropy", "YetiRank:mode=NDCG", "GroupQuantile:alpha=0.3"]
ODD = ["", "Zürich", "日本語", "😀", "a category whose name is longer than thirty-two bytes", "x" * 65, "12", "-3", "never", "1.5", "nan", "None", "True", " padded "]


def predictor(model):
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
        if isinstance(model, CatBoost) and not type(model).__name__ == "CatBoostRanker":
            margin = np.asarray(model.predict(X, prediction_type="RawFormulaVal"))
            if margin.shape != out["predict"].shape or out["predict"].dtype.kind != "f" or not np.array_equal(margin, out["predict"], equal_nan=True):
                out["score"] = margin
        elif hasattr(model, "decision_function"):
            out["decision_function"] = np.asarray(model.decision_function(X))
        return out
    return predict


def save(rng, folder, model, how, cls, pool):
    path = os.path.join(folder, {"pickle": "model.pkl", "joblib": "model.joblib", "cbm": rng.choice(["model.cbm", "model.bin"]), "json": "model.json"}[how])
    if how == "pickle":
        with open(path, "wb") as f:
            pickle.dump(model, f, protocol=rng.choice([2, 4]))
        with open(path, "rb") as f:
            return path, pickle.load(f)
    if how == "joblib":
        joblib.dump(model, path, compress=rng.choice([0, 3]))
        return path, joblib.load(path)
    model.save_model(path, format=how, **({"pool": pool} if pool is not None else {}))
    return path, cls().load_model(path, format=how)


def case(out, seed):
    rng = random.Random(seed)
    what = rng.choice(["regression", "classes", "classes", "ranking"])
    loss = rng.choice(list(REGRESSION) if what == "regression" else list(CLASSES) if what == "classes" else RANKING)
    task = {**REGRESSION, **CLASSES}.get(loss, "rank")
    classes = rng.choice([2, 3, 5]) if task == "multi" else 2
    categories = rng.choice([("grade",), ("city", "code"), ("city", "grade"), ("code",), ("city", "yes"), ("city", "grade", "size", "code")]) if rng.random() < 0.5 else ()
    texts = {**UNICODE, "city": ["Paris", "Oslo", "São Paulo"] + ODD[:rng.choice([1, 10])]}
    data = Data(rng, features=rng.choice([3, 5]), frame=rng.random() < 0.4, categories=categories, codes=0, holes=rng.choice([0, 0.1, 0.3]), zeros=rng.choice([0, 0.3]), texts=texts, odd_names=rng.random() < 0.2)
    plain = {"code": -1, "yes": False}
    for c in categories:
        values = [plain.get(c, "none") if v is None or v != v else int(v) if c == "code" else bool(v) if c == "yes" else str(v) for v in data.X[c].astype(object).tolist()]
        data.X[c] = pd.Series(values, dtype="int64" if c == "code" else "bool" if c == "yes" else object)
    y = data.target({"survival": "positive"}.get(task, task), classes)
    if task == "survival":
        y = np.column_stack([y, np.where(np.arange(N) % 4 == 0, -1, y * 1.3)])
    options = {"iterations": rng.choice([1, 5, 20, 60]), "depth": rng.choice([1, 3, 6, 8]), "learning_rate": rng.choice([0.1, 0.5]), "loss_function": loss, "verbose": 0, "random_seed": rng.randrange(1000), "allow_writing_files": False, "thread_count": 1}
    policy = rng.choice(["SymmetricTree"] * 3 + ["Depthwise", "Lossguide"])
    if policy != "SymmetricTree" and what != "ranking":
        options["grow_policy"] = policy
        if policy == "Lossguide":
            options["max_leaves"] = rng.choice([3, 20])
    if rng.random() < 0.4:
        options["nan_mode"] = rng.choice(["Min", "Max"])
    if rng.random() < 0.3:
        options.update(rng.choice([{"border_count": 5}, {"border_count": 400}, {"boost_from_average": False}, {"bootstrap_type": "Bernoulli", "subsample": 0.6}, {"boosting_type": "Ordered"}, {"feature_border_type": "Uniform"}, {"l2_leaf_reg": 50}, {"rsm": 0.5}, {"leaf_estimation_iterations": 3}, {"leaf_estimation_method": "Gradient"},
                                   {"monotone_constraints": [1] + [0] * (data.X.shape[1] - 1)} if not categories else {}, {"langevin": True}, {"random_strength": 0}, {"model_shrink_rate": 0.1}, {"per_float_feature_quantization": ["0:border_count=100"]} if not categories else {}, {"score_function": "L2"}]))
    if categories:
        options["one_hot_max_size"] = rng.choice([1, 2, 4, 10, 100])
        if rng.random() < 0.3:
            options["max_ctr_complexity"] = rng.choice([1, 2, 5])
        if rng.random() < 0.4:
            kinds = rng.sample(["Borders", "Buckets", "BinarizedTargetMeanValue", "Counter"], rng.choice([1, 2, 4]))
            options["simple_ctr"] = [k + rng.choice(["", ":Prior=0/1:Prior=0.5/1", ":Prior=0.25/1", ":CtrBorderCount=5"]) for k in kinds]
            options["combinations_ctr"] = rng.sample(["Borders", "Buckets", "BinarizedTargetMeanValue", "Counter"], rng.choice([1, 3]))
            if task in ("real", "count", "positive") and rng.random() < 0.5:
                options["simple_ctr"] = [k + ":TargetBorderCount=3" if not k.startswith("Counter") else k for k in kinds]
        if rng.random() < 0.2:
            options["counter_calc_method"] = rng.choice(["Full", "SkipTest"])
        if rng.random() < 0.2:
            options["ctr_leaf_count_limit"] = rng.choice([2, 5])
        if rng.random() < 0.2:
            options["has_time"] = True
        if rng.random() < 0.2:
            options["store_all_simple_ctr"] = True
    if rng.random() < 0.1:
        options["ignored_features"] = [0]
    how = rng.choice(["cbm", "cbm", "json", "pickle", "joblib"])
    # CatBoost's reader of JSON loses the sums of BinarizedTargetMeanValue.
    if how == "json" and "BinarizedTargetMeanValue" in str(options):
        how = "cbm"
    labels = y
    if task in ("binary", "multi"):
        labels = rng.choice([y, np.array(["nein", "ja", "già", "d", "e"])[y], y * 5 - 5, y * 1.5, (y == 1) if classes == 2 else y, y.astype(str)])
        if rng.random() < 0.2:
            options["auto_class_weights"] = "Balanced"
    cls = {"regression": CatBoostRegressor, "classes": CatBoostClassifier, "ranking": CatBoostRanker if VERSION >= (0, 26) else CatBoost}[what]
    if rng.random() < 0.15:
        cls = CatBoost
    model = cls(options) if cls is CatBoost else cls(**options)
    cats = list(categories)
    args, wrapped = {}, False
    if cats:
        args["cat_features"] = cats if rng.random() < 0.5 else [list(data.X.columns).index(c) for c in cats]
    train, held = slice(0, TRAIN), slice(TRAIN, N)
    if what == "ranking":
        args["group_id"] = np.repeat(np.arange(TRAIN // 20), 20)
        if loss == "QueryCrossEntropy":
            labels = (y > 1).astype(float)
    elif rng.random() < 0.2 and task != "survival":
        args.update(eval_set=(data.take(held), labels[held]), early_stopping_rounds=5, use_best_model=rng.random() < 0.7)
        model.set_params(iterations=60)
    elif not cats and cls is not CatBoost and rng.random() < 0.3 and task in ("real", "binary", "multi", "several", "labels"):
        model, wrapped, args, how = inside(rng, task, model, lambda: cls(iterations=3, depth=2, verbose=0, allow_writing_files=False, thread_count=1)), True, {}, rng.choice(["pickle", "joblib"])
    model.fit(data.take(train), labels[train], **args)
    done = dict(options=str(options), cls=cls.__name__, categories=categories)
    mode = rng.random()
    if not wrapped:
        if mode < 0.1 and model.tree_count_ > 3:
            model.shrink(model.tree_count_ - 2, ntree_start=rng.choice([0, 1]))
            done["shrunk"] = True
        elif mode < 0.2 and what == "regression" and task not in ("several",) and "Multi" not in loss and loss != "RMSEWithUncertainty":
            model.set_scale_and_bias(rng.choice([0.5, 2.0, -1.0]), rng.choice([0.0, 3.25]))
            done["scaled"] = True
        elif mode < 0.27 and task == "binary" and hasattr(model, "set_probability_threshold"):
            model.set_probability_threshold(binclass_probability_threshold=rng.choice([0.2, 0.7]))
        elif mode < 0.34:
            model.get_metadata()["who"] = "né"
        elif mode < 0.42 and VERSION >= (0, 26):
            other = (cls(options) if cls is CatBoost else cls(**{**options, "random_seed": 5})).fit(data.take(train), labels[train], **{k: v for k, v in args.items() if k in ("cat_features", "group_id")})
            model = catboost.sum_models([model, other], weights=[0.25, 0.75]) if rng.random() < 0.7 else catboost.sum_models([model, other])
            cls, done["summed"] = CatBoost, True
            if how in ("pickle", "joblib"):
                cls = CatBoost
        elif mode < 0.5 and what != "ranking" and not cats:
            model = (cls(options) if cls is CatBoost else cls(**{**options, "iterations": 3})).fit(data.take(train), labels[train], init_model=model)
            done["continued"] = True
        elif mode < 0.55:
            leaves = model.get_leaf_values()
            model.set_leaf_values(leaves * 1.25)
            done["leaves"] = True
        elif mode < 0.6 and data.frame:
            model.set_feature_names([f"n {i}" for i in range(data.X.shape[1])])
            data.X.columns = [f"n {i}" for i in range(data.X.shape[1])]
            cats = [data.X.columns[args["cat_features"][0] if False else j] for j in range(data.X.shape[1]) if data.X.dtypes.iloc[j].kind != "f"]
    name = f"random-cb-{seed:05d}-{ENVIRONMENT}"
    folder = os.path.join(out, name)
    os.makedirs(folder, exist_ok=True)
    pool = Pool(data.take(train), label=None if task in ("survival",) else labels[train], cat_features=cats or None) if how == "json" and cats else None
    # A file does not say which class wrote it: one with a loss of classification is a classifier's.
    kind = CatBoostClassifier if what == "classes" else CatBoostRegressor if what == "regression" and how in ("cbm", "json") and cls is CatBoost else cls
    path, again = save(rng, folder, model, how, kind, pool)
    pairs = []
    if not wrapped:
        try:
            for name_, borders in again.get_borders().items():
                pairs += [(int(name_), float(b)) for b in borders]
        except Exception:
            pass
    T = data.test(pairs)
    if data.frame:
        for j in range(T.shape[1]):
            if T.dtypes.iloc[j] == object:
                for _ in range(8):
                    T.iloc[int(data.g.integers(0, 70)), j] = rng.choice(ODD)
            elif T.dtypes.iloc[j].kind == "i":
                for _ in range(8):
                    T.iloc[int(data.g.integers(0, 70)), j] = rng.choice([0, -5, 12, 2**40, 200, 3])
    # JSON of older versions has no names.
    if data.frame and not wrapped and again.feature_names_ == [str(j) for j in range(T.shape[1])]:
        T = T.to_numpy(dtype=object if cats else float)
    done["again"] = type(again).__name__
    write(out, name, "catboost", ENVIRONMENT, {"catboost": catboost.__version__}, path, predictor(again), T, {"rtol": 1e-9, "atol": 1e-10} if not wrapped else {"rtol": 1e-7, "atol": 1e-9},
          isinstance(again, CatBoostClassifier) or wrapped and what == "classes", f"{how} {done}", "random_catboost.py")


if __name__ == "__main__":
    search(case)
