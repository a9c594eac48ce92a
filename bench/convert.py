"""The other side of bench/convert.ts: fits the models, saves them, and times skl2onnx from the file to the ONNX bytes.

python bench/convert.py FOLDER ROUNDS     prints {"name": {"first": ms, "median": ms, "best": ms}}
python bench/convert.py --once FILE OUT   one conversion, for a process of its own
"""
import json
import pickle
import statistics
import sys
import time
from pathlib import Path

import numpy as np
from skl2onnx import to_onnx
from skl2onnx.common.data_types import StringTensorType


def convert(path, is_text):
    with open(path, "rb") as file:
        loaded = pickle.load(file)
    if is_text:
        onnx = to_onnx(loaded, initial_types=[("text", StringTensorType([None, 1]))])
    else:
        onnx = to_onnx(loaded, np.zeros((1, loaded.n_features_in_), np.float32))
    return onnx.SerializeToString()


if sys.argv[1] == "--once":
    Path(sys.argv[3]).write_bytes(convert(sys.argv[2], "text" in Path(sys.argv[2]).name))
    sys.exit()

# What fitting alone needs: a single conversion does not wait for it.
from sklearn.datasets import make_classification
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

folder, rounds = Path(sys.argv[1]), int(sys.argv[2])
X, y = make_classification(3000, 20, n_informative=10, n_classes=3, random_state=0)
rng = np.random.default_rng(0)
words = np.array([f"word{i}" for i in range(3000)])
texts = [" ".join(rng.choice(words, 40)) for _ in range(1000)]
MODELS = {
    "logistic pipeline": (make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(X, y), X),
    "text pipeline": (make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, y[:1000]), None),
    "forest of 100 trees": (RandomForestClassifier(100, random_state=0).fit(X, y), X),
    "gradient boosting": (GradientBoostingClassifier(random_state=0).fit(X, y), X),
    "SVC": (SVC(random_state=0).fit(X, y), X),
}

times = {}
for name, (model, data) in MODELS.items():
    path = folder / f"{name}.pkl"
    path.write_bytes(pickle.dumps(model))
    taken = []
    for _ in range(rounds):
        started = time.process_time()
        convert(path, data is None)
        taken.append((time.process_time() - started) * 1000)
    times[name] = {"first": taken[0], "median": statistics.median(taken), "best": min(taken)}
print(json.dumps(times))
