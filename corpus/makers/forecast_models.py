"""Forecasting models of every kind of time, with what a plain loop of pandas and scikit-learn forecasts.

    python corpus/makers/forecast_models.py /tmp/forecasts

For each case a folder: model.joblib, lags.json (what `slipway pack --lags` takes), history.csv, known.csv where columns are known
beforehand, expected.csv: a row for each series and step, with its forecast; rows.csv: the history's rows, each with what the
model predicts of the row's lags, empty where they are not there. The loop computes lags and windows of the whole series
at every step, as pandas computes them of a column.
"""
import json
import os
import sys
import warnings
from pathlib import Path

# One row at a time: threads only wait for each other.
os.environ["OMP_NUM_THREADS"] = "1"

import joblib
import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

warnings.filterwarnings("ignore")
PARTS = {"week": lambda t: t.isocalendar().week, "day_name": lambda t: t.day_name(), "month_name": lambda t: t.month_name()}


def window(series, spec):
    rolled = series.shift(spec.get("shift", 1)).rolling(spec["window"], min_periods=spec.get("minPeriods"))
    stat = spec["stat"]
    return getattr(rolled, stat)(ddof=spec.get("ddof", 1)) if stat in ("std", "var") else getattr(rolled, stat)()


def part(name, t):
    value = PARTS[name](t) if name in PARTS else getattr(t, name)
    return value.item() if hasattr(value, "item") else value


def regular(series, lags):
    """Every period of the frequency, from the first row to the last that has a value."""
    series = series.sort_index()
    series = series.loc[: series.last_valid_index()]
    gaps = lags.get("gaps", "missing")
    every = pd.date_range(series.index[0], series.index[-1], freq=lags["frequency"])
    filled = series.reindex(every)
    created = ~every.isin(series.index)
    if gaps == "zero":
        filled[created] = 0.0
    if gaps == "last":
        # As asfreq(method="ffill"): of the row before, which may have no value itself.
        filled = series.reindex(every, method="ffill")
    return filled


def features(series, t, keys, known, still, lags, columns):
    """`series` has all periods before `t`."""
    longer = pd.concat([series, pd.Series([np.nan], index=pd.DatetimeIndex([t]))])
    row = {}
    for name, periods in lags.get("lags", {}).items():
        row[name] = longer.shift(periods).iloc[-1]
    for name, spec in lags.get("rolling", {}).items():
        row[name] = window(longer, spec).iloc[-1]
    for name, what in lags.get("calendar", {}).items():
        row[name] = part(what, t)
    row.update(keys)
    row.update(still)
    row.update(known)
    return pd.DataFrame([row])[columns]


def table(history, lags):
    """A row for each period, with the model's columns."""
    rows = []
    for keys, group in groups(history, lags):
        group = group.set_index(lags["time"])
        series = regular(group[lags["target"]], lags)
        frame = pd.DataFrame({"y": series})
        for name, periods in lags.get("lags", {}).items():
            frame[name] = series.shift(periods)
        for name, spec in lags.get("rolling", {}).items():
            frame[name] = window(series, spec)
        for name, what in lags.get("calendar", {}).items():
            frame[name] = [part(what, t) for t in series.index]
        for name in [*lags.get("static", []), *lags.get("future", [])]:
            frame[name] = group[name].reindex(series.index)
        for name, value in keys.items():
            frame[name] = value
        frame["period"] = range(len(frame))
        frame["row"] = frame.index.isin(group.index)
        rows.append(frame)
    return pd.concat(rows)


def training(history, lags, columns):
    frame = table(history, lags)
    frame = frame[frame["y"].notna()]
    return frame[columns], frame["y"]


def one_ahead(history, lags, columns, model):
    frame = table(history, lags).rename_axis("at").reset_index()
    frame = frame[frame["row"]]
    x = frame[columns]
    complete = x.notna().all(axis=1)
    try:
        predicted = pd.Series(model.predict(x), index=x.index)
    except ValueError:
        predicted = pd.Series(np.nan, index=x.index)
        predicted[complete] = model.predict(x[complete])
    reach = max([*lags.get("lags", {}).values(), *(spec.get("shift", 1) + spec["window"] - 1 for spec in lags.get("rolling", {}).values())])
    if lags.get("short") != "missing":
        predicted[frame["period"] < reach] = np.nan
    return frame.assign(forecast=predicted)[[*lags.get("series", []), "at", "y", "forecast"]]


def groups(history, lags):
    keys = lags.get("series", [])
    if not keys:
        return [({}, history)]
    return [(dict(zip(keys, key)), group) for key, group in history.groupby(keys)]


def case(root, name, history, lags, model, columns, horizon, known=None):
    folder = root / name
    folder.mkdir(parents=True)
    train = history.dropna(subset=[lags["time"]])
    x, y = training(train, lags, columns)
    complete = x.notna().all(axis=1) if not hasattr(model, "max_iter") else slice(None)
    model.fit(x[complete], y[complete])
    expected = []
    for keys, group in groups(train, lags):
        group = group.sort_values(lags["time"]).set_index(lags["time"])
        series = regular(group[lags["target"]], lags)
        last = group.loc[series.index[-1]]
        for step in range(1, horizon + 1):
            t = pd.date_range(series.index[-1], periods=2, freq=lags["frequency"])[1]
            told = {}
            if known is not None:
                rows = known[known[lags["time"]] == t]
                for key, value in keys.items():
                    if key in rows:
                        rows = rows[rows[key] == value]
                told = {c: rows.iloc[0][c] for c in lags["future"]}
            still = {c: last[c] for c in lags.get("static", [])}
            value = float(model.predict(features(series, t, keys, told, still, lags, columns))[0])
            expected.append({**keys, "time": t.isoformat(), "step": step, "forecast": repr(value)})
            series = pd.concat([series, pd.Series([value], index=pd.DatetimeIndex([t]))])
    joblib.dump(model, folder / "model.joblib")
    (folder / "lags.json").write_text(json.dumps(lags))
    order = np.random.default_rng(5).permutation(len(history))
    history.iloc[order].to_csv(folder / "history.csv", index=False)
    if known is not None:
        known.to_csv(folder / "known.csv", index=False)
    pd.DataFrame(expected).to_csv(folder / "expected.csv", index=False)
    one_ahead(train, lags, columns, model).to_csv(folder / "rows.csv", index=False)
    (folder / "horizon.txt").write_text(str(horizon))


def values(rng, index, level):
    season = 10 * np.sin(np.arange(len(index)) * 2 * np.pi / 12)
    return np.round(level + season + rng.normal(0, 3, len(index)), 2)


def histories(rng, index, names=("a", "b", "c"), holes=0.0, missing=0.0):
    """A history for each name: some rows left out (never the first and the last), some without a value."""
    frames = []
    for i, name in enumerate(names):
        # Series end at different times.
        own = index[: len(index) - 2 * i]
        frame = pd.DataFrame({"store": name, "at": own, "y": values(rng, own, 50 + 20 * i)})
        inner = np.arange(1, len(own) - 1)
        frame.loc[rng.choice(inner, int(missing * len(own)), replace=False), "y"] = np.nan
        frame = frame.drop(index=rng.choice(inner, int(holes * len(own)), replace=False))
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def trees(seed=0, **options):
    return HistGradientBoostingRegressor(max_iter=40, random_state=seed, **options)


def encoded(model, numbers):
    return Pipeline([("columns", ColumnTransformer([("store", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["store"]), ("numbers", StandardScaler(), numbers)])), ("model", model)])


def main(root):
    rng = np.random.default_rng(1)
    base = {"target": "y", "time": "at", "series": ["store"]}
    rolling = {stat: {"stat": stat, "window": 6} for stat in ("mean", "sum", "min", "max", "std", "var", "median")}

    # Hours without a zone: gaps, missing values, windows of every kind.
    index = pd.date_range("2026-01-05 03:00", periods=400, freq="h")
    lags = {**base, "frequency": "h", "lags": {"lag_1": 1, "lag_24": 24}, "rolling": {**rolling, "some": {"stat": "mean", "window": 12, "shift": 3, "minPeriods": 4}, "spread": {"stat": "std", "window": 8, "ddof": 0}}, "calendar": {"hour": "hour", "weekday": "dayofweek"}}
    columns = [*lags["lags"], *lags["rolling"], *lags["calendar"]]
    case(root, "hours", histories(rng, index, holes=0.05, missing=0.05), lags, trees(), columns, 30)

    # Hours of a zone, over both changes of its clocks.
    for name, start in (("hours-spring", "2026-03-20"), ("hours-autumn", "2026-10-16")):
        index = pd.date_range(start, periods=9 * 24 - 10, freq="h", tz="Europe/Berlin")
        lags = {**base, "frequency": "hour", "timezone": "Europe/Berlin", "lags": {"lag_1": 1, "lag_24": 24}, "calendar": {"hour": "hour", "day": "day"}}
        case(root, name, histories(rng, index), {**lags, "frequency": "h"}, trees(), [*lags["lags"], *lags["calendar"]], 30)

    # Days of a zone: its clock's days, of 23 and 25 hours too.
    index = pd.date_range("2026-02-01", periods=52, freq="D", tz="Europe/Berlin")
    lags = {**base, "frequency": "D", "timezone": "Europe/Berlin", "lags": {"lag_1": 1, "lag_7": 7}, "calendar": {"dayofweek": "dayofweek", "dayofyear": "dayofyear", "hour": "hour"}}
    case(root, "days-of-a-zone", histories(rng, index), lags, trees(), [*lags["lags"], *lags["calendar"]], 14)

    # Quarters of an hour in UTC.
    index = pd.date_range("2026-06-01", periods=300, freq="15min", tz="UTC")
    lags = {**base, "frequency": "15min", "timezone": "UTC", "lags": {"lag_1": 1, "lag_4": 4}, "calendar": {"hour": "hour", "minute": "minute"}}
    case(root, "quarter-hours", histories(rng, index), lags, trees(), [*lags["lags"], *lags["calendar"]], 8)

    # Days where no row means nothing sold; the calendar's flags; something known for each store, something for all.
    index = pd.date_range("2026-01-01", periods=150, freq="D")
    history = histories(rng, index, holes=0.2)
    history["size"] = history["store"].map({"a": 10.5, "b": 20.0, "c": 31.25})
    history["price"] = np.round(rng.uniform(1, 2, len(history)), 2)
    ahead = pd.date_range("2026-05-20", periods=40, freq="D")
    known = pd.concat([pd.DataFrame({"store": s, "at": ahead, "price": np.round(rng.uniform(1, 2, len(ahead)), 2)}) for s in "abc"])
    flags = ["is_month_start", "is_month_end", "is_quarter_start", "is_quarter_end", "is_year_start", "is_year_end", "is_leap_year"]
    lags = {**base, "frequency": "D", "gaps": "zero", "lags": {"lag_1": 1, "lag_7": 7, "lag_28": 28}, "rolling": {"week_mean": {"stat": "mean", "window": 7}, "week_std": {"stat": "std", "window": 7}},
            "calendar": {**{f: f for f in flags}, "week": "week", "quarter": "quarter", "days_in_month": "days_in_month", "year": "year"}, "future": ["price"], "static": ["size"]}
    case(root, "days", history, lags, RandomForestRegressor(30, random_state=0), [*lags["lags"], *lags["rolling"], *lags["calendar"], "price", "size"], 21, known)

    # What is known is of all series.
    history = histories(rng, index)
    history["holiday"] = rng.random(len(history)) < 0.1
    holidays = pd.DataFrame({"at": ahead, "holiday": rng.random(len(ahead)) < 0.3})
    lags = {**base, "frequency": "D", "lags": {"lag_1": 1, "lag_7": 7}, "future": ["holiday"]}
    case(root, "holidays", history, lags, trees(), ["holiday", "lag_1", "lag_7"], 10, holidays)

    # Days of business, whose week has five.
    index = pd.bdate_range("2026-01-01", periods=120)
    lags = {**base, "frequency": "B", "lags": {"lag_1": 1, "lag_5": 5}, "calendar": {"dayofweek": "dayofweek", "day_name": "day_name"}}
    numbers = ["lag_1", "lag_5", "dayofweek"]
    business = Pipeline([("columns", ColumnTransformer([("names", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["store", "day_name"]), ("numbers", StandardScaler(), numbers)])), ("model", Ridge())])
    case(root, "business-days", histories(rng, index), lags, business, ["store", "day_name", *numbers], 12)

    # Weeks that end on a Sunday; a gap has the value before.
    index = pd.date_range("2024-01-07", periods=110, freq="W-SUN")
    lags = {**base, "frequency": "W-SUN", "gaps": "last", "lags": {"lag_1": 1, "lag_4": 4, "lag_52": 52}, "rolling": {"low": {"stat": "min", "window": 4}, "high": {"stat": "max", "window": 4}}, "calendar": {"week": "week", "month_name": "month_name"}}
    weekly = Pipeline([("columns", ColumnTransformer([("names", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["month_name"])], remainder="passthrough")), ("model", trees())])
    case(root, "weeks", histories(rng, index, holes=0.05, missing=0.03), lags, weekly, [*lags["lags"], *lags["rolling"], "week", "month_name"], 9)

    # Month ends, through a February.
    index = pd.date_range("2020-01-31", periods=70, freq="ME")
    lags = {**base, "frequency": "ME", "lags": {"lag_1": 1, "lag_2": 2, "lag_12": 12}, "rolling": {"mean_3": {"stat": "mean", "window": 3}, "year": {"stat": "sum", "window": 12}}, "calendar": {"month": "month", "day": "day"}}
    numbers = [*lags["lags"], *lags["rolling"], "month", "day"]
    case(root, "month-ends", histories(rng, index), lags, encoded(Ridge(), numbers), ["store", *numbers], 15)

    # Quarters and years.
    index = pd.date_range("2005-03-31", periods=80, freq="QE")
    lags = {**base, "frequency": "QE", "lags": {"lag_1": 1, "lag_4": 4}, "calendar": {"quarter": "quarter"}}
    case(root, "quarters", histories(rng, index), lags, trees(), ["lag_1", "lag_4", "quarter"], 6)
    index = pd.date_range("1960-01-01", periods=60, freq="YS")
    lags = {**base, "frequency": "YS", "lags": {"lag_1": 1, "lag_2": 2}, "calendar": {"year": "year", "is_leap_year": "is_leap_year"}}
    case(root, "years", histories(rng, index), lags, trees(), ["lag_1", "lag_2", "year", "is_leap_year"], 6)

    # Series that are shorter than the longest lag, of a model that takes missing values; and one series that has no key.
    index = pd.date_range("2025-01-01", periods=20, freq="MS")
    lags = {**base, "frequency": "MS", "short": "missing", "lags": {"lag_1": 1, "lag_18": 18}, "rolling": {"mean_6": {"stat": "mean", "window": 6, "minPeriods": 1}}}
    case(root, "short", histories(rng, index), lags, trees(min_samples_leaf=2), ["lag_1", "lag_18", "mean_6"], 6)
    index = pd.date_range("2020-01-01", periods=70, freq="MS")
    lags = {"target": "y", "time": "at", "frequency": "MS", "lags": {"lag_1": 1, "lag_12": 12}, "calendar": {"month": "month"}}
    case(root, "one-series", histories(rng, index, ("a",)).drop(columns="store"), lags, trees(), ["lag_1", "lag_12", "month"], 24)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
