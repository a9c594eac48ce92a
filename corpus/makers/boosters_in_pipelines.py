"""XGBoost and LightGBM inside scikit-learn's pipelines and meta-estimators, with what they predict, as corpus cases.

    python boosters_in_pipelines.py OUT
"""
import random, sys
import lightgbm as lgb, numpy as np, pandas as pd, xgboost as xgb
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.ensemble import BaggingRegressor, StackingClassifier, VotingClassifier, VotingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler
import boosters

XC, XR, LC, LR = xgb.XGBClassifier, xgb.XGBRegressor, lgb.LGBMClassifier, lgb.LGBMRegressor
X5 = dict(n_estimators=6, max_depth=3)
L5 = dict(n_estimators=6, num_leaves=5, verbose=-1, min_data_in_leaf=5)


def columns(sparse=0.3):
    return ColumnTransformer([("num", make_pipeline(SimpleImputer(), StandardScaler()), ["num_0", "num_1", "num_2"]), ("cat", OneHotEncoder(handle_unknown="ignore"), ["town"])], sparse_threshold=sparse)


CASES = {
    "xgb-pipeline": ("binary", "frame", lambda: make_pipeline(columns(0), XC(**X5))), "xgb-pipeline-sparse": ("multi", "frame", lambda: make_pipeline(columns(1.0), XC(**X5))),
    "lgb-pipeline": ("text", "frame", lambda: make_pipeline(columns(), LC(**L5))), "lgb-ordinal": ("real", "frame", lambda: make_pipeline(ColumnTransformer([("town", OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), ["town"])], remainder="passthrough"), LR(**L5))),
    "xgb-search": ("binary", "matrix", lambda: GridSearchCV(XC(**X5), {"max_depth": [2, 3]}, cv=2)), "lgb-search": ("multi", "matrix", lambda: GridSearchCV(LC(**L5), {"num_leaves": [3, 6]}, cv=2)),
    "xgb-voting": ("binary", "matrix", lambda: VotingClassifier([("x", XC(**X5)), ("l", LC(**L5))], voting="soft")), "xgb-voting-hard": ("multi", "matrix", lambda: VotingClassifier([("x", XC(**X5)), ("l", LC(**L5)), ("m", XC(n_estimators=2))])),
    "xgb-stacking": ("multi", "matrix", lambda: StackingClassifier([("x", XC(**X5)), ("l", LC(**L5))], LogisticRegression(), cv=2)), "xgb-calibrated": ("binary", "matrix", lambda: CalibratedClassifierCV(XC(**X5), cv=2)),
    "lgb-calibrated": ("binary", "matrix", lambda: CalibratedClassifierCV(LC(**L5), cv=2, method="isotonic")), "xgb-one-vs-rest": ("multi", "matrix", lambda: OneVsRestClassifier(XC(**X5))), "lgb-targets": ("several", "matrix", lambda: MultiOutputRegressor(LR(**L5))),
    "xgb-log-target": ("positive", "matrix", lambda: TransformedTargetRegressor(XR(**X5), func=np.log1p, inverse_func=np.expm1)), "xgb-voting-regressor": ("real", "matrix", lambda: VotingRegressor([("x", XR(**X5)), ("r", make_pipeline(SimpleImputer(), Ridge()))])),
    "xgb-bagging": ("real", "matrix", lambda: BaggingRegressor(XR(**X5), n_estimators=3, max_features=0.8, random_state=0)),
}

if __name__ == "__main__":
    for name, (task, shape, make) in CASES.items():
        rng = random.Random(name)
        X, z, g = boosters.data(rng, frame=shape == "frame", holes=0.1)
        y = boosters.target("multi" if task == "text" else task, z, g)
        if task == "text":
            y = np.array(["non", "oui", "déjà"])[y]
        if shape == "frame":
            X["town"] = g.choice(["Paris", "Köln", "Oslo"], len(X))
        library = name[:3]
        try:
            model = make().fit(X[:300], y[:300])
            seen = boosters.spoil(X[280:330], g, False)
            if shape == "frame":
                seen.iloc[3, seen.columns.get_loc("town")] = "Rome"
            # Steps before and behind the booster compute in double what it gets and gives in float32.
            boosters.write(sys.argv[1], f"{library}-in-{name[4:]}-{boosters.ENVIRONMENT[library]}", library, model, "joblib", seen, tolerance={"rtol": 1e-6, "atol": 1e-7})
        except Exception as e:
            print("skipped", name, type(e).__name__, str(e)[:200])
