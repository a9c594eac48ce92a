"""Searches among training rows with many ties: KNNImputer and brute-force neighbours over small whole numbers, with what
scikit-learn gives on a processor with AVX2.

    python ties.py OUT_FOLDER FIRST_SEED COUNT

Each seed is one case.
"""
import json, os, pickle, random, sys, warnings
import numpy as np
import sklearn
from sklearn.impute import KNNImputer
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from preprocess import dump, outputs, plain, ENVIRONMENT
warnings.filterwarnings("ignore")

TRUTHS = ["jaccard", "dice", "rogerstanimoto", "russellrao", "sokalmichener", "sokalsneath", "yule", "matching", "kulsinski"]


def whole(g, n, f, values):
    return g.integers(0, values, (n, f)).astype(float)


def imputer(rng, g):
    n, f = rng.choice([6, 12, 30, 64, 65, 120, 250, 256]), rng.choice([2, 3, 4, 6])
    share = rng.choice([0.05, 0.2, 0.5])
    X = whole(g, n, f, rng.choice([2, 3, 6]))
    X[g.random(X.shape) < share] = np.nan
    T = whole(g, 40, f, 6)
    T[g.random(T.shape) < max(share, 0.2)] = np.nan
    m = KNNImputer(n_neighbors=rng.choice([1, 2, 3, 4, 5, 7, 20]), weights=rng.choice(["uniform", "distance"]), add_indicator=rng.random() < 0.2)
    return "impute-knn-ties", m.fit(X), T


def neighbours(rng, g):
    metric = rng.choice(TRUTHS + ["cosine", "hamming", "manhattan", "euclidean", "canberra", "braycurtis"])
    n, f = rng.choice([10, 30, 64, 120, 250]), rng.choice([3, 5, 8])
    X, T = (whole(g, k, f, 2 if metric in TRUTHS else rng.choice([2, 4])) for k in (n, 30))
    if metric in TRUTHS and rng.random() < 0.5:
        X, T = X.astype(bool), T.astype(bool)
    elif rng.random() < 0.5:
        X, T = X.astype(int), T.astype(int)
    y = g.integers(0, 3, n)
    cls = rng.choice([KNeighborsClassifier, KNeighborsRegressor])
    m = cls(n_neighbors=rng.choice([1, 2, 3, 4, 5, 9]), metric=metric, algorithm="brute", weights=rng.choice(["uniform", "distance"]))
    m.fit(X, y)
    m.predict(T)
    return "neighbours-brute-%s" % metric, m, T


for seed in range(int(sys.argv[2]), int(sys.argv[2]) + int(sys.argv[3])):
    rng, g = random.Random(seed), np.random.default_rng(seed)
    try:
        name, model, T = rng.choice([imputer, neighbours])(rng, g)
        expected = outputs(model, T)
    except Exception as e:
        print("skipped", seed, type(e).__name__, str(e)[:100])
        continue
    folder = os.path.join(sys.argv[1], "%s-%d-%s" % (name, seed, ENVIRONMENT))
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "model.pkl"), "wb") as file:
        pickle.dump(model, file)
    rows = [[plain(v) for v in row] for row in T.tolist()]
    dump(folder, "case.json", {"name": os.path.basename(folder), "family": name.split("-")[0], "environment": ENVIRONMENT, "model_file": "model.pkl", "expect": "import",
                               "made_by": "corpus/makers/ties.py", "tolerance": {"rtol": 1e-9, "atol": 1e-9}})
    dump(folder, "inputs.json", {"format": "rows", "rows": rows})
    dump(folder, "expected.json", {"n": len(rows), "required": list(expected), "outputs": expected})
