"""Trains the example model and saves what a data scientist would save: the pipeline and a few checked rows.

    pip install scikit-learn pandas joblib
    python train.py
"""
import joblib
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

rng = np.random.default_rng(7)
n = 4000
contract = rng.choice(["month-to-month", "one year", "two years"], n, p=[0.55, 0.25, 0.2])
internet = rng.choice(["fibre", "dsl", "none"], n, p=[0.45, 0.35, 0.2])
tenure = np.where(contract == "month-to-month", rng.gamma(2, 8, n), rng.gamma(4, 9, n)).round().clip(0, 72)
monthly = (18 + 35 * (internet != "none") + 22 * (internet == "fibre") + rng.normal(0, 6, n)).round(2).clip(12, None)
calls = rng.poisson(np.where(internet == "fibre", 2.1, 1.2))
senior = rng.random(n) < 0.16
risk = (
    -1.9 + 1.5 * (contract == "month-to-month") - 1.2 * (contract == "two years") - 0.035 * tenure
    + 0.022 * (monthly - 55) + 0.38 * calls + 0.35 * senior
)
churned = np.where(rng.random(n) < 1 / (1 + np.exp(-risk)), "leaves", "stays")

frame = pd.DataFrame({
    "contract": contract, "internet": internet, "tenure_months": tenure, "monthly_charges": monthly,
    "support_calls": calls.astype(float), "senior": senior,
})
frame.loc[rng.random(n) < 0.05, "monthly_charges"] = np.nan
frame.loc[rng.random(n) < 0.04, "support_calls"] = np.nan

numbers = ["tenure_months", "monthly_charges", "support_calls"]
model = Pipeline([
    ("columns", ColumnTransformer([
        ("numbers", Pipeline([("fill", SimpleImputer(strategy="median")), ("scale", StandardScaler())]), numbers),
        ("text", OneHotEncoder(handle_unknown="ignore"), ["contract", "internet"]),
        ("flag", "passthrough", ["senior"]),
    ])),
    ("classifier", GradientBoostingClassifier(random_state=0)),
])
train, test, y_train, y_test = train_test_split(frame, churned, test_size=0.25, random_state=0)
model.fit(train, y_train)
print("accuracy on unseen rows:", round(model.score(test, y_test), 3))

joblib.dump(model, "churn.joblib", compress=3)

check = test.head(60).copy()
check["label"] = model.predict(test.head(60))
for name, column in zip(model.classes_, model.predict_proba(test.head(60)).T):
    check[f"probability_{name}"] = column
check.to_csv("check.csv", index=False)
