"""The model of bench/monitor-overhead.ts: 20 numbers and 4 texts, boosting. monitor_model.py FOLDER writes model.pkl and rows.json."""
import json
import pickle
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

folder = Path(sys.argv[1])
rng = np.random.default_rng(0)
ROWS = 4000
numbers = {f"n{i}": np.round(rng.normal(10, 3, ROWS), 3) for i in range(20)}
texts = {f"t{i}": rng.choice([f"value {k}" for k in range(4 + 3 * i)], ROWS) for i in range(4)}
frame = pd.DataFrame({**numbers, **texts})
y = (frame["n0"] * frame["n1"] + 8 * (frame["t0"] == "value 1") + rng.normal(0, 10, ROWS) > 100).astype(int)
columns = ColumnTransformer([("n", StandardScaler(), list(numbers)), ("t", OneHotEncoder(handle_unknown="ignore"), list(texts))], sparse_threshold=0)
model = make_pipeline(columns, HistGradientBoostingClassifier(max_iter=100, random_state=0)).fit(frame, y)
(folder / "model.pkl").write_bytes(pickle.dumps(model))
(folder / "rows.json").write_text(frame.to_json(orient="records"))
