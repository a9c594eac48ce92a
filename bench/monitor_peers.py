"""Which columns another tool calls drifted, window by window: monitor_peers.py NAME FOLDER ROWS_OF_WINDOW.

FOLDER holds reference.csv and current.csv. Prints one line of JSON: {"version", "alarms": [[column, ...], ...]}; for Evidently
also its verdict on the whole data set. Each with its defaults.
"""
import json
import os
import sys
import warnings

import pandas as pd

warnings.filterwarnings("ignore")
# NannyML tells its makers of every use otherwise.
os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
name, folder, rows = sys.argv[1], sys.argv[2], int(sys.argv[3])
reference = pd.read_csv(f"{folder}/reference.csv")
current = pd.read_csv(f"{folder}/current.csv")
windows = [current.iloc[i : i + rows] for i in range(0, len(current), rows)]
columns = list(reference.columns)
out = {}

if name == "evidently":
    import evidently
    from evidently.legacy.calculations.stattests import get_stattest
    from evidently.legacy.core import ColumnType

    # The tests that DataDriftPreset asks of each column by default, without the report around them, whose pictures take nine
    # tenths of the time. It calls the data set drifted where half of the columns are.
    out = {"version": evidently.__version__, "alarms": [], "dataset": []}
    kinds = {c: ColumnType.Numerical if pd.api.types.is_numeric_dtype(reference[c]) else ColumnType.Categorical for c in columns}
    before = {c: reference[c].dropna() for c in columns}
    for window in windows:
        drifted = []
        for i, c in enumerate(columns):
            now = window[c].dropna()
            if get_stattest(before[c], now, kinds[c], None)(before[c], now, kinds[c], None).drifted:
                drifted.append(i)
        out["alarms"].append(drifted)
        out["dataset"].append(len(drifted) >= 0.5 * len(columns))
elif name == "nannyml":
    import nannyml

    calculator = nannyml.UnivariateDriftCalculator(column_names=columns, chunk_size=rows)
    calculator.fit(reference)
    frame = calculator.calculate(current).filter(period="analysis").to_df()
    alarms = [[] for _ in windows]
    for column in {c[0] for c in frame.columns if c[0] in columns}:
        part = frame[column]
        for method in {m[0] for m in part.columns}:
            for i, alert in enumerate(part[method]["alert"]):
                if bool(alert) and i < len(alarms):
                    alarms[i].append(columns.index(column))
    out = {"version": nannyml.__version__, "alarms": [sorted(set(a)) for a in alarms]}
elif name == "whylogs":
    import whylogs
    from whylogs.viz.drift.column_drift_algorithms import calculate_drift_scores

    target = whylogs.log(reference).view()
    out = {"version": whylogs.__version__, "alarms": []}
    for window in windows:
        scores = calculate_drift_scores(target_view=whylogs.log(window).view(), reference_view=target, with_thresholds=True)
        out["alarms"].append([columns.index(c) for c, s in scores.items() if s is not None and str(s.get("drift_category", "")).endswith("DRIFT") and "NO" not in str(s["drift_category"]) and "POSSIBLE" not in str(s["drift_category"])])
print(json.dumps(out))
