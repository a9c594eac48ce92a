"""The other side of bench/kernel.ts: fits and saves the models, writes rows, and times each library in memory.

python bench/kernel.py FOLDER     prints {"name": {"file": ..., "library": ..., "bulk": us, "one": us}}, in microseconds
of processor time a row, one thread. Libraries that are not installed are left out.
"""
import json
import pickle
import sys
import time
import warnings
from pathlib import Path

import numpy as np

warnings.filterwarnings("ignore")
folder = Path(sys.argv[1])
ROWS = 4096
FEATURES = 28
rng = np.random.default_rng(0)


def measure(predict, rows):
    """Best of five, each of at least 50 ms."""
    predict()
    best = float("inf")
    for _ in range(5):
        count, start = 0, time.process_time()
        while time.process_time() - start < 0.05:
            predict()
            count += 1
        best = min(best, (time.process_time() - start) / count / rows)
    return best * 1e6


X = np.round(rng.normal(0, 2, (20000, FEATURES)), 4).astype(np.float32)
y = (X[:, 0] * X[:, 1] + X[:, 2] - np.abs(X[:, 3]) + rng.logistic(0, 1, len(X)) > 0).astype(int)
rows = np.ascontiguousarray(X[:ROWS])
(folder / "matrix.json").write_text(json.dumps([[round(float(v), 4) for v in row] for row in rows]))
results = {}


def add(name, library, save, predict, data="matrix.json", count=ROWS, one=None):
    results[name] = {"file": save, "library": library, "data": data, "bulk": measure(lambda: predict(slice(None)), count), "one": measure(lambda: predict(slice(0, 1)), 1)}


def dump(name, model):
    (folder / f"{name}.pkl").write_bytes(pickle.dumps(model))
    return f"{name}.pkl"


from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

forest = RandomForestClassifier(100, max_depth=10, random_state=0, n_jobs=1).fit(X, y)
add("forest, 100 trees of depth 10", "scikit-learn", dump("forest", forest), lambda s: forest.predict_proba(rows[s]))

try:
    import pandas as pd

    texts = {"country": 40, "code": 25, "device": 6, "channel": 4}
    frame = pd.DataFrame(X[:, :20].astype(float), columns=[f"n{i}" for i in range(20)])
    for column, n in texts.items():
        frame[column] = [f"{column[0]}{i}" for i in rng.integers(0, n, len(X))]
    steps = ColumnTransformer([("n", StandardScaler(), list(frame.columns[:20])), ("c", OneHotEncoder(handle_unknown="ignore", sparse_output=False), list(texts))])
    table = make_pipeline(steps, HistGradientBoostingClassifier(max_iter=100, early_stopping=False, random_state=0)).fit(frame, y)
    some = frame[:512]
    (folder / "frame.json").write_text(some.round(4).to_json(orient="records"))
    add("20 numbers, 4 texts, boosting", "scikit-learn", dump("table", table), lambda s: table.predict_proba(some[s]), "frame.json", 512)
except ImportError:
    pass

words = np.array(["".join(w) for w in rng.choice(list("abcdefghijklmnopqrstuvwxyz"), (20000, 6))])
chances = 1 / np.arange(1, 20001) ** 1.05
chances /= chances.sum()
documents = [" ".join(words[rng.choice(20000, int(rng.integers(20, 120)), p=chances)]) for _ in range(3000)]
text = make_pipeline(TfidfVectorizer(max_features=10000), LogisticRegression(max_iter=200)).fit(documents, rng.integers(0, 4, 3000))
(folder / "texts.json").write_text(json.dumps(documents[:512]))
add("text, TF-IDF of 10,000 words", "scikit-learn", dump("text", text), lambda s: text.predict_proba(documents[:512][s]), "texts.json", 512)

try:
    import xgboost

    for trees in (100, 500):
        model = xgboost.XGBClassifier(n_estimators=trees, max_depth=6, learning_rate=0.1, n_jobs=1).fit(X, y)
        model.save_model(folder / f"xgb{trees}.json")
        booster = model.get_booster()
        booster.set_param({"nthread": 1})
        add(f"XGBoost, {trees} trees of depth 6", "xgboost", f"xgb{trees}.json", lambda s, b=booster: b.inplace_predict(rows[s]))
except ImportError:
    pass
try:
    import lightgbm

    for trees in (100, 500):
        model = lightgbm.LGBMClassifier(n_estimators=trees, num_leaves=31, n_jobs=1, verbose=-1).fit(X, y)
        model.booster_.save_model(folder / f"lgb{trees}.txt")
        add(f"LightGBM, {trees} trees of 31 leaves", "lightgbm", f"lgb{trees}.txt", lambda s, b=model.booster_: b.predict(rows[s], num_threads=1))
except ImportError:
    pass
try:
    import catboost

    model = catboost.CatBoostClassifier(iterations=500, depth=6, thread_count=1, verbose=0, allow_writing_files=False).fit(X, y)
    model.save_model(str(folder / "cat500.cbm"))
    add("CatBoost, 500 trees of depth 6", "catboost", "cat500.cbm", lambda s: model.predict_proba(rows[s], thread_count=1))
except ImportError:
    pass
print(json.dumps(results))
