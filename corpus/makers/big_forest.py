"""A forest of 500 trees and about 100 MB, as notebooks save them, with rows and its probabilities.

    python big_forest.py FOLDER
"""
import json, os, pickle, sys
import numpy as np
from sklearn.ensemble import RandomForestClassifier

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
rng = np.random.default_rng(0)
X = rng.normal(size=(9200, 20))
y = (X[:, 0] + X[:, 1] * X[:, 2] + rng.normal(0, 1.2, len(X)) > 0).astype(int)
model = RandomForestClassifier(500, random_state=0, n_jobs=2).fit(X, y)
path = os.path.join(folder, "forest.pkl")
with open(path, "wb") as f:
    pickle.dump(model, f, protocol=4)
rows = rng.normal(size=(50, 20))
with open(os.path.join(folder, "rows.json"), "w") as f:
    json.dump({"rows": rows.tolist()}, f)
with open(os.path.join(folder, "expected.json"), "w") as f:
    json.dump(model.predict_proba(rows).tolist(), f)
print(f"{os.path.getsize(path) / 1e6:.0f} MB, {sum(e.tree_.node_count for e in model.estimators_)} nodes")
