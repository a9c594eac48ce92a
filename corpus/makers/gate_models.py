"""Models that the gate must pass and models that it must stop, each with what a data scientist has beside it.

    python gate_models.py OUT

OUT/good-*: model, check.csv (rows with what the model predicted), training.csv (rows it was trained on), labelled.csv
(rows it has not seen, with the truth). OUT/wrong-*: the same, of a model with one fault; case.json says which test has to
stop it, and why.
"""
import json, os, sys, warnings
warnings.filterwarnings("ignore")
import joblib, numpy as np, pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris, load_wine
from sklearn.ensemble import ExtraTreesClassifier, GradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

OUT = sys.argv[1]
NUMBERS = ["tenure_months", "monthly_charges", "support_calls"]


def churn(n, seed, shift=1.0):
    g = np.random.default_rng(seed)
    X = pd.DataFrame({
        "tenure_months": g.integers(1, 73, n), "monthly_charges": np.round(g.gamma(9, 7, n) * shift, 2), "support_calls": g.poisson(1.5, n),
        "contract": g.choice(["month-to-month", "one year", "two years"], n, p=[0.5, 0.3, 0.2]), "internet": g.choice(["dsl", "fiber", "none"], n), "region": g.choice(["north", "south", "east", "west"], n)})
    z = 1.2 - 0.06 * X.tenure_months + 0.022 * (X.monthly_charges / shift - 63) + 0.5 * X.support_calls - 1.1 * (X.contract == "two years") + 0.5 * (X.internet == "fiber") - 0.4
    y = np.where(g.random(n) < 1 / (1 + np.exp(-1.4 * z)), "leaves", "stays")
    X.loc[g.random(n) < 0.03, "monthly_charges"] = np.nan
    return X, pd.Series(y)


def columns(numbers=NUMBERS, scaler=None, texts=("contract", "internet", "region")):
    return ColumnTransformer([("num", scaler or make_pipeline(SimpleImputer(), StandardScaler()), list(numbers)), ("cat", OneHotEncoder(handle_unknown="ignore"), list(texts))])


def write(name, model, train, test, target, check_model=None, save=None, **case):
    folder = os.path.join(OUT, name)
    os.makedirs(folder, exist_ok=True)
    file = "model.joblib"
    if save is None:
        joblib.dump(model, os.path.join(folder, file), compress=3)
    else:
        file = save(folder)
    (X, _), (V, w) = train, test
    of = check_model or model
    seen = V.head(40) if isinstance(V, pd.DataFrame) else V[:40]
    check = (seen if isinstance(seen, pd.DataFrame) else pd.DataFrame({"text": list(seen)})).copy()
    found = of.predict(seen)
    if hasattr(of, "predict_proba"):
        check["label"] = np.asarray(found).ravel()
        for c, p in zip(of.classes_, of.predict_proba(seen).T):
            check[f"probability_{c}"] = p
    else:
        check["value"] = found
    check.to_csv(os.path.join(folder, "check.csv"), index=False)
    frame = X if isinstance(X, pd.DataFrame) else pd.DataFrame({"text": list(X)})
    frame.head(500).to_csv(os.path.join(folder, "training.csv"), index=False)
    rows = (V if isinstance(V, pd.DataFrame) else pd.DataFrame({"text": list(V)})).copy()
    rows[target] = np.asarray(w)
    # The checked rows are of their own.
    rows.iloc[40:440].to_csv(os.path.join(folder, "labelled.csv"), index=False)
    with open(os.path.join(folder, "case.json"), "w") as f:
        json.dump({"model": file, "target": target, **case}, f)
    print(name, sum(os.path.getsize(os.path.join(folder, f)) for f in os.listdir(folder)))


def split(X, y, size, seed=0):
    a, b, c, d = train_test_split(X, y, test_size=size, random_state=seed, stratify=y if len(set(y)) < 10 else None)
    return (a.reset_index(drop=True), c), (b.reset_index(drop=True), d)


def good():
    train, test = churn(2000, 1), churn(440, 2)
    write("good-churn-logistic", make_pipeline(columns(), LogisticRegression()).fit(*train), train, test, "churned")
    import xgboost as xgb
    encoded = lambda y: (y == "leaves").astype(int)
    pipe = make_pipeline(columns(), xgb.XGBClassifier(n_estimators=40, max_depth=3, learning_rate=0.15)).fit(train[0], encoded(train[1]))
    write("good-churn-xgboost", pipe, train, (test[0], encoded(test[1])), "churned")
    g = np.random.default_rng(5)
    homes = pd.DataFrame({"area": np.round(g.gamma(8, 12, 1500), 1), "rooms": g.integers(1, 7, 1500), "age": g.integers(0, 90, 1500), "city": g.choice(["Oslo", "Paris", "Rome"], 1500)})
    price = pd.Series(np.round(2.1 * homes.area + 14 * homes.rooms - 0.6 * homes.age + homes.city.map({"Oslo": 40, "Paris": 90, "Rome": 0}) + g.normal(0, 25, 1500), 1))
    train, test = (homes[:1000], price[:1000]), (homes[1000:1440].reset_index(drop=True), price[1000:1440])
    write("good-price-ridge", make_pipeline(columns(["area", "rooms", "age"], texts=["city"]), Ridge()).fit(*train), train, test, "price")
    days = pd.DataFrame({"weekday": g.integers(0, 7, 2000), "temperature": np.round(g.normal(12, 8, 2000), 1), "holiday": g.random(2000) < 0.05, "shop": g.choice(["a", "b", "c", "d"], 2000)})
    sold = pd.Series(g.poisson(np.exp(3 + 0.02 * days.temperature + 0.3 * (days.weekday > 4) - 0.8 * days.holiday + days["shop"].map(dict(a=0, b=.4, c=-.3, d=.1)))))
    days.loc[g.random(2000) < 0.04, "temperature"] = np.nan
    train, test = (days[:1500], sold[:1500]), (days[1500:1940].reset_index(drop=True), sold[1500:1940])
    pipe = make_pipeline(ColumnTransformer([("shop", OrdinalEncoder(), ["shop"])], remainder="passthrough"), HistGradientBoostingRegressor(max_iter=60, loss="poisson"))
    write("good-demand-boosting", pipe.fit(*train), train, test, "sold")
    for name, load, model, target, size in [
        ("good-iris-forest", load_iris, RandomForestClassifier(20, max_depth=4, random_state=0), "species", 0.5),
        ("good-cancer-boosting", load_breast_cancer, GradientBoostingClassifier(n_estimators=30, max_depth=2, random_state=0), "malignant", 0.6),
        ("good-wine-logistic", load_wine, make_pipeline(StandardScaler(), LogisticRegression()), "cultivar", 0.6)]:
        data = load(as_frame=True)
        train, test = split(data.data, data.target, size)
        write(name, model.fit(*train), train, test, target)
    data = load_diabetes(as_frame=True, scaled=False)
    train, test = split(data.data, data.target, 0.5)
    booster = xgb.XGBRegressor(n_estimators=60, max_depth=2, learning_rate=0.1).fit(*train)
    def native(folder):
        booster.save_model(os.path.join(folder, "model.json"))
        return "model.json"
    write("good-diabetes-xgboost", booster, train, test, "progression", save=native)
    words = {"billing": "invoice charge refund price bill card euro overpaid payment".split(), "technical": "error crash login screen slow update bug restart connection".split(), "delivery": "parcel late address courier tracking lost box warehouse driver".split()}
    common = "please the my with is not again today since help thanks again team order account a and to".split()
    def ticket():
        topic = g.choice(list(words))
        other = g.choice(list(words))
        return topic, " ".join(g.permutation(list(g.choice(words[topic], 3)) + list(g.choice(words[other], 1)) + list(g.choice(common, 6))))
    topics, texts = zip(*[ticket() for _ in range(1500)])
    train, test = (list(texts[:1000]), pd.Series(topics[:1000])), (list(texts[1000:1440]), pd.Series(topics[1000:1440]))
    write("good-tickets-text", make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(*train), train, test, "topic")
    import lightgbm as lgb
    n = 4440
    paid = pd.DataFrame({"amount": np.round(g.lognormal(3.5, 1, n), 2), "hour": g.integers(0, 24, n), "foreign": (g.random(n) < 0.2).astype(int), "tries": g.poisson(0.4, n)})
    z = -4.3 + 0.004 * paid.amount + 1.3 * paid.foreign + 0.9 * paid.tries + 0.8 * (paid.hour < 5)
    fraud = pd.Series((g.random(n) < 1 / (1 + np.exp(-z))).astype(int))
    train, test = (paid[:4000], fraud[:4000]), (paid[4000:].reset_index(drop=True), fraud[4000:])
    write("good-fraud-lightgbm", lgb.LGBMClassifier(n_estimators=30, num_leaves=6, min_child_samples=40, verbose=-1).fit(*train), train, test, "fraud")
    import catboost
    train, test = churn(2000, 11), churn(440, 12)
    train[0]["monthly_charges"] = train[0]["monthly_charges"].fillna(60.0)
    test[0]["monthly_charges"] = test[0]["monthly_charges"].fillna(60.0)
    model = catboost.CatBoostClassifier(iterations=40, depth=3, verbose=0, allow_writing_files=False, cat_features=["contract", "internet", "region"]).fit(*train)
    def cbm(folder):
        model.save_model(os.path.join(folder, "model.cbm"))
        return "model.cbm"
    write("good-churn-catboost", model, train, test, "churned", save=cbm)


def wrong():
    train, test = churn(2000, 1), churn(440, 2)
    make = lambda: make_pipeline(columns(), LogisticRegression())
    right = make().fit(*train)
    g = np.random.default_rng(3)
    shuffled = (train[0], pd.Series(g.permutation(train[1])))
    write("wrong-labels-permuted", make().fit(*shuffled), shuffled, test, "churned", stopped="simpler-model", reason="not better than")
    renamed = lambda X: X.rename(columns={"tenure_months": "monthly_charges", "monthly_charges": "tenure_months"})[X.columns]
    write("wrong-column-swapped", make().fit(renamed(train[0]), train[1]), (renamed(train[0]), train[1]), test, "churned", check_model=None,
          stopped="skew", reason='"tenure_months" and "monthly_charges" are exchanged')
    # The numbers were scaled anew for the new model, and the pipeline was put together with the scaler of last year's prices.
    old = make_pipeline(SimpleImputer(), StandardScaler()).fit(churn(2000, 7, shift=0.35)[0][NUMBERS])
    stale = make().fit(*train)
    stale.steps[0][1].named_transformers_["num"]
    stale.steps[0][1].transformers_ = [(n, old if n == "num" else t, c) for n, t, c in stale.steps[0][1].transformers_]
    write("wrong-stale-scaler", stale, train, test, "churned", stopped="scaling", reason='scaling of "monthly_charges"')
    leak = lambda X, y: X.assign(final_invoice=np.where(y == "leaves", np.round(np.random.default_rng(9).gamma(4, 20, len(X)), 2), 0.0))
    names = NUMBERS + ["final_invoice"]
    leaked = leak(*train), train[1]
    write("wrong-leaked-column", make_pipeline(columns(names), RandomForestClassifier(20, max_depth=5, random_state=0)).fit(*leaked), leaked, (leak(*test), test[1]), "churned", stopped="leakage", reason='"final_invoice" alone tells')
    both = (pd.concat([test[0][40:], train[0][:600]], ignore_index=True), pd.concat([test[1][40:], train[1][:600]], ignore_index=True))
    write("wrong-leaked-rows", make_pipeline(columns(), RandomForestClassifier(20, random_state=0, max_depth=9)).fit(*both), both, test, "churned", stopped="leakage", reason="among those that the model was made with")
    fast = make_pipeline(columns(), ExtraTreesClassifier(5, max_depth=4, random_state=0)).fit(*train)
    slow = make_pipeline(columns(), ExtraTreesClassifier(400, max_depth=4, random_state=0)).fit(*train)
    write("wrong-slower-by-ten", slow, train, test, "churned", baseline="../production/model.joblib", stopped="budgets", reason="slower than")
    os.makedirs(os.path.join(OUT, "production"), exist_ok=True)
    joblib.dump(fast, os.path.join(OUT, "production", "model.joblib"), compress=3)


if __name__ == "__main__":
    good()
    wrong()
