"""Random pipelines exported by sklearn2pmml (which needs Java) with what JPMML-Evaluator predicts, as corpus cases: a search
for what nobody thought of.

    python random_pmml.py OUT_FOLDER FIRST_SEED COUNT          (pip install sklearn2pmml jpmml_evaluator)
"""
import os, random, sys
import numpy as np, pandas as pd
from sklearn.cluster import KMeans, MiniBatchKMeans
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import *
from sklearn.feature_selection import SelectKBest, VarianceThreshold
from sklearn.impute import MissingIndicator, SimpleImputer
from sklearn.linear_model import *
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import BernoulliNB, GaussianNB
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, NearestCentroid
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import *
from sklearn.svm import SVC, SVR, LinearSVC, LinearSVR, NuSVC, OneClassSVM
from sklearn.tree import *
from sklearn2pmml import sklearn2pmml
from sklearn2pmml.decoration import CategoricalDomain, ContinuousDomain
from sklearn2pmml.pipeline import PMMLPipeline
from sklearn2pmml.preprocessing import ExpressionTransformer

sys.argv, ARGUMENTS = [sys.argv[0], sys.argv[1]], sys.argv
from pmml_models import OUT, amount, frame, keep, three, two  # noqa: E402


def numbers(r):
    first = r.choice([None, SimpleImputer(strategy=r.choice(["mean", "median", "most_frequent"])), SimpleImputer(strategy="constant", fill_value=-1), ContinuousDomain(missing_value_treatment="as_mean", outlier_treatment=r.choice(["as_missing_values", "as_extreme_values"]), low_value=20, high_value=60000),
                      ContinuousDomain(missing_value_replacement=3.0, invalid_value_treatment=r.choice(["as_is", "as_missing"])), ContinuousDomain(with_data=False)])
    rest = [StandardScaler(), StandardScaler(with_std=False), MinMaxScaler(), MaxAbsScaler(), RobustScaler(), Binarizer(threshold=35), KBinsDiscretizer(3, encode=r.choice(["onehot-dense", "ordinal"]), strategy=r.choice(["uniform", "quantile"]), subsample=None),
            PolynomialFeatures(2, include_bias=r.random() < 0.5, interaction_only=r.random() < 0.3), FunctionTransformer(np.log1p), FunctionTransformer(np.sqrt), PCA(2), PowerTransformer(), Normalizer(), QuantileTransformer(n_quantiles=10), SplineTransformer(3), None]
    steps = [s for s in [first, *r.sample(rest, r.choice([1, 1, 2]))] if s is not None]
    return make_pipeline(*steps) if steps else "passthrough"


def texts(r):
    kind = r.random()
    first = [CategoricalDomain(missing_value_treatment="as_mode", invalid_value_treatment=r.choice(["as_is", "as_missing"]))] if kind < 0.3 else [SimpleImputer(strategy=r.choice(["most_frequent", "constant"]), fill_value="none")] if kind < 0.6 else []
    return make_pipeline(*first, r.choice([OneHotEncoder(handle_unknown="ignore"), OneHotEncoder(drop="first"), OrdinalEncoder(), OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), TargetEncoder(), OneHotEncoder(min_frequency=30, handle_unknown="infrequent_if_exist")]))


def classifier(r):
    s = r.randrange(99)
    return r.choice([LogisticRegression(max_iter=300), LogisticRegression(penalty="l1", solver="liblinear"), RidgeClassifier(), SGDClassifier(loss=r.choice(["log_loss", "hinge", "modified_huber"]), random_state=s), LinearSVC(random_state=s), SVC(kernel=r.choice(["rbf", "linear", "poly", "sigmoid"])), NuSVC(nu=0.2),
                     DecisionTreeClassifier(max_depth=5, random_state=s), ExtraTreesClassifier(7, max_depth=4, random_state=s), RandomForestClassifier(7, max_depth=4, random_state=s), BaggingClassifier(n_estimators=4, random_state=s), AdaBoostClassifier(n_estimators=4, algorithm="SAMME", random_state=s), GradientBoostingClassifier(n_estimators=5, random_state=s),
                     HistGradientBoostingClassifier(max_iter=6, random_state=s), GaussianNB(), BernoulliNB(), LinearDiscriminantAnalysis(), QuadraticDiscriminantAnalysis(), MLPClassifier((6,), max_iter=80, activation=r.choice(["relu", "tanh", "logistic", "identity"]), random_state=s), KNeighborsClassifier(r.choice([1, 4, 7]), metric=r.choice(["minkowski", "manhattan", "chebyshev"])), NearestCentroid(),
                     OneVsRestClassifier(LogisticRegression(max_iter=300)), DummyClassifier(strategy=r.choice(["prior", "most_frequent"])), Perceptron(random_state=s), PassiveAggressiveClassifier(random_state=s), VotingClassifier([("a", LogisticRegression(max_iter=300)), ("b", DecisionTreeClassifier(max_depth=3, random_state=s))], voting=r.choice(["soft", "hard"])),
                     StackingClassifier([("a", LogisticRegression(max_iter=300)), ("b", DecisionTreeClassifier(max_depth=3, random_state=s))], cv=2, passthrough=r.random() < 0.5), RidgeClassifierCV(), LogisticRegressionCV(cv=2, max_iter=300)])


def regressor(r):
    s = r.randrange(99)
    base = r.choice([LinearRegression(), Ridge(), Lasso(), ElasticNet(), BayesianRidge(), HuberRegressor(), TheilSenRegressor(random_state=s), GammaRegressor(), PoissonRegressor(), TweedieRegressor(power=1.5), QuantileRegressor(solver="highs"), SGDRegressor(random_state=s), LinearSVR(random_state=s), SVR(kernel=r.choice(["rbf", "linear"])),
                     DecisionTreeRegressor(max_depth=5, random_state=s), RandomForestRegressor(7, max_depth=4, random_state=s), ExtraTreesRegressor(7, max_depth=4, random_state=s), GradientBoostingRegressor(n_estimators=5, random_state=s), HistGradientBoostingRegressor(max_iter=6, random_state=s), AdaBoostRegressor(n_estimators=4, random_state=s), BaggingRegressor(n_estimators=4, random_state=s),
                     MLPRegressor((6,), max_iter=80, random_state=s), KNeighborsRegressor(r.choice([1, 3, 6]), weights=r.choice(["uniform", "distance"])), DummyRegressor(strategy="median"), VotingRegressor([("a", Ridge()), ("b", DecisionTreeRegressor(max_depth=3, random_state=s))]), StackingRegressor([("a", Ridge()), ("b", DecisionTreeRegressor(max_depth=3, random_state=s))], cv=2), RANSACRegressor(random_state=s)])
    return TransformedTargetRegressor(base, func=np.log1p, inverse_func=np.expm1) if r.random() < 0.1 else base


def one(seed):
    r = random.Random(seed)
    task = r.choice(["two", "three", "value", "value", "cluster", "outlier"] if r.random() < 0.3 else ["two", "three", "value"])
    X = frame.copy()
    if r.random() < 0.5:
        X.loc[np.random.default_rng(seed).random(len(X)) < 0.1, "age"] = np.nan
    positive = np.abs(amount) + 1
    y = {"two": two, "three": three, "value": positive}.get(task)
    model = classifier(r) if task in ("two", "three") else regressor(r) if task == "value" else r.choice([KMeans(3, n_init=2, random_state=0), MiniBatchKMeans(3, n_init=2, random_state=0)]) if task == "cluster" else r.choice([IsolationForest(n_estimators=6, random_state=0), OneClassSVM(nu=0.2)])
    parts = [("n", numbers(r), ["age", "income"])] + ([("c", texts(r), ["job"])] if r.random() < 0.7 else [])
    if r.random() < 0.15:
        parts.append(("e", ExpressionTransformer(r.choice(["X[0] / (X[1] + 1)", "X['age'] if X['age'] > 40 else 0", "numpy.log(X[1] + 1)", "X[0] > 30 and X[1] < 30000", "math.floor(X[0])", "X[0] % 7"])), ["age", "income"]))
    pipe = PMMLPipeline([("prepare", ColumnTransformer(parts, sparse_threshold=0)), *([("select", r.choice([SelectKBest(k=2), VarianceThreshold()]))] if r.random() < 0.15 and y is not None else []), ("model", model)])
    try:
        pipe.fit(X, None if y is None else pd.Series(y, name="y"))
    except Exception as error:
        return "not fitted: " + str(error)[:60]
    name = f"random-{seed}"
    folder = os.path.join(OUT, f"pmml-{name}")
    os.makedirs(folder, exist_ok=True)
    try:
        sklearn2pmml(pipe, os.path.join(folder, "model.pmml"))
    except Exception as error:
        return "not exported: " + type(model).__name__
    records = X.head(14).astype(object).where(X.head(14).notna(), None).to_dict("records")
    for record in records:
        record["age"] = None if record["age"] is None else float(record["age"])
        record["income"] = float(record["income"])
    records += [{"age": 300.0, "income": 1.5, "job": "cook"}, {"age": 41.0, "income": None, "job": "clerk"}, {"age": 20.0, "income": 9e5, "job": None}, {"age": 33.0, "income": 41000.0, "job": "astronaut"}]
    used = set().union(*[set(columns) for _, _, columns in parts])
    records = [{k: v for k, v in record.items() if k in used} for record in records]
    try:
        keep(name, None, records, "sklearn2pmml")
    except Exception as error:
        return "not evaluated: " + str(error)[:80]
    return "ok"


tally = {}
for seed in range(int(ARGUMENTS[2]), int(ARGUMENTS[2]) + int(ARGUMENTS[3])):
    found = one(seed)
    tally[found] = tally.get(found, 0) + 1
print(tally)
