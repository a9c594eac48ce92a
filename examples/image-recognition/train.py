"""Trains a small network that reads handwritten digits, 8 x 8 dots of 0 to 16, from scikit-learn's own data.

    pip install scikit-learn pandas joblib
    python train.py
"""
import joblib
import numpy as np
import pandas as pd
from scipy.ndimage import shift
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler

images, digits = load_digits(return_X_y=True)
train, test, train_digits, test_digits = train_test_split(images, digits, test_size=0.25, random_state=0, stratify=digits)
# People do not draw in the middle: each image also half a dot to each side.
moved = [np.stack([shift(i.reshape(8, 8), by, order=1).ravel() for i in train]) for by in [(0, 0), (0, 0.5), (0, -0.5), (0.5, 0), (-0.5, 0)]]
model = Pipeline([("scale", MinMaxScaler()), ("network", MLPClassifier((48,), alpha=0.01, max_iter=60, random_state=0))])
model.fit(np.concatenate(moved), np.tile(train_digits, len(moved)))
print(f"{model.score(test, test_digits):.1%} of {len(test)} digits of the test are read rightly")
joblib.dump(model, "digits.joblib", compress=3)

check = pd.DataFrame(test[:300], columns=[f"x{i}" for i in range(64)])
check["label"] = model.predict(test[:300])
for name, column in zip(model.classes_, model.predict_proba(test[:300]).T):
    check[f"probability_{name}"] = column
check.to_csv("check.csv", index=False)
