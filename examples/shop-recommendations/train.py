"""Trains the shop's recommender from what visitors looked at: matrix factorisation, and the nearest items to where a visitor stands.

    pip install scikit-learn pandas joblib
    python train.py                   # writes recommend.joblib and check.csv from visits.csv
    SLIPWAY_DATA=clicks.csv SLIPWAY_OUTPUT=new.joblib python train.py     # as `slipway up` runs it: with the clicks that came since
"""
import json
import os
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import Pipeline

HERE = Path(__file__).parent
NEAREST = 20
items = [item["id"] for item in json.loads((HERE / "items.json").read_text())]

# A visit is a text: the items that somebody looked at, one word each.
visits = pd.read_csv(HERE / "visits.csv")["items"]
clicks = os.environ.get("SLIPWAY_DATA")
if clicks and Path(clicks).exists():
    new = pd.read_csv(clicks)["items"]
    visits = pd.concat([visits, *[new] * 5])  # what people want now counts more
    print(f"{len(new)} new visits")

words = CountVectorizer(vocabulary=items, token_pattern=r"\S+", binary=True)
seen = words.fit_transform(visits)
factors = TruncatedSVD(n_components=14, random_state=0)
factors.fit(seen)
# Where each item stands: the visit that has only this one.
places = factors.transform(np.eye(len(items)))
model = Pipeline([("items", words), ("factors", factors), ("nearest", NearestNeighbors(n_neighbors=NEAREST, metric="cosine", algorithm="brute").fit(places))])
joblib.dump(model, os.environ.get("SLIPWAY_OUTPUT", HERE / "recommend.joblib"), compress=3)

if "SLIPWAY_OUTPUT" not in os.environ:
    # As visitors ask: before they have looked at the last item. The drift is measured from these rows.
    sample = visits[visits.str.contains(" ")].str.rsplit(" ", n=1).str[0].sample(800, random_state=2)
    distances, nearest = model[-1].kneighbors(model[:-1].transform(sample))
    check = pd.DataFrame({"text": sample})
    for k in range(NEAREST):
        check[f"neighbors_{k}"], check[f"distances_{k}"] = nearest[:, k], distances[:, k]
    check.to_csv(HERE / "check.csv", index=False)

# How often an item that was left out of a visit is among the ten that are shown.
rng = np.random.default_rng(3)
hits = tried = 0
for visit in visits.sample(500, random_state=4):
    looked = visit.split()
    if len(looked) < 3:
        continue
    out = looked.pop(rng.integers(len(looked)))
    _, near = model[-1].kneighbors(model[:-1].transform([" ".join(looked)]))
    shown = [items[i] for i in near[0] if items[i] not in looked][:10]
    hits, tried = hits + (out in shown), tried + 1
print(f"of {tried} items that were left out, {hits / tried:.0%} are among the ten shown; by chance {10 / len(items):.0%}")
