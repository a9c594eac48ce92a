"""Options that few files have: pooling functions, Matern of any order, metrics of neighbours, coefficients of pairs, radii.

    python rare_options.py OUT_FOLDER
"""
import os, pickle, sys, warnings
import numpy as np
from sklearn.cluster import FeatureAgglomeration
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import AdaBoostClassifier
from sklearn.feature_selection import SelectFromModel
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Matern, PairwiseKernel, WhiteKernel
from sklearn.linear_model import LinearRegression
from sklearn.manifold import Isomap
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, RadiusNeighborsRegressor
from sklearn.preprocessing import QuantileTransformer
from sklearn.svm import SVC
from preprocess import ENVIRONMENT, NAN, dump, outputs, plain

warnings.filterwarnings("ignore")
OUT = sys.argv[1]


def rows(X):
    return {"format": "rows", "rows": [[plain(v) for v in r] for r in X]}


def save(name, model, X, expected=None, bad=(), why=""):
    folder = os.path.join(OUT, "%s-%s" % (name, ENVIRONMENT))
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "model.pkl"), "wb") as f:
        pickle.dump(model, f)
    expected = expected or outputs(model, X)
    dump(folder, "case.json", {"name": os.path.basename(folder), "family": name.split("-")[0], "environment": ENVIRONMENT, "model_file": "model.pkl", "expect": "import",
                               "made_by": "corpus/makers/rare_options.py", "tolerance": {"rtol": 1e-9, "atol": 1e-9}})
    dump(folder, "inputs.json", rows(X))
    dump(folder, "expected.json", {"n": len(X), "required": list(expected), "outputs": expected})
    if len(bad):
        dump(folder, "bad_inputs.json", dict(rows(bad), errors=[why] * len(bad)))


if ENVIRONMENT == "sk11":
    # Until 1.1 NMF had one alpha.
    from sklearn.decomposition import NMF
    g = np.random.default_rng(0)
    X, T = np.abs(g.normal(0, 1, (40, 6))), np.abs(g.normal(0, 1, (15, 6)))
    for name, options in [("both", {}), ("side", dict(regularization="transformation", l1_ratio=0.3, solver="mu")), ("components", dict(regularization="components"))]:
        save("nmf-old-alpha-" + name, NMF(3, alpha=0.4, random_state=0, init="nndsvda", tol=1e-9, max_iter=3000, **options).fit(X), T)
    sys.exit()

g = np.random.default_rng(0)
X, T = g.normal(0, 1, (60, 7)), g.normal(0, 1, (20, 7))
y = X[:, 0] * 2 + np.sin(X[:, 1]) + g.normal(0, 0.1, 60)
k = np.digitize(X[:, 0] + X[:, 1], [-0.5, 0.5])

for f in (np.max, np.min, np.median, np.sum, np.ptp, np.std):
    m = FeatureAgglomeration(3, pooling_func=f).fit(X)
    save("agglomeration-%s" % f.__name__, m, T)

for nu in (0.7, 1.0, 3.3, 12.0):
    m = GaussianProcessRegressor(Matern(length_scale=2.0, nu=nu) + WhiteKernel(0.1), optimizer=None).fit(X, y)
    save("gp-matern-%s" % str(nu).replace(".", "-"), m, np.vstack([T, X[:3]]))
save("gp-matern-classes", GaussianProcessClassifier(Matern(nu=0.9), optimizer=None).fit(X, k), T)
for metric in ("linear", "poly", "sigmoid", "cosine", "laplacian"):
    # The probabilities take the variance too.
    save("gp-pairwise-%s" % metric, GaussianProcessClassifier(PairwiseKernel(metric=metric, gamma=0.1) + WhiteKernel(2.0), optimizer=None).fit(X, y > 0), T)

m = TransformedTargetRegressor(LinearRegression(), transformer=QuantileTransformer(n_quantiles=30, output_distribution="normal")).fit(X, y)
save("target-quantile-normal", m, np.vstack([T, T * 4, T * 20]))

save("select-from-pairs", SelectFromModel(SVC(kernel="linear")).fit(X, np.where(k == 2, 3, k) + (X[:, 2] > 0) * 5), T)
save("select-from-ada", SelectFromModel(AdaBoostClassifier(n_estimators=7, random_state=0)).fit(X, k), T)

m = Isomap(n_neighbors=None, radius=4.5, n_components=2).fit(X)
save("isomap-radius", m, T[[i for i in range(20) if np.sqrt(((X - T[i]) ** 2).sum(1)).min() < 4]], None, [np.full(7, 50.0)], "no neighbour")

V = np.cov(X.T)
for name, m in [
    ("mahalanobis", KNeighborsClassifier(metric="mahalanobis", metric_params={"VI": np.linalg.inv(V)})), ("mahalanobis-tree", KNeighborsRegressor(algorithm="ball_tree", metric="mahalanobis", metric_params={"V": V}, weights="distance")),
    ("correlation", KNeighborsClassifier(metric="correlation")),
]:
    save("neighbors-" + name, m.fit(X, k), T)
earth, places = (np.column_stack([g.uniform(-1.5, 1.5, n), g.uniform(-3.1, 3.1, n)]) for n in (80, 25))
save("neighbors-haversine", KNeighborsRegressor(metric="haversine", algorithm="ball_tree", weights="distance").fit(earth, np.arange(80.0)), np.vstack([places, earth[:3]]))
save("neighbors-haversine-brute", KNeighborsRegressor(metric="haversine", algorithm="brute", weights="distance").fit(earth, np.arange(80.0)), places)
save("neighbors-haversine-radius", RadiusNeighborsRegressor(radius=0.5, metric="haversine", algorithm="ball_tree").fit(earth, np.arange(80.0)), places)
H, U = X.copy(), T.copy()
H[g.random(H.shape) < 0.15] = NAN
U[g.random(U.shape) < 0.2] = NAN
save("neighbors-nan-euclidean", KNeighborsClassifier(3, metric="nan_euclidean").fit(H, k), U)
save("neighbors-nan-euclidean-distance", KNeighborsRegressor(4, metric="nan_euclidean", weights="distance").fit(H, y), U)

try:
    from lightgbm import LGBMClassifier, LGBMRegressor
    from xgboost import XGBClassifier, XGBRegressor
except ImportError:
    sys.exit()
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

W, V = g.normal(0, 1, (150, 23)), g.normal(0, 1, (20, 23))
b = np.digitize(W[:, 0] + W[:, 3] - W[:, 7] + 0.3 * W[:, 11], [-0.5, 0.5])
few = dict(n_estimators=8, max_depth=3, n_jobs=1)
for name, m in [
    ("xgb", SelectFromModel(XGBClassifier(**few))), ("xgb-weight", SelectFromModel(XGBRegressor(importance_type="weight", **few), threshold="median")), ("xgb-cover", SelectFromModel(XGBRegressor(importance_type="cover", **few), threshold="1.25*mean")),
    ("xgb-total", SelectFromModel(XGBRegressor(importance_type="total_gain", **few), threshold=0.05)), ("xgb-most", SelectFromModel(XGBClassifier(**few), threshold=-np.inf, max_features=4)),
    ("lgbm", SelectFromModel(LGBMClassifier(verbose=-1, **few))), ("lgbm-gain", SelectFromModel(LGBMRegressor(verbose=-1, importance_type="gain", **few), threshold="0.7*mean")), ("lgbm-pipeline", make_pipeline(SelectFromModel(LGBMClassifier(verbose=-1, **few), threshold="median"), LogisticRegression())),
]:
    save("select-from-" + name, m.fit(W, b), V)
