"""Trains what watches the pumps: a detector of readings unlike all that was seen, and a classifier of the failures that are known.

    pip install scikit-learn pandas joblib
    python train.py
"""
import joblib
import numpy as np
import pandas as pd
from sklearn.decomposition import PCA
from sklearn.ensemble import ExtraTreesClassifier, IsolationForest
from sklearn.metrics import balanced_accuracy_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

rng = np.random.default_rng(5)
COLUMNS = ["temperature", "vibration", "pressure", "current", "speed"]


def healthy(n):
    """Half an hour of a pump that is well: everything follows how hard it works."""
    load = rng.uniform(0.4, 1.0, n)
    return pd.DataFrame({
        "temperature": 38 + 22 * load + rng.normal(0, 1.5, n),
        "vibration": 1.2 + 1.4 * load + rng.normal(0, 0.15, n),
        "pressure": 2.0 + 4.0 * load + rng.normal(0, 0.12, n),
        "current": 6 + 12 * load + rng.normal(0, 0.4, n),
        "speed": 1450 + 60 * (1 - load) + rng.normal(0, 6, n),
    }).round(3)


def failing(kind, n):
    """A pump in its last day, from the first sign on."""
    data, far = healthy(n), rng.uniform(0.3, 1, n)
    if kind == "bearing":
        data["vibration"] += 4.5 * far
        data["temperature"] += 9 * far
    elif kind == "blocked filter":
        data["pressure"] -= 1.9 * far
        data["current"] -= 2.5 * far
        data["speed"] += 45 * far
    elif kind == "winding":
        data["current"] += 8 * far
        data["temperature"] += 26 * far
    return data.round(3)


# The detector knows pumps that are well, and nothing of failures. Whitened: what does not fit together is far from all.
well = healthy(6000)
detector = Pipeline([("scale", StandardScaler()), ("whiten", PCA(whiten=True)), ("forest", IsolationForest(n_estimators=60, max_samples=256, contamination=0.005, random_state=0))])
detector.fit(well[COLUMNS])
joblib.dump(detector, "anomaly.joblib", compress=3)
check = well.sample(2000, random_state=1).copy()
check["label"] = detector.predict(check[COLUMNS])
check["score"] = detector.decision_function(check[COLUMNS])
check.to_csv("check-anomaly.csv", index=False)

kinds = {"none": 3000, "bearing": 500, "blocked filter": 500, "winding": 500}
data = pd.concat([healthy(n) if kind == "none" else failing(kind, n) for kind, n in kinds.items()], ignore_index=True)
failure = np.repeat(list(kinds), list(kinds.values()))
order = rng.permutation(len(data))
train, test = order[:3600], order[3600:]
classifier = ExtraTreesClassifier(n_estimators=30, min_samples_leaf=8, class_weight="balanced", random_state=0)
classifier.fit(data.loc[train, COLUMNS], failure[train])
print(f"failures: balanced accuracy {balanced_accuracy_score(failure[test], classifier.predict(data.loc[test, COLUMNS])):.3f}")
joblib.dump(classifier, "failure.joblib", compress=3)
# The pumps are nearly always well: the baseline is what the service will see, with a few failures.
usual = data.loc[train][(failure[train] == "none") | (rng.random(len(train)) < 0.02)]
check = usual[COLUMNS].copy()
check["label"] = classifier.predict(usual[COLUMNS])
for name, column in zip(classifier.classes_, classifier.predict_proba(usual[COLUMNS]).T):
    check[f"probability_{name}"] = column
check.to_csv("check-failure.csv", index=False)

for kind in ["none", *list(kinds)[1:]]:
    rows = healthy(400) if kind == "none" else failing(kind, 400)
    print(f"{kind}: {np.mean(detector.predict(rows[COLUMNS]) == -1):.0%} of readings are called strange")
