"""For a test: trains a classifier with scikit-learn on the rows that came since the version in use, and writes it with a
check file beside it, as docs/rollout.md asks of such a program."""

import json
import os

import joblib
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

with open(os.environ["SLIPWAY_EVIDENCE"], encoding="utf8") as file:
    told = json.load(file)
print(f"trained because of {told['cause']}: {told['evidence']['name']} is {told['evidence']['value']}", flush=True)

rows = pd.read_csv(os.path.join(os.environ["SLIPWAY_DATA"], f"after-{os.environ['SLIPWAY_VERSION']}.csv"))
columns = ["age", "plan", "member"]
model = make_pipeline(
    ColumnTransformer([("plan", OneHotEncoder(handle_unknown="ignore"), ["plan"])], remainder="passthrough"),
    DecisionTreeClassifier(max_depth=10, random_state=0),
).fit(rows[columns], rows["label"])
joblib.dump(model, os.environ["SLIPWAY_OUTPUT"])

known = rows[columns].head(200)
known.assign(label=model.predict(known)).to_csv(os.environ["SLIPWAY_CHECK"], index=False)
