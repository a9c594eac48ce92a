"""Trains the two models of the chatbot: what a question is about, and how near a paragraph of documents/ is to it.

    pip install scikit-learn pandas joblib
    python train.py
"""
import csv
import re
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import Pipeline

# Intents: what people wrote, and what they wanted by it.
examples = pd.read_csv("questions.csv")
intents = Pipeline([
    ("letters", TfidfVectorizer(sublinear_tf=True, analyzer="char_wb", ngram_range=(2, 4))),  # forgives typing errors
    ("intent", LogisticRegression(C=60, max_iter=1000)),
])
guessed = cross_val_predict(intents, examples["text"], examples["intent"], cv=5)
print(f"{np.mean(guessed == examples['intent']):.1%} of {len(examples)} questions are understood when they are left out of the training")
intents.fit(examples["text"], examples["intent"])
joblib.dump(intents, "intents.joblib", compress=3)
# What people write around it: the check file is also what the drift is measured from.
around = ["{}", "{}?", "hi, {}", "please: {}", "hello, {} please"]
texts = pd.Series([form.format(text) for text in examples["text"] for form in around])
check = pd.DataFrame({"text": texts, "label": intents.predict(texts)})
for name, column in zip(intents.classes_, intents.predict_proba(texts).T):
    check[f"probability_{name}"] = column
check.to_csv("check-intents.csv", index=False, quoting=csv.QUOTE_NONNUMERIC, float_format="%.12g")

# Retrieval: what paragraphs' letters tell of them. `slipway index` compares paragraphs and questions by what this gives.
texts = []
for path in sorted(Path("documents").glob("*.md")):
    title, *paragraphs = [p.strip() for p in re.split(r"\n\s*\n", path.read_text())]
    texts += [f"{title.lstrip('# ')}. {' '.join(paragraph.split())}" for paragraph in paragraphs]
joblib.dump(TfidfVectorizer(sublinear_tf=True, analyzer="char_wb", ngram_range=(3, 5)).fit(texts), "letters.joblib", compress=3)
