"""Forecasters of skforecast: what is compiled, with what they forecast of the history they were fitted on, and what is refused.

    pip install skforecast
    python forecasters.py OUT_FOLDER

Beside the usual files of a case: history.csv, known.csv where something is known beforehand, and forecast.json, what `predict` says.
"""
import json
import os
import sys
import warnings

import joblib
import numpy as np
import pandas as pd
import sklearn
import skforecast
from skforecast.preprocessing import RollingFeatures
from skforecast.recursive import ForecasterRecursive
from skforecast.direct import ForecasterDirect
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

warnings.filterwarnings("ignore")
OUT = sys.argv[1]
ENVIRONMENT = "sk" + "".join(sklearn.__version__.split(".")[:2])
STEPS = 8
rng = np.random.default_rng(0)


def dump(folder, name, value):
    with open(os.path.join(folder, name), "w") as f:
        json.dump(value, f)


def series(start, freq, n, name, target):
    index = pd.date_range(start, periods=n, freq=freq, name=name)
    return pd.Series(np.round(100 + 10 * np.sin(np.arange(n) * 2 * np.pi / 12) + rng.normal(0, 2, n), 2), index=index, name=target)


def case(name, forecaster, y, exog=None, refused=None):
    """`exog`: of the history and of the steps behind it."""
    past = None if exog is None else exog.iloc[: len(y)]
    forecaster.fit(y, **({} if past is None else {"exog": past}))
    folder = os.path.join(OUT, f"{name}-{ENVIRONMENT}")
    os.makedirs(folder, exist_ok=True)
    joblib.dump(forecaster, os.path.join(folder, "model.joblib"), compress=3)
    dump(folder, "case.json", {
        "name": os.path.basename(folder), "family": "skforecast", "environment": ENVIRONMENT, "model_file": "model.joblib", "expect": "refuse" if refused else "import", "made_by": "corpus/makers/forecasters.py",
        "producer": {"scikit-learn": sklearn.__version__, "skforecast": skforecast.__version__, "numpy": np.__version__}, "tolerance": {"rtol": 1e-9, "atol": 1e-9}, **({"refusal": {"slipway_code": refused}} if refused else {})})
    if refused:
        return
    X, _ = forecaster.create_train_X_y(y, **({} if past is None else {"exog": past}))
    X = X.iloc[:: max(1, len(X) // 20)]
    predicted = forecaster.estimator.predict(X.to_numpy())
    dump(folder, "inputs.json", {"format": "records", "records": X.to_dict("records")})
    dump(folder, "expected.json", {"n": len(X), "required": ["predict"], "outputs": {"predict": {"kind": "value", "datatype": "FP64", "shape": [len(X)], "data": predicted.tolist()}}})
    y.to_csv(os.path.join(folder, "history.csv"))
    ahead = None if exog is None else exog.iloc[len(y):]
    if ahead is not None:
        ahead.to_csv(os.path.join(folder, "known.csv"))
    said = forecaster.predict(STEPS, **({} if ahead is None else {"exog": ahead}))
    dump(folder, "forecast.json", {"times": [t.isoformat() for t in said.index], "forecast": said.tolist()})


monthly = series("2020-01-01", "MS", 80, "month", "units")
case("skforecast-months", ForecasterRecursive(HistGradientBoostingRegressor(max_iter=20, random_state=0), lags=[1, 2, 12]), monthly)
index = pd.date_range("2026-01-01", periods=90 + STEPS, freq="D", name="day")
exog = pd.DataFrame({"promo": (rng.random(len(index)) < 0.2).astype(float), "price": np.round(rng.uniform(1, 2, len(index)), 2)}, index=index)
case("skforecast-days-known", ForecasterRecursive(make_pipeline(StandardScaler(), Ridge()), lags=7), series("2026-01-01", "D", 90, "day", "sold"), exog)
case("skforecast-weeks", ForecasterRecursive(RandomForestRegressor(5, max_depth=4, random_state=0), lags=4), series("2024-01-01", "W-MON", 60, "week", "y"))
case("skforecast-quarters", ForecasterRecursive(Ridge(), lags=[1, 4]), series("2005-02-28", "QE-FEB", 40, "quarter", "y"))
case("skforecast-windows", ForecasterRecursive(Ridge(), lags=3, window_features=RollingFeatures(stats=["mean"], window_sizes=6)), monthly, refused="unsupported-option")
case("skforecast-differences", ForecasterRecursive(Ridge(), lags=3, differentiation=1), monthly, refused="unsupported-option")
case("skforecast-transformed", ForecasterRecursive(Ridge(), lags=3, transformer_y=StandardScaler()), monthly, refused="unsupported-option")
case("skforecast-direct", ForecasterDirect(Ridge(), lags=3, steps=2), monthly, refused="unsupported-estimator")
