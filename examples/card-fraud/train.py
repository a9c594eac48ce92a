"""Trains the card fraud model and saves what a data scientist would save: the pipeline, checked rows, and labelled rows it has not seen.

    pip install scikit-learn pandas joblib
    python train.py
"""
import joblib
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

rng = np.random.default_rng(29)
N = 60_000
SHOPS = {"groceries": 0.34, "fuel": 0.14, "restaurant": 0.18, "clothing": 0.12, "electronics": 0.08, "travel": 0.07, "gift cards": 0.04, "games": 0.03}
TYPICAL = {"groceries": 34, "fuel": 58, "restaurant": 41, "clothing": 65, "electronics": 180, "travel": 260, "gift cards": 50, "games": 25}

shop = rng.choice(list(SHOPS), N, p=list(SHOPS.values()))
online = np.isin(shop, ["electronics", "travel", "gift cards", "games", "clothing"]) & (rng.random(N) < 0.55)
entry = np.where(online, "online", np.where(rng.random(N) < 0.6, "contactless", "chip"))
hour = np.clip(rng.normal(15, 4.2, N), 0, 23.99).astype(int)
data = pd.DataFrame({
    "amount": np.round(np.array([TYPICAL[s] for s in shop]) * rng.lognormal(0, 0.6, N), 2),
    "shop": shop,
    "entry": entry,
    "abroad": rng.random(N) < 0.06,
    "hour": hour,
    "km_from_home": np.round(rng.gamma(1.2, 9, N), 1),
    "minutes_since_last": np.round(rng.exponential(900, N), 1),
    "payments_last_hour": rng.poisson(0.35, N),
    "card_age_days": rng.integers(5, 2500, N),
})

# One payment in fifty is a thief's: sold on quickly, far away, at night, one after the other; none of it alone gives it away.
fraud = rng.random(N) < 0.02
thief = np.flatnonzero(fraud)
some = lambda share: thief[rng.random(len(thief)) < share]
for at in some(0.6):
    data.loc[at, "shop"] = rng.choice(["electronics", "gift cards", "games", "travel"])
data.loc[some(0.7), "entry"] = "online"
data.loc[some(0.45), "abroad"] = True
at = some(0.5); data.loc[at, "hour"] = rng.integers(0, 6, len(at))
at = some(0.6); data.loc[at, "amount"] = np.round(data.loc[at, "amount"] * rng.uniform(1.8, 5, len(at)), 2)
at = some(0.65); data.loc[at, "payments_last_hour"] = rng.poisson(3, len(at)) + 1
at = some(0.65); data.loc[at, "minutes_since_last"] = np.round(rng.exponential(12, len(at)), 1)
at = some(0.5); data.loc[at, "km_from_home"] = np.round(rng.gamma(2, 400, len(at)), 1)
# A terminal that does not tell where it stands.
data.loc[rng.random(N) < 0.04, "km_from_home"] = np.nan
fraud = np.where(fraud, "fraud", "genuine")

columns = list(data.columns)
train, rest = np.arange(N) < 54_000, np.arange(N) >= 54_000
model = Pipeline([
    ("columns", ColumnTransformer([("names", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["shop", "entry"])], remainder="passthrough")),
    ("trees", HistGradientBoostingClassifier(max_iter=80, learning_rate=0.1, max_leaf_nodes=15, random_state=0)),
])
model.fit(data[train], fraud[train])
risk = model.predict_proba(data[rest])[:, 0]
print(f"area under the curve {roc_auc_score(fraud[rest] == 'fraud', risk):.3f}, average precision {average_precision_score(fraud[rest] == 'fraud', risk):.3f}")
joblib.dump(model, "fraud.joblib", compress=3)

# What the notebook predicted for rows of the training, as an even sample: the drift baseline comes from them.
check = data[train].sample(3000, random_state=1).copy()
check["label"] = model.predict(check[columns])
check["probability_fraud"] = model.predict_proba(check[columns])[:, 0]
check.to_csv("check.csv", index=False)

# What came afterwards, with what turned out to be true.
later = data[rest].head(4000).copy()
later["outcome"] = fraud[rest][:4000]
later.to_csv("labelled.csv", index=False)
