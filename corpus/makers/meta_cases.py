"""The meta-estimators of trees_and_meta.py, which runs this file in its own namespace."""
from sklearn.experimental import enable_halving_search_cv
from sklearn.impute import SimpleImputer
from sklearn.linear_model import SGDRegressor
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, HalvingRandomSearchCV, RandomizedSearchCV


def mixed_frame(n=150, seed=0):
    r = np.random.RandomState(seed)
    F = pd.DataFrame({"age": np.round(r.uniform(18, 80, n), 1), "plan": r.choice(["basic", "plus", "pro"], n), "usage": np.round(r.exponential(3, n), 3)})
    y = np.where(F["age"] / 40 + F["usage"] / 3 + (F["plan"] == "pro") + r.normal(0, 0.4, n) > 2.4, "leaves", "stays")
    F["plan"] = F["plan"].astype(object)
    F.loc[r.rand(n) < 0.1, "usage"] = np.nan
    return F, y


def prepared(final):
    columns = ColumnTransformer([("num", make_pipeline(SimpleImputer(), StandardScaler()), ["age", "usage"]), ("cat", OneHotEncoder(handle_unknown="ignore"), ["plan"])])
    return Pipeline([("prepare", columns), ("model", final)])


@case
def search_grid_pipeline():
    F, y = mixed_frame()
    return GridSearchCV(prepared(LogisticRegression()), {"model__C": [0.1, 1.0]}, cv=3).fit(F, y), F.head(25)


@case
def search_random():
    X, y = blobs(3)
    return RandomizedSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": [2, 3, 4]}, n_iter=2, random_state=0).fit(X, y), rows(X)


@case
def search_halving():
    X, y = line()
    return HalvingGridSearchCV(Ridge(), {"alpha": [0.1, 1.0, 10.0]}, random_state=0).fit(X, y), rows(X)


@case
def search_halving_random():
    X, y = line()
    return HalvingRandomSearchCV(Ridge(), {"alpha": [0.1, 1.0, 10.0]}, random_state=0).fit(X, y), rows(X)


for method in ("sigmoid", "isotonic", "temperature"):
    for classes, labels in ((2, "str"), (3, "int")):
        for base, maker in {"svc": lambda: LinearSVC(random_state=0), "tree": lambda: DecisionTreeClassifier(max_depth=3, random_state=0), "forest": lambda: RandomForestClassifier(8, max_depth=3, random_state=0)}.items():
            for ensemble in (True, False):
                def f(method=method, classes=classes, labels=labels, maker=maker, ensemble=ensemble):
                    assert method != "temperature" or VERSION >= (1, 8)
                    X, y = blobs(classes, labels)
                    return CalibratedClassifierCV(maker(), method=method, cv=3, ensemble=ensemble).fit(X, y), rows(X)
                CASES[f"calibrated-{method}-{base}-{classes}-{'each' if ensemble else 'one'}"] = f


@case
def calibrated_prefit():
    X, y = blobs(3, "str")
    base = LogisticRegression().fit(X, y)
    if VERSION >= (1, 6):
        from sklearn.frozen import FrozenEstimator
        return CalibratedClassifierCV(FrozenEstimator(base), method="isotonic").fit(X, y), rows(X)
    return CalibratedClassifierCV(base, method="isotonic", cv="prefit").fit(X, y), rows(X)


@case
def calibrated_pipeline():
    F, y = mixed_frame()
    return CalibratedClassifierCV(prepared(LinearSVC(random_state=0)), cv=3).fit(F, y), F.head(25)


@case
def frozen():
    assert VERSION >= (1, 6)
    from sklearn.frozen import FrozenEstimator
    X, y = blobs(3, "str")
    return FrozenEstimator(LogisticRegression().fit(X, y)), rows(X)


def committee():
    return [("lr", LogisticRegression()), ("dt", DecisionTreeClassifier(max_depth=3, random_state=0)), ("rf", RandomForestClassifier(5, max_depth=3, random_state=0))]


for voting in ("soft", "hard"):
    for classes, labels in ((2, "str"), (3, "int")):
        def f(voting=voting, classes=classes, labels=labels):
            X, y = blobs(classes, labels)
            return VotingClassifier(committee(), voting=voting).fit(X, y), rows(X)
        CASES[f"voting-{voting}-{classes}"] = f

        def f(voting=voting, classes=classes, labels=labels):
            X, y = blobs(classes, labels)
            m = VotingClassifier(committee(), voting=voting, weights=[1, 2.5, 0.5])
            return m.set_params(lr="drop").fit(X, y), rows(X)
        CASES[f"voting-{voting}-{classes}-weighted"] = f


@case
def voting_regression():
    X, y = line()
    return VotingRegressor([("a", LinearRegression()), ("b", DecisionTreeRegressor(max_depth=3, random_state=0)), ("c", Ridge())], weights=[1, 2, 3]).fit(X, y), rows(X)


for classes, labels in ((2, "str"), (3, "str"), (3, "int")):
    for passthrough in (False, True):
        def f(classes=classes, labels=labels, passthrough=passthrough):
            X, y = blobs(classes, labels)
            return StackingClassifier(committee() + [("svc", LinearSVC(random_state=0))], LogisticRegression(), cv=3, passthrough=passthrough).fit(X, y), rows(X)
        CASES[f"stacking-{classes}-{labels}-{'passthrough' if passthrough else 'plain'}"] = f


@case
def stacking_predict():
    X, y = blobs(3, "str")
    return StackingClassifier(committee(), DecisionTreeClassifier(max_depth=4, random_state=0), cv=3, stack_method="predict").fit(X, y), rows(X)


@case
def stacking_pipelines():
    F, y = mixed_frame()
    return StackingClassifier([("a", prepared(LogisticRegression())), ("b", prepared(RandomForestClassifier(6, max_depth=3, random_state=0)))], cv=3).fit(F, y), F.head(25)


@case
def stacking_dropped():
    X, y = blobs(2)
    return StackingClassifier(committee(), cv=3).set_params(dt="drop").fit(X, y), rows(X)


@case
def stacking_regression():
    X, y = line()
    return StackingRegressor([("a", Ridge()), ("b", DecisionTreeRegressor(max_depth=3, random_state=0))], RandomForestRegressor(5, max_depth=3, random_state=0), cv=3, passthrough=True).fit(X, y), rows(X)


@case
def stacking_multilabel():
    assert VERSION >= (1, 2)
    X, y = datasets.make_multilabel_classification(120, 5, n_classes=3, random_state=0)
    return StackingClassifier([("rf", RandomForestClassifier(6, max_depth=3, random_state=0)), ("dt", DecisionTreeClassifier(max_depth=3, random_state=0))],
                              RandomForestClassifier(6, max_depth=3, random_state=0), cv=3).fit(X, y), rows(X)


def targets(labels="int"):
    X, y = blobs(3, labels)
    return X, np.column_stack([y, np.where(X[:, 0] > 0, "yes", "no") if labels == "str" else (X[:, 0] > 0).astype(int)])


@case
def multioutput_forest():
    X, Y = targets("str")
    return MultiOutputClassifier(RandomForestClassifier(5, max_depth=3, random_state=0)).fit(X, Y), rows(X)


@case
def multioutput_svc():
    X, Y = targets()
    return MultiOutputClassifier(LinearSVC(random_state=0)).fit(X, Y), rows(X)


@case
def multioutput_regression():
    X, Y = line(targets=3)
    return MultiOutputRegressor(GradientBoostingRegressor(n_estimators=5, max_depth=2, random_state=0)).fit(X, Y), rows(X)


def multilabel():
    X, Y = datasets.make_multilabel_classification(120, 5, n_classes=3, random_state=0)
    return X, Y


@case
def chain_classifier():
    X, Y = multilabel()
    return ClassifierChain(LogisticRegression(), order=[2, 0, 1], random_state=0).fit(X, Y), rows(X)


@case
def chain_trees():
    X, Y = multilabel()
    return ClassifierChain(DecisionTreeClassifier(max_depth=3, random_state=0), order="random", random_state=3).fit(X, Y), rows(X)


@case
def chain_proba():
    assert VERSION >= (1, 5)
    X, Y = multilabel()
    return ClassifierChain(LogisticRegression(), chain_method="predict_proba").fit(X, Y), rows(X)


@case
def chain_decision():
    assert VERSION >= (1, 5)
    X, Y = multilabel()
    return ClassifierChain(LogisticRegression(), chain_method="decision_function").fit(X, Y), rows(X)


@case
def chain_regressor():
    X, Y = line(targets=3)
    return RegressorChain(Ridge(), order=[1, 2, 0]).fit(X, Y), rows(X)


for name, base in {"logistic": lambda: LogisticRegression(), "svc": lambda: LinearSVC(random_state=0), "tree": lambda: DecisionTreeClassifier(max_depth=3, random_state=0), "ridge": lambda: Ridge()}.items():
    for classes, labels in ((2, "str"), (3, "str"), (4, "int")):
        def f(base=base, classes=classes, labels=labels):
            X, y = blobs(classes, labels, features=5)
            return OneVsRestClassifier(base()).fit(X, y), rows(X)
        CASES[f"ovr-{name}-{classes}-{labels}"] = f

        def f(base=base, classes=classes, labels=labels, name=name):
            assert name != "ridge"
            X, y = blobs(classes, labels, features=5)
            return OneVsOneClassifier(base()).fit(X, y), rows(X)
        CASES[f"ovo-{name}-{classes}-{labels}"] = f

        def f(base=base, classes=classes, labels=labels):
            X, y = blobs(classes, labels, features=5)
            return OutputCodeClassifier(base(), code_size=2, random_state=0).fit(X, y), rows(X)
        CASES[f"code-{name}-{classes}-{labels}"] = f


@case
def ovr_multilabel():
    X, Y = multilabel()
    return OneVsRestClassifier(LogisticRegression()).fit(X, Y), rows(X)


@case
def ovr_constant():
    X, Y = multilabel()
    Y[:, 1] = 0
    Y[:, 2] = 1
    return OneVsRestClassifier(LogisticRegression()).fit(X, Y), rows(X)


@case
def target_log():
    X, y = line()
    return TransformedTargetRegressor(Ridge(), func=np.log1p, inverse_func=np.expm1).fit(X, np.abs(y) / 50), rows(X)


@case
def target_sqrt():
    X, y = line()
    return TransformedTargetRegressor(DecisionTreeRegressor(max_depth=3, random_state=0), func=np.sqrt, inverse_func=np.square).fit(X, np.abs(y)), rows(X)


@case
def target_none():
    X, y = line()
    return TransformedTargetRegressor(Ridge()).fit(X, y), rows(X)


for name, t in {"standard": lambda: StandardScaler(), "minmax": lambda: MinMaxScaler(), "maxabs": lambda: MaxAbsScaler(), "robust": lambda: RobustScaler(), "power": lambda: PowerTransformer(),
                "boxcox": lambda: PowerTransformer("box-cox"), "quantile": lambda: QuantileTransformer(n_quantiles=20), "pipe": lambda: make_pipeline(FunctionTransformer(np.log1p, np.expm1), StandardScaler())}.items():
    def f(t=t):
        X, y = line()
        return TransformedTargetRegressor(Ridge(), transformer=t()).fit(X, np.abs(y) + 1), rows(X)
    CASES[f"target-{name}"] = f


@case
def target_multi():
    X, Y = line(targets=2)
    return TransformedTargetRegressor(Ridge(), transformer=StandardScaler()).fit(X, Y), rows(X)


@case
def target_column():
    X, y = line()
    return TransformedTargetRegressor(LinearRegression(), transformer=MinMaxScaler()).fit(X, y.reshape(-1, 1)), rows(X)


@case
def threshold_fixed():
    assert VERSION >= (1, 5)
    from sklearn.model_selection import FixedThresholdClassifier
    X, y = blobs(2, "str")
    return FixedThresholdClassifier(LogisticRegression(), threshold=0.3).fit(X, y), rows(X)


@case
def threshold_fixed_first():
    assert VERSION >= (1, 5)
    from sklearn.model_selection import FixedThresholdClassifier
    X, y = blobs(2, "str")
    return FixedThresholdClassifier(LogisticRegression(), threshold=0.7, pos_label="ant", response_method="decision_function").fit(X, y), rows(X)


@case
def threshold_tuned():
    assert VERSION >= (1, 5)
    from sklearn.model_selection import TunedThresholdClassifierCV
    X, y = blobs(2)
    return TunedThresholdClassifierCV(LogisticRegression(), scoring="f1", cv=3).fit(X, y), rows(X)


@case
def threshold_tuned_default():
    assert VERSION >= (1, 5)
    from sklearn.model_selection import TunedThresholdClassifierCV
    F, y = mixed_frame()
    return TunedThresholdClassifierCV(prepared(LogisticRegression()), cv=3).fit(F, y), F.head(25)


@case
def ovo_bayes():
    X, y = blobs(2, "str", features=5)
    return OneVsOneClassifier(GaussianNB()).fit(X, y), rows(X)


@case
def selftraining():
    X, y = blobs(3)
    y = y.copy()
    y[::3] = -1
    return SelfTrainingClassifier(LogisticRegression()).fit(X, y), rows(X)


@case
def nested_bagging_pipeline():
    X, y = blobs(3, "str")
    return BaggingClassifier(make_pipeline(StandardScaler(), LogisticRegression()), 3, random_state=0).fit(X, y), rows(X)


@case
def nested_voting_search():
    F, y = mixed_frame()
    return VotingClassifier([("a", GridSearchCV(prepared(LogisticRegression()), {"model__C": [0.1, 1.0]}, cv=3)), ("b", prepared(GradientBoostingClassifier(n_estimators=5, random_state=0)))], voting="soft").fit(F, y), F.head(25)


@case
def nested_ovr_pipeline():
    F, y = mixed_frame()
    return prepared(OneVsRestClassifier(LogisticRegression())).fit(F, np.where(F["age"] > 60, "old", y)), F.head(25)
