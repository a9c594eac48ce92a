"""Text vectorizers (CountVectorizer, TfidfVectorizer, TfidfTransformer, HashingVectorizer), alone or in a small pipeline,
with what scikit-learn itself gives.

    python text.py OUT [NAME ...]    writes OUT/<name>-<environment>/{case.json,model.pkl,inputs.json,expected.json,bad_inputs.json}

Runs under scikit-learn 1.1 to 1.9. The cases named in EVERYWHERE are made by every version, the others by one of the four.
"""
import json, os, pickle, random, sys, warnings
import numpy as np
import pandas as pd
import sklearn
from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.feature_selection import SelectKBest, chi2
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import FeatureUnion, Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder
warnings.filterwarnings("ignore")

VERSION = tuple(int(p) for p in sklearn.__version__.split(".")[:2])
ENVIRONMENT = "sk%d%d" % VERSION
PLACE = {(1, 1): 0, (1, 3): 1, (1, 5): 2}.get(VERSION, 3)
EVERYWHERE = {"count-default", "tfidf-bigrams-stop-words", "tfidf-sublinear-float32", "tfidf-accents", "tfidf-char-wb"}

WORDS = "refund invoice order parcel payment card late wrong Zürich naïve café e-mail don't a I x 12 404 3.14 snake_case the of not was password".split()
ODD = [
    "", " ", "\t\n", "a", "I a b", "a b c d a b", "!!! ??? ...", "REFUND refund ReFuNd", "naïve café CAFÉ façade ñandú", "e\u0301 decomposed cafe\u0301",
    "日本語のテキスト order 12", "Ελληνικά ΟΔΟΣ ΣΊΣΥΦΟΣ Σ", "İstanbul I i ı", "straße STRASSE", "ﬁnal ½ ² ① ⅷ", "😀😃 password 😄", "हिन्दी किताब refund", "ａｂｃ fullwidth",
    "re-send e-mail wi-fi don't can't it's", "under_score __init__ snake_case_word kebab-case", "http://example.com/a?b=c&d=1 refund", "user@example.com #tag",
    "tab\tseparated\t\tvalues  refund", "line one\nline two\r\nline three", "charged\u00a0twice\u2019s \u201cinvoice\u201d\u2028order", "the of and to in is", "the late order was not the wrong order",
    "<b>html</b> &amp; refund", "0x1F 3.14 1e5 -7", "x" * 300, "invoice " * 40, "ab abc abcd abcde",
]


def corpus(n=120, seed=0):
    r = random.Random(seed)
    return [" ".join(r.choice(WORDS) for _ in range(r.randint(3, 9))) for _ in range(n)] + ODD


def labels(texts):
    return np.array(["money" if ("refund" in t or "invoice" in t) else "other" for t in texts])


FIT = corpus()
CASES = {
    "count-default": CountVectorizer(),
    "count-binary-trigrams": CountVectorizer(ngram_range=(1, 3), binary=True, max_features=80),
    "count-bigrams-only": CountVectorizer(ngram_range=(2, 2), max_features=60, token_pattern=r"(?u)\b\w+\b"),
    "count-stop-list": CountVectorizer(stop_words=["the", "a", "order"], ngram_range=(1, 2), max_features=80),
    "count-case": CountVectorizer(lowercase=False, max_features=80),
    "count-vocabulary": CountVectorizer(vocabulary=["order", "my order", "nothing", "a", "refund", "never seen"]),
    "count-char": CountVectorizer(analyzer="char", ngram_range=(1, 3), max_features=120),
    "count-char-wb-long": CountVectorizer(analyzer="char_wb", ngram_range=(5, 6), max_features=120),
    "count-pattern-letters": CountVectorizer(token_pattern=r"\b[a-zA-Z]{3,}\b", ngram_range=(1, 2), max_features=80),
    "count-pattern-apostrophe": CountVectorizer(token_pattern=r"(?u)\b\w[\w'-]*\b", max_features=80),
    "count-pattern-followed": CountVectorizer(token_pattern=r"[A-Za-z0-9]+(?=\s+)", ngram_range=(1, 2), max_features=80),
    "count-pattern-symbols": CountVectorizer(token_pattern=r"\w+|[^\w\s]", ngram_range=(1, 2), max_features=80),
    "tfidf-bigrams-stop-words": TfidfVectorizer(ngram_range=(1, 2), stop_words="english", max_features=100),
    "tfidf-sublinear-float32": TfidfVectorizer(sublinear_tf=True, dtype=np.float32, norm="l1", max_features=80),
    "tfidf-accents": TfidfVectorizer(strip_accents="unicode", max_features=80),
    "tfidf-accents-ascii": TfidfVectorizer(strip_accents="ascii", lowercase=False, analyzer="char", ngram_range=(2, 2), max_features=80),
    "tfidf-char-wb": TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), max_features=120),
    "tfidf-plain": TfidfVectorizer(norm=None, smooth_idf=False, max_features=80),
    "tfidf-transformer": make_pipeline(CountVectorizer(max_features=80), TfidfTransformer(sublinear_tf=True, norm="l1")),
    "hashing-words": HashingVectorizer(n_features=64, ngram_range=(1, 2), stop_words="english"),
    "hashing-char": HashingVectorizer(n_features=50, analyzer="char", ngram_range=(2, 3), norm="l1", alternate_sign=False),
    "text-union-two-cases": make_pipeline(FeatureUnion([("lower", TfidfVectorizer(max_features=60)), ("as_is", CountVectorizer(lowercase=False, max_features=60))]), LogisticRegression()),
    "text-select": make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), SelectKBest(chi2, k=30), LogisticRegression()),
    "text-columns": Pipeline([("prep", ColumnTransformer([("text", TfidfVectorizer(max_features=60), "text"), ("shop", OneHotEncoder(handle_unknown="ignore"), ["shop"])], remainder="passthrough")), ("clf", LogisticRegression(max_iter=500))]),
    "refuse-tokenizer": CountVectorizer(tokenizer=len, token_pattern=None),
    "refuse-pattern": CountVectorizer(token_pattern=r"(?<!x)\w+"),
}
METHODS = {"predict": "label", "predict_proba": "probability", "decision_function": "score", "transform": "transform"}


def outputs(m, X):
    found = {}
    for method, kind in METHODS.items():
        if hasattr(m, method):
            v = getattr(m, method)(X)
            v = v.toarray() if hasattr(v, "toarray") else np.asarray(v)
            text = v.dtype.kind in "OU"
            found[method] = {"kind": kind, "datatype": "BYTES" if text else "FP64", "shape": list(v.shape), "data": [x if text else float(x) if x else 0 for x in v.ravel()]}
    return found


def dump(folder, name, value):
    with open(os.path.join(folder, name), "w") as f:
        json.dump(value, f, ensure_ascii=False)


def write(out, name, m):
    folder = os.path.join(out, "%s-%s" % (name, ENVIRONMENT))
    os.makedirs(folder, exist_ok=True)
    refuse = name.startswith("refuse-")
    table = name == "text-columns"
    data = pd.DataFrame({"text": FIT, "shop": [["north", "süd", ""][i % 3] for i in range(len(FIT))], "amount": [i % 7 / 4 for i in range(len(FIT))]}) if table else FIT
    if name != "refuse-tokenizer":
        m.fit(data, labels(FIT))
    else:
        m.vocabulary_ = {"a": 0}
    with open(os.path.join(folder, "model.pkl"), "wb") as f:
        pickle.dump(m, f)
    spec = {"name": "%s-%s" % (name, ENVIRONMENT), "family": "text", "environment": ENVIRONMENT, "model_file": "model.pkl", "expect": "refuse" if refuse else "import",
            "made_by": "corpus/makers/text.py", "tolerance": {"rtol": 1e-9, "atol": 1e-9}}
    if refuse:
        spec["refusal"] = {"slipway_code": "unsupported-option"}
        return dump(folder, "case.json", spec)
    X = data.iloc[100:].reset_index(drop=True) if table else FIT[114:]
    key = "records" if table else "texts"
    spec["input"] = {"format": key, "columns": [{"name": c, "type": "float64" if c == "amount" else "string"} for c in (X.columns if table else ["text"])]}
    expected = outputs(m, X)
    dump(folder, "case.json", spec)
    dump(folder, "inputs.json", {"format": key, key: X.to_dict("records") if table else X})
    dump(folder, "expected.json", {"n": len(X), "required": list(expected), "outputs": expected})
    dump(folder, "bad_inputs.json", {"format": key, key: [{"text": None, "shop": "north", "amount": 1.0}] if table else [None]})


if __name__ == "__main__":
    out, wanted = sys.argv[1], sys.argv[2:]
    for i, (name, m) in enumerate(CASES.items()):
        if name in wanted or not wanted and (name in EVERYWHERE or i % 4 == PLACE):
            write(out, name, m)
