"""Whether another tool alarms at a window's accuracy, and what it estimates of it without labels: monitor_labels.py NAME FOLDER ROWS_OF_WINDOW.

FOLDER holds reference.csv and current.csv: p, predicted, label. Prints one line of JSON: {"version", "alarms": [...], "estimates": [...]},
one a window; each by its defaults.
"""
import json
import os
import sys
import warnings

import pandas as pd

warnings.filterwarnings("ignore")
os.environ["NML_DISABLE_USAGE_LOGGING"] = "1"
name, folder, rows = sys.argv[1], sys.argv[2], int(sys.argv[3])
reference = pd.read_csv(f"{folder}/reference.csv")
current = pd.read_csv(f"{folder}/current.csv")
count = len(current) // rows

if name == "nannyml":
    import nannyml

    how = {"y_pred": "predicted", "y_pred_proba": "p", "y_true": "label", "problem_type": "classification_binary", "metrics": ["accuracy"], "chunk_size": rows}
    version = nannyml.__version__
    realized = nannyml.PerformanceCalculator(**how).fit(reference).calculate(current).filter(period="analysis").to_df()
    estimated = nannyml.CBPE(**how).fit(reference).estimate(current.drop(columns="label")).filter(period="analysis").to_df()
    alarms = [bool(a) for a in realized["accuracy"]["alert"]]
    column = "value" if "value" in estimated["accuracy"].columns else "estimated_accuracy"
    estimates = [float(v) for v in estimated["accuracy"][column]]
elif name == "evidently":
    import evidently
    from evidently import BinaryClassification, DataDefinition, Dataset, Report
    from evidently.metrics import Accuracy

    version = evidently.__version__
    definition = DataDefinition(classification=[BinaryClassification(target="label", prediction_labels="predicted", pos_label=1)])
    dataset = lambda frame: Dataset.from_pandas(frame[["predicted", "label"]], data_definition=definition)
    before = dataset(reference)
    report = Report([Accuracy()], include_tests=True)
    alarms = []
    for i in range(count):
        out = report.run(dataset(current.iloc[i * rows : (i + 1) * rows]), before).dict()
        alarms.append(any(str(t["status"]).upper().endswith("FAIL") for t in out["tests"]))
    estimates = [None] * count
print(json.dumps({"version": version, "alarms": alarms, "estimates": estimates}))
