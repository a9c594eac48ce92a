"""How far another tool finds each column from the reference, window by window: monitor_scores.py NAME FOLDER ROWS_OF_WINDOW.

FOLDER holds reference.csv, current.csv and wanted.json: by window the one column that is asked about, or null for all of them.
Prints one line of JSON: {"version", "scores": [[one a column, null where it was not asked about], ...]}, larger where it is further: a distance over the tool's own threshold (Evidently), deviations of the tool's reference chunks (NannyML, which
alarms above 3), minus the logarithm of the tool's p (whylogs, Evidently where it tests). Each by its default methods.
"""
import json
import math
import os
import sys
import warnings

import pandas as pd

warnings.filterwarnings("ignore")
os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
name, folder, rows = sys.argv[1], sys.argv[2], int(sys.argv[3])
reference = pd.read_csv(f"{folder}/reference.csv")
current = pd.read_csv(f"{folder}/current.csv")
windows = [current.iloc[i : i + rows] for i in range(0, len(current), rows)]
columns = list(reference.columns)
with open(f"{folder}/wanted.json") as file:
    asked = [columns if one is None else [columns[one]] for one in json.load(file)]


def surprise(p):
    return 400.0 if p <= 0 else -math.log10(p)


if name == "evidently":
    import evidently
    from evidently.legacy.calculations.stattests import get_stattest
    from evidently.legacy.core import ColumnType

    version, scores = evidently.__version__, []
    kinds = {c: ColumnType.Numerical if pd.api.types.is_numeric_dtype(reference[c]) else ColumnType.Categorical for c in columns}
    for window, wanted in zip(windows, asked):
        found = dict.fromkeys(columns)
        for c in wanted:
            before, now = reference[c].dropna(), window[c].dropna()
            test = get_stattest(before, now, kinds[c], None)
            result = test(before, now, kinds[c], None)
            found[c] = surprise(result.drift_score) if "p_value" in test.name or test.name in ("ks", "chisquare", "z") else result.drift_score / result.actual_threshold
        scores.append(list(found.values()))
elif name == "nannyml":
    import nannyml

    calculator = nannyml.UnivariateDriftCalculator(column_names=columns, chunk_size=rows)
    calculator.fit(reference)
    frame = calculator.calculate(current).to_df()
    period = frame[("chunk", "chunk", "period")]
    version, scores = nannyml.__version__, [[None] * len(columns) for _ in windows]
    for column in {c[0] for c in frame.columns if c[0] in columns}:
        for method in {m[0] for m in frame[column].columns}:
            values = frame[column][method]["value"]
            usual = values[period == "reference"]
            for i, value in enumerate(values[period == "analysis"]):
                if i < len(windows):
                    at = columns.index(column)
                    score = float((value - usual.mean()) / usual.std(ddof=0))
                    scores[i][at] = score if scores[i][at] is None else max(scores[i][at], score)
elif name == "whylogs":
    import whylogs
    from whylogs.viz.drift.column_drift_algorithms import calculate_drift_scores

    target = whylogs.log(reference).view()
    version, scores = whylogs.__version__, []
    for window, wanted in zip(windows, asked):
        found = calculate_drift_scores(target_view=whylogs.log(window[wanted]).view(), reference_view=target, with_thresholds=True)
        scores.append([None if c not in wanted else surprise(found[c]["pvalue"]) if found.get(c) is not None else 0.0 for c in columns])
print(json.dumps({"version": version, "scores": scores}))
