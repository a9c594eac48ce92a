"""Trains the sales model and saves what a data scientist would save: the pipeline and a few checked rows; and what a warehouse would: what was sold, and
which promotions are planned.

    pip install scikit-learn pandas joblib
    python train.py
"""
import joblib
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

rng = np.random.default_rng(11)
STORES = {"Berlin": 1.4, "Hamburg": 1.1, "Leipzig": 0.8, "Munich": 1.3, "Cologne": 1.0}
PRODUCTS = {"bread": (5200, 0.05, 0), "coffee": (3100, 0.12, 1), "ice cream": (1800, 0.75, 7), "soup": (1500, 0.55, 1), "wine": (2400, 0.35, 12)}
MONTHS = pd.period_range("2020-01", "2026-10", freq="M")

# A series for each store and product: level, growth, a season with its peak, promotions, noise.
series = []
for store, size in STORES.items():
    for product, (level, season, peak) in PRODUCTS.items():
        growth = rng.normal(0.004, 0.003)
        promotion = rng.random(len(MONTHS)) < 0.18
        at = np.arange(len(MONTHS))
        yearly = 1 + season * np.cos(2 * np.pi * (MONTHS.month.to_numpy() - peak) / 12) if peak else np.ones(len(MONTHS))
        units = level * size * (1 + growth) ** at * yearly * (1 + 0.22 * promotion) * rng.lognormal(0, 0.05, len(MONTHS))
        series.append(pd.DataFrame({"store": store, "product": product, "month_start": MONTHS.to_timestamp(), "promotion": promotion, "units": units.round()}))
sales = pd.concat(series, ignore_index=True)

# What is known before a month begins: what was sold a month, two months and a year before.
by_series = sales.groupby(["store", "product"])["units"]
for lag in (1, 2, 12):
    sales[f"units_{lag}_months_ago"] = by_series.shift(lag)
sales["month"] = sales["month_start"].dt.month
known = sales.dropna().reset_index(drop=True)

columns = ["store", "product", "month", "promotion", "units_1_months_ago", "units_2_months_ago", "units_12_months_ago"]
model = Pipeline([
    ("columns", ColumnTransformer([("names", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["store", "product"])], remainder="passthrough")),
    ("trees", HistGradientBoostingRegressor(max_iter=120, learning_rate=0.08, random_state=0)),
])
before, after = known[known["month_start"] < "2025-11-01"], known[known["month_start"] >= "2025-11-01"]
model.fit(before[columns], before["units"])
error = (model.predict(after[columns]) - after["units"]).abs().sum() / after["units"].sum()
naive = (after["units_12_months_ago"] - after["units"]).abs().sum() / after["units"].sum()
print(f"off by {error:.1%} of what was sold in the last year; the same month of the year before is off by {naive:.1%}")
model.fit(known[columns], known["units"])
joblib.dump(model, "sales.joblib", compress=3)

check = known.sample(600, random_state=1)[columns].copy()
check["value"] = model.predict(check)
check.to_csv("check.csv", index=False)

# What the warehouse writes: what was sold, and which promotions are planned for the year to come.
sales[["store", "product", "month_start", "promotion", "units"]].astype({"units": int}).to_csv("history.csv", index=False)
coming = pd.date_range("2026-11-01", periods=12, freq="MS")
planned = pd.DataFrame([(store, product, month) for store in STORES for product in PRODUCTS for month in coming], columns=["store", "product", "month_start"])
planned["promotion"] = rng.random(len(planned)) < 0.2
planned.to_csv("promotions.csv", index=False)
