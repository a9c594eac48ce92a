"""Trains the two models of the chatbot: what a question is about, and which document of documents/ is nearest to it.

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
from sklearn.neighbors import NearestNeighbors
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

# Retrieval: the paragraphs of the documents as vectors of their letters; the nearest by cosine is the passage to show.
NEAREST = 8
passages = []
for path in sorted(Path("documents").glob("*.md")):
    title, *paragraphs = [p.strip() for p in re.split(r"\n\s*\n", path.read_text())]
    for paragraph in paragraphs:
        passages.append({"document": path.name, "title": title.lstrip("# "), "text": " ".join(paragraph.split())})
texts = [f"{p['title']}. {p['text']}" for p in passages]
letters = TfidfVectorizer(sublinear_tf=True, analyzer="char_wb", ngram_range=(3, 5)).fit(texts)
vectors = letters.transform(texts).toarray()
search = Pipeline([("letters", letters), ("nearest", NearestNeighbors(n_neighbors=NEAREST, metric="cosine", algorithm="brute").fit(vectors))])
joblib.dump(search, "search.joblib", compress=3)
distances, places = search[-1].kneighbors(letters.transform(examples["text"]).toarray())
near = np.flatnonzero(distances[:, -1] < 1)  # where fewer passages share letters with the question, the others are all equally far
found = pd.DataFrame({"text": examples["text"].iloc[near]})
for k in range(NEAREST):
    found[f"neighbors_{k}"], found[f"distances_{k}"] = places[near, k], distances[near, k]
found.to_csv("check-search.csv", index=False, quoting=csv.QUOTE_NONNUMERIC)
pd.DataFrame(passages).to_json("passages.json", orient="records", indent=1)
