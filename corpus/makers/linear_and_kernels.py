"""Small models of the linear, svm, neighbors, naive_bayes, neural_network, cluster, mixture, decomposition and kernel
families, with what scikit-learn itself gives.

    python linear_and_kernels.py OUT [NAME ...]    writes OUT/<name>-<environment>/{case.json,model.pkl,inputs.json,expected.json,bad_inputs.json}

Runs under scikit-learn 1.1 to 1.9. Without names, each case is made by one version (they take turns) and those that read
differently in different versions by all. Rows that scikit-learn refuses alone become bad_inputs.json.
"""
import json, os, pickle, sys, warnings
import numpy as np
import scipy.sparse as sp
import sklearn
from sklearn.base import is_regressor
from sklearn.cluster import *
from sklearn.covariance import EllipticEnvelope
from sklearn.cross_decomposition import *
from sklearn.datasets import load_digits, load_iris
from sklearn.decomposition import *
from sklearn.discriminant_analysis import *
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor, kernels as gp
from sklearn.isotonic import IsotonicRegression
from sklearn.kernel_approximation import *
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import *
from sklearn.manifold import Isomap, LocallyLinearEmbedding
from sklearn.mixture import *
from sklearn.naive_bayes import *
from sklearn.neighbors import *
from sklearn.neural_network import *
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder
from sklearn.random_projection import *
from sklearn.semi_supervised import LabelPropagation, LabelSpreading
from sklearn.svm import *
warnings.filterwarnings("ignore")

VERSION = tuple(int(p) for p in sklearn.__version__.split(".")[:2])
ENVIRONMENT = "sk%d%d" % VERSION
ENVIRONMENTS = ["sk11", "sk13", "sk15", "sk19"]
CASES = {}
EVERY_VERSION = set()

r = np.random.RandomState(0)
iris = load_iris()
order = r.permutation(150)
X, y3 = iris.data[order][:60], iris.target[order][:60]
T = np.vstack([iris.data[order][60:68], np.round(r.uniform(-3, 12, (3, 4)), 2), X[:3]])
y2 = np.where(y3 == 1, "yes", "no")
y3s = np.array(["setosa", "versicolor", "virginica"])[y3]
yb = y3 == 2
yr = np.round(X @ [1.0, -2.0, 0.5, 3.0] + r.normal(size=60), 3)
Yr = np.c_[yr, np.round(X @ [0, 1.0, 2.0, -1.0] + r.normal(size=60), 3)]
yc = np.exp(yr / 8)
labels = np.c_[y3 == 0, X[:, 0] > 5.8, X[:, 1] > 3].astype(int)
outputs2 = np.c_[y3, (X[:, 0] > 5.8) * 2]
counts = r.poisson(2, (60, 6)).astype(float)
counts[y3 == 0, 0] += 3
counts[y3 == 1, 1] += 3
T_counts = r.poisson(2, (15, 6)).astype(float)
categories = r.randint(0, 3, (60, 4))
categories[:3] = [[0] * 4, [1] * 4, [2] * 4]
T_categories = r.randint(0, 3, (15, 4))
column, T_column = X[:, 2:3], np.linspace(0, 8, 21).reshape(-1, 1)
digits = load_digits()
D, yd, T_digits = digits.data[:120], digits.target[:120], digits.data[300:312]


def case(name, model, X=X, y=None, T=T, every=False):
    """`model` is built late: a version may not know it."""
    CASES[name] = (model, X, y, T)
    if every:
        EVERY_VERSION.add(name)


def cases(models, **data):
    for name, model in models.items():
        case(name, model, **data)


cases({
    "linear-regression": lambda: LinearRegression(), "ridge-cv": lambda: RidgeCV(), "lasso": lambda: Lasso(0.1), "elastic-net-cv": lambda: ElasticNetCV(),
    "lars": lambda: Lars(), "lasso-lars-ic": lambda: LassoLarsIC(), "orthogonal-matching-pursuit": lambda: OrthogonalMatchingPursuit(),
    "bayesian-ridge": lambda: BayesianRidge(), "ard": lambda: ARDRegression(), "huber": lambda: HuberRegressor(), "theil-sen": lambda: TheilSenRegressor(random_state=0),
    "ransac": lambda: RANSACRegressor(random_state=0), "quantile": lambda: QuantileRegressor(alpha=0.01, solver="highs"), "sgd-regressor": lambda: SGDRegressor(random_state=0),
    "passive-aggressive-regressor": lambda: PassiveAggressiveRegressor(random_state=0), "linear-svr": lambda: LinearSVR(random_state=0),
    "no-intercept": lambda: LinearRegression(fit_intercept=False), "tweedie-identity": lambda: TweedieRegressor(power=0),
    "svr": lambda: SVR(), "nu-svr": lambda: NuSVR(C=100), "svr-poly": lambda: SVR(kernel="poly", coef0=0.5), "svr-sigmoid": lambda: SVR(kernel="sigmoid", gamma=0.01),
    "k-neighbors-regressor": lambda: KNeighborsRegressor(), "k-neighbors-regressor-distance": lambda: KNeighborsRegressor(weights="distance"),
    "radius-neighbors-regressor": lambda: RadiusNeighborsRegressor(radius=2.0), "mlp-regressor": lambda: MLPRegressor(hidden_layer_sizes=(8,), max_iter=50, random_state=0),
    "kernel-ridge-rbf": lambda: KernelRidge(kernel="rbf", gamma=0.1), "kernel-ridge-laplacian": lambda: KernelRidge(kernel="laplacian"),
    "kernel-ridge-poly": lambda: KernelRidge(kernel="poly"), "kernel-ridge-cosine": lambda: KernelRidge(kernel="cosine"),
    "gaussian-process": lambda: GaussianProcessRegressor(gp.ConstantKernel() * gp.RBF([1, 2, 1, 3.0]) + gp.WhiteKernel(), normalize_y=True, random_state=0),
    "gaussian-process-matern": lambda: GaussianProcessRegressor(gp.Matern(nu=0.5) + gp.Matern(nu=2.5) + gp.RationalQuadratic() * gp.DotProduct(), alpha=1.0, optimizer=None),
    "dummy-regressor": lambda: DummyRegressor(strategy="quantile", quantile=0.3),
}, y=yr)
cases({"poisson": lambda: PoissonRegressor(), "gamma": lambda: GammaRegressor(), "tweedie": lambda: TweedieRegressor(power=1.5), "tweedie-log": lambda: TweedieRegressor(power=0, link="log")}, y=yc)
cases({
    "ridge-two-targets": lambda: Ridge(), "multi-task-lasso": lambda: MultiTaskLasso(0.1), "multi-task-elastic-net-cv": lambda: MultiTaskElasticNetCV(),
    "k-neighbors-regressor-two-targets": lambda: KNeighborsRegressor(weights="distance"), "mlp-regressor-two-targets": lambda: MLPRegressor(hidden_layer_sizes=(8,), max_iter=50, random_state=0, activation="tanh"),
    "kernel-ridge-two-targets": lambda: KernelRidge(), "gaussian-process-two-targets": lambda: GaussianProcessRegressor(alpha=0.1),
    "pls-canonical": lambda: PLSCanonical(2), "cca": lambda: CCA(2), "pls-svd": lambda: PLSSVD(2), "dummy-regressor-two-targets": lambda: DummyRegressor(strategy="median"),
    "radius-neighbors-regressor-two-targets": lambda: RadiusNeighborsRegressor(radius=20.0, weights="distance"),
}, y=Yr)
case("pls", lambda: PLSRegression(2), y=Yr, every=True)
case("pls-one-target", lambda: PLSRegression(2, scale=False), y=yr, every=True)
cases({"ridge-column": lambda: Ridge(), "linear-regression-column": lambda: LinearRegression(), "lasso-column": lambda: Lasso(0.1)}, y=yr.reshape(-1, 1))

classifiers = {
    "logistic": lambda: LogisticRegression(max_iter=500), "logistic-cv": lambda: LogisticRegressionCV(Cs=3, cv=3, max_iter=500),
    "sgd-hinge": lambda: SGDClassifier(random_state=0), "sgd-log": lambda: SGDClassifier(loss="log_loss", random_state=0), "sgd-modified-huber": lambda: SGDClassifier(loss="modified_huber", random_state=0),
    "perceptron": lambda: Perceptron(random_state=0), "passive-aggressive": lambda: PassiveAggressiveClassifier(random_state=0), "ridge-classifier": lambda: RidgeClassifier(),
    "linear-svc": lambda: LinearSVC(random_state=0), "lda": lambda: LinearDiscriminantAnalysis(), "lda-lsqr": lambda: LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"),
    "lda-eigen": lambda: LinearDiscriminantAnalysis(solver="eigen", shrinkage=0.1), "qda": lambda: QuadraticDiscriminantAnalysis(reg_param=0.01),
    "svc": lambda: SVC(), "svc-ovo": lambda: SVC(decision_function_shape="ovo"), "svc-break-ties": lambda: SVC(break_ties=True), "svc-linear": lambda: SVC(kernel="linear", C=100),
    "svc-proba": lambda: SVC(probability=True, random_state=0), "svc-poly": lambda: SVC(kernel="poly", coef0=1.0), "nu-svc": lambda: NuSVC(nu=0.2, probability=True, random_state=0),
    "svc-large-c": lambda: SVC(C=1e7, gamma=0.5),
    "k-neighbors": lambda: KNeighborsClassifier(), "k-neighbors-distance": lambda: KNeighborsClassifier(weights="distance", n_neighbors=7), "k-neighbors-brute": lambda: KNeighborsClassifier(algorithm="brute", n_neighbors=3),
    "k-neighbors-manhattan": lambda: KNeighborsClassifier(metric="manhattan", n_neighbors=4), "k-neighbors-chebyshev": lambda: KNeighborsClassifier(metric="chebyshev", weights="distance"),
    "k-neighbors-minkowski": lambda: KNeighborsClassifier(p=3), "k-neighbors-cosine": lambda: KNeighborsClassifier(metric="cosine", algorithm="brute"), "k-neighbors-braycurtis": lambda: KNeighborsClassifier(metric="braycurtis"),
    "k-neighbors-canberra": lambda: KNeighborsClassifier(metric="canberra"), "radius-neighbors": lambda: RadiusNeighborsClassifier(radius=3.0, outlier_label="most_frequent"),
    "radius-neighbors-distance": lambda: RadiusNeighborsClassifier(radius=3.0, outlier_label="most_frequent", weights="distance"),
    "nearest-centroid-manhattan": lambda: NearestCentroid(metric="manhattan"), "nearest-centroid-shrunken": lambda: NearestCentroid(shrink_threshold=0.2),
    "gaussian-nb": lambda: GaussianNB(), "mlp": lambda: MLPClassifier((8,), max_iter=50, random_state=0), "mlp-tanh": lambda: MLPClassifier((5, 4), activation="tanh", max_iter=50, random_state=0),
    "mlp-logistic": lambda: MLPClassifier((8,), activation="logistic", max_iter=50, random_state=0), "dummy": lambda: DummyClassifier(),
}
for name, model in classifiers.items():
    case(name + "-three", model, y=y3)
    case(name + "-two", model, y=y2)
case("nearest-centroid-three", lambda: NearestCentroid(), y=y3, every=True)
case("nearest-centroid-two", lambda: NearestCentroid(), y=y2, every=True)
for option in ("ovr", "multinomial"):
    for name, y in (("three", y3), ("two", y2)):
        case(f"logistic-{option}-{name}", lambda option=option: LogisticRegression(max_iter=500, multi_class=option), y=y, every=True)
case("logistic-liblinear", lambda: LogisticRegression(solver="liblinear"), y=y3s, every=True)
case("logistic-newton-cholesky", lambda: LogisticRegression(solver="newton-cholesky"), y=y3, every=True)
for name in ("logistic", "svc", "k-neighbors", "gaussian-nb", "mlp", "ridge-classifier"):
    case(name + "-strings", classifiers[name], y=y3s)
    case(name + "-bool", classifiers[name], y=yb)
for name in ("k-neighbors", "k-neighbors-distance", "radius-neighbors", "dummy"):
    case(name + "-two-outputs", classifiers[name], y=outputs2)
for name in ("mlp", "ridge-classifier", "k-neighbors"):
    case(name + "-multilabel", classifiers[name], y=labels)
case("dummy-constant", lambda: DummyClassifier(strategy="constant", constant="versicolor"), y=y3s)
case("radius-neighbors-no-outlier-label", lambda: RadiusNeighborsClassifier(radius=1.5), y=y3, T=X[:10])  # a lone row is an error
case("radius-neighbors-new-outlier-label", lambda: RadiusNeighborsClassifier(radius=1.5, outlier_label=9), y=y3)
case("sgd-log-far", lambda: SGDClassifier(loss="log_loss", random_state=0, eta0=10, learning_rate="constant"), X * 1000, y3, T * 1000, every=True)
case("svc-sparse", lambda: SVC(probability=True, random_state=0), sp.csr_matrix(X), y3)
case("svc-sparse-two", lambda: SVC(probability=True, random_state=0), sp.csr_matrix(X), y2)
case("svc-sparse-linear", lambda: SVC(kernel="linear", probability=True, random_state=0), sp.csr_matrix(X), y3, every=True)
case("svr-sparse-linear", lambda: SVR(kernel="linear"), sp.csr_matrix(X), yr)
case("svr-sparse", lambda: SVR(), sp.csr_matrix(X), yr)
case("svc-digits", lambda: SVC(probability=True, random_state=0, gamma=0.001), D, yd, T_digits)
case("k-neighbors-digits", lambda: KNeighborsClassifier(3, weights="distance"), D, yd, T_digits)
cases({"multinomial-nb": lambda: MultinomialNB(), "multinomial-nb-priors": lambda: MultinomialNB(class_prior=[0.2, 0.3, 0.5]), "complement-nb": lambda: ComplementNB(norm=True), "bernoulli-nb": lambda: BernoulliNB(binarize=1.5)},
      X=counts, y=y3, T=T_counts)
cases({"multinomial-nb-two": lambda: MultinomialNB(fit_prior=False), "complement-nb-two": lambda: ComplementNB()}, X=counts, y=y2, T=T_counts)
case("bernoulli-nb-binary", lambda: BernoulliNB(binarize=None), (counts > 2).astype(float), y3, (T_counts > 2).astype(float))
case("categorical-nb", lambda: CategoricalNB(), categories, y3, T_categories)
cases({"sgd-one-class-svm": lambda: SGDOneClassSVM(random_state=0), "one-class-svm": lambda: OneClassSVM(nu=0.2), "local-outlier-factor": lambda: LocalOutlierFactor(novelty=True, n_neighbors=5),
       "elliptic-envelope": lambda: EllipticEnvelope(random_state=0)})
for bounds in ("clip", "nan"):
    case("isotonic-" + bounds, lambda bounds=bounds: IsotonicRegression(out_of_bounds=bounds), column, yr, T_column)
case("isotonic-raise", lambda: IsotonicRegression(), column, yr, column[:8])
case("isotonic-falling", lambda: IsotonicRegression(increasing=False, y_min=-3, y_max=5, out_of_bounds="clip"), column, -yr, T_column)
case("isotonic-float32", lambda: IsotonicRegression(out_of_bounds="clip"), column.astype(np.float32), yr.astype(np.float32), T_column)
cases({
    "mini-batch-k-means": lambda: MiniBatchKMeans(4, random_state=0, n_init=2), "bisecting-k-means": lambda: BisectingKMeans(5, random_state=0),
    "birch": lambda: Birch(n_clusters=3), "birch-subclusters": lambda: Birch(n_clusters=None, threshold=1.0), "mean-shift": lambda: MeanShift(), "affinity-propagation": lambda: AffinityPropagation(random_state=0),
    "feature-agglomeration": lambda: FeatureAgglomeration(2),
    "incremental-pca": lambda: IncrementalPCA(2, batch_size=30, whiten=True), "truncated-svd": lambda: TruncatedSVD(2, random_state=0), "factor-analysis": lambda: FactorAnalysis(2, random_state=0),
    "kernel-pca-poly": lambda: KernelPCA(3, kernel="poly"), "kernel-pca-cosine": lambda: KernelPCA(2, kernel="cosine"), "sparse-pca": lambda: SparsePCA(2, random_state=0),
    "gaussian-random-projection": lambda: GaussianRandomProjection(3, random_state=0), "sparse-random-projection": lambda: SparseRandomProjection(3, random_state=0),
    "nystroem": lambda: Nystroem(n_components=5, random_state=0), "nystroem-poly": lambda: Nystroem(kernel="poly", degree=2, coef0=1.0, n_components=5, random_state=0),
    "rbf-sampler": lambda: RBFSampler(n_components=6, random_state=0),
})
for kind in ("full", "tied", "diag", "spherical"):
    case("gaussian-mixture-" + kind, lambda kind=kind: GaussianMixture(3, covariance_type=kind, random_state=0))
    case("bayesian-mixture-" + kind, lambda kind=kind: BayesianGaussianMixture(n_components=3, covariance_type=kind, random_state=0))
case("bayesian-mixture-distribution", lambda: BayesianGaussianMixture(n_components=3, weight_concentration_prior_type="dirichlet_distribution", random_state=0))
case("k-means", lambda: KMeans(4, random_state=0, n_init=2), every=True)
case("pca", lambda: PCA(2), every=True)
case("pca-whiten", lambda: PCA(3, whiten=True), every=True)
case("pca-all", lambda: PCA())
case("fast-ica", lambda: FastICA(2, random_state=0), every=True)
case("kernel-pca", lambda: KernelPCA(2, kernel="rbf"), every=True)
case("neighborhood-components", lambda: NeighborhoodComponentsAnalysis(2, random_state=0), y=y3)
case("additive-chi2-sampler", lambda: AdditiveChi2Sampler(sample_steps=3), counts, None, T_counts, every=True)
case("skewed-chi2-sampler", lambda: SkewedChi2Sampler(n_components=5, random_state=0), counts, None, T_counts)

# Rows at exactly equal distance: which of them are counted is decided by the order in which a tree's leaves are visited.
coarse = np.random.RandomState(1)
X_grid, T_grid, y_grid = coarse.randint(0, 6, (200, 3)).astype(float), coarse.randint(0, 6, (40, 3)).astype(float), coarse.randint(0, 4, 200)
one_hot = lambda n: np.concatenate([np.eye(k)[coarse.randint(0, k, n)] for k in (2, 3, 4)], 1)
X_hot, T_hot = one_hot(200), one_hot(40)
case("k-neighbors-ties-kd-tree", lambda: KNeighborsClassifier(algorithm="kd_tree", leaf_size=10), X_grid, y_grid, T_grid, every=True)
case("k-neighbors-ties-ball-tree", lambda: KNeighborsClassifier(algorithm="ball_tree", leaf_size=10, weights="distance"), X_grid, y_grid, T_grid, every=True)
case("k-neighbors-ties-one-hot", lambda: KNeighborsClassifier(7, algorithm="kd_tree", metric="manhattan", leaf_size=4), X_hot, y_grid, T_hot)
case("k-neighbors-ties-chebyshev", lambda: KNeighborsClassifier(3, algorithm="ball_tree", metric="chebyshev", leaf_size=10), X_grid, y_grid, T_grid)
case("k-neighbors-ties-minkowski", lambda: KNeighborsClassifier(3, algorithm="ball_tree", p=3, leaf_size=5), X_hot, y_grid, T_hot)
case("k-neighbors-ties-regressor", lambda: KNeighborsRegressor(4, algorithm="kd_tree", metric="chebyshev"), X_grid, y_grid.astype(float), T_grid)
case("k-neighbors-ties-brute", lambda: KNeighborsClassifier(5, algorithm="brute"), X_grid, y_grid, T_grid, every=True)  # 200 rows: one chunk
case("local-outlier-factor-ties", lambda: LocalOutlierFactor(5, algorithm="kd_tree", leaf_size=10, novelty=True), X_grid, None, T_grid)

# ---- neighbour graphs, manifolds, densities, propagated labels, Gaussian process classes, factorizations ----
positive, T_positive = np.abs(X), np.abs(T)
r.uniform(size=(2, *X.shape))  # drawn by cases of before: those below keep their data
partly = np.where(np.arange(60) % 3 == 0, -1, y3)
near, T_near = X + r.uniform(-0.05, 0.05, X.shape), T + r.uniform(-0.05, 0.05, T.shape)
distances, T_distances = (np.sqrt(((a[:, None] - near) ** 2).sum(2)) for a in (near, T_near))
grams, T_grams = near @ near.T, T_near @ near.T
cases({
    "k-neighbors-graph-distance": lambda: KNeighborsTransformer(n_neighbors=4), "k-neighbors-graph-connectivity": lambda: KNeighborsTransformer(n_neighbors=4, mode="connectivity", metric="manhattan"),
    "radius-graph-distance": lambda: RadiusNeighborsTransformer(radius=1.2), "radius-graph-connectivity": lambda: RadiusNeighborsTransformer(radius=1.2, mode="connectivity", algorithm="brute"),
    "isomap": lambda: Isomap(n_components=2, n_neighbors=6), "locally-linear-embedding": lambda: LocallyLinearEmbedding(n_components=2, n_neighbors=6, random_state=0),
    "locally-linear-embedding-wide": lambda: LocallyLinearEmbedding(n_components=3, n_neighbors=9, reg=0.01, random_state=0),
}, X=near, T=T_near)
cases({f"kernel-density-{k}": (lambda k=k: KernelDensity(kernel=k, bandwidth=2.5)) for k in ("gaussian", "tophat", "epanechnikov", "exponential", "linear", "cosine")})
case("kernel-density-scott-manhattan", lambda: KernelDensity(bandwidth="scott", metric="manhattan", algorithm="ball_tree"))
cases({"label-propagation": lambda: LabelPropagation(gamma=0.8), "label-propagation-knn": lambda: LabelPropagation(kernel="knn", n_neighbors=5, max_iter=2000), "label-spreading": lambda: LabelSpreading(gamma=0.3, alpha=0.4)}, X=near, T=T_near, y=partly)
cases({"gaussian-process-classes": lambda: GaussianProcessClassifier(1.5 * gp.RBF(1.2), optimizer=None), "gaussian-process-classes-pairs": lambda: GaussianProcessClassifier(gp.RBF([1, 2, 1, 3]) + gp.WhiteKernel(0.1), optimizer=None, multi_class="one_vs_one")}, X=X[:30], y=y3s[:30])
case("gaussian-process-two", lambda: GaussianProcessClassifier(gp.DotProduct(1.5) * gp.ConstantKernel(0.4), optimizer=None), y=y2)
case("svc-precomputed", lambda: SVC(kernel="precomputed"), X=grams, y=y3s, T=T_grams)
case("svr-precomputed", lambda: SVR(kernel="precomputed"), X=grams, y=yr, T=T_grams)
case("kernel-ridge-precomputed", lambda: KernelRidge(kernel="precomputed"), X=grams, y=yr, T=T_grams)
case("k-neighbors-precomputed", lambda: KNeighborsClassifier(4, metric="precomputed", weights="distance"), X=distances, y=y3s, T=T_distances)
case("rbm", lambda: BernoulliRBM(3, n_iter=3, random_state=0), X=positive / 8, T=T_positive / 8)
cases({"count-sketch": lambda: PolynomialCountSketch(degree=2, n_components=12, random_state=0), "count-sketch-bias": lambda: PolynomialCountSketch(gamma=0.5, degree=3, coef0=2, n_components=9, random_state=1)})
cases({"nmf": lambda: NMF(3, init="nndsvda", random_state=0), "nmf-regularized": lambda: NMF(2, init="random", alpha_W=0.01, l1_ratio=0.3, random_state=0), "nmf-mu": lambda: NMF(3, solver="mu", init="random", random_state=0), "nmf-kullback-leibler": lambda: NMF(2, solver="mu", beta_loss="kullback-leibler", init="random", random_state=0), "mini-batch-nmf": lambda: MiniBatchNMF(2, init="random", random_state=0)}, X=positive, T=T_positive)
cases({"latent-dirichlet": lambda: LatentDirichletAllocation(3, random_state=0), "latent-dirichlet-prior": lambda: LatentDirichletAllocation(4, doc_topic_prior=0.05, mean_change_tol=1e-5, max_doc_update_iter=40, random_state=0)}, X=counts, T=T_counts)
atoms = r.normal(size=(9, 4))
atoms /= np.sqrt((atoms ** 2).sum(1))[:, None]
case("sparse-coder-omp", lambda: SparseCoder(atoms, transform_n_nonzero_coefs=3))
case("sparse-coder-split", lambda: SparseCoder(atoms, transform_algorithm="threshold", transform_alpha=0.4, split_sign=True))
case("dictionary-omp", lambda: DictionaryLearning(5, transform_n_nonzero_coefs=2, max_iter=5, random_state=0))

# A category that was not in training is -1, which the Bayes classifier refuses: the row is an error.
case("categorical-nb-encoded", lambda: make_pipeline(OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1), CategoricalNB()), categories, y3, T_categories)

# ---- what is refused ----
REFUSALS = {
    "svc-callable-kernel": (lambda: SVC(kernel=np.dot).fit(np.eye(60), y3), "unsupported-option"),
    "k-neighbors-callable-metric": (lambda: KNeighborsClassifier(metric=np.allclose, algorithm="brute").fit(X, y3), "unsupported-option"),
    "k-neighbors-callable-weights": (lambda: KNeighborsClassifier(weights=np.exp).fit(X, y3), "unsupported-option"),
    "dummy-stratified": (lambda: DummyClassifier(strategy="stratified").fit(X, y3), "unsupported-option"),
    "local-outlier-factor-training-only": (lambda: LocalOutlierFactor().fit(X), "unsupported-option"),
    "logistic-not-fitted": (lambda: LogisticRegression(), None),
}


def number(v):
    if isinstance(v, (float, np.floating)):
        return None if np.isnan(v) else "Infinity" if v == np.inf else "-Infinity" if v == -np.inf else float(v)
    return v.item() if isinstance(v, np.generic) else v


def expected(a, kind):
    a = np.asarray(a)
    datatype = "BOOL" if a.dtype == bool else "BYTES" if a.dtype.kind in "UO" else "INT64" if a.dtype.kind in "iu" else "FP64"
    return {"kind": kind, "datatype": datatype, "shape": list(a.shape), "data": [number(v) for v in a.ravel().tolist()]}


def answers(model, T):
    outputs = {}
    label = "value" if is_regressor(model) else "label"
    for method, kind in (("predict", label), ("predict_proba", "probability"), ("decision_function", "score"), ("score_samples", "score"), ("transform", "transform")):
        if not hasattr(model, method):
            continue
        if method == "predict_proba" and getattr(model, "multi_class", None) == "one_vs_one":
            continue  # offered, and refused when asked
        try:
            answer = getattr(model, method)(T)
        except (AttributeError, NotImplementedError, sklearn.exceptions.NotFittedError):
            continue
        if sp.issparse(answer):
            answer = answer.toarray()
        if isinstance(answer, list):
            for i, a in enumerate(answer):
                outputs[f"probabilities_{i}"] = expected(a, kind)
        else:
            outputs[method] = expected(answer, kind)
    return outputs


def awkward(T):
    for j in range(T.shape[1]):
        for v in (np.nan, np.inf, -np.inf):
            row = T[0].astype(float).copy()
            row[j] = v
            yield row
    for v in (-5.0, 40.0, 0.5):
        yield np.full(T.shape[1], v)


def refused_rows(model, T, methods):
    refused = []
    for row in awkward(T):
        try:
            for method in methods:
                getattr(model, method)(row.reshape(1, -1))
        except (ValueError, IndexError):
            refused.append([number(v) for v in row.tolist()])
    return refused[:5] + refused[-2:] if len(refused) > 7 else refused


def save(folder, name, model, files, **spec):
    os.makedirs(folder, exist_ok=True)
    spec = {"name": name, "family": "sklearn", "environment": ENVIRONMENT, "producer": {"scikit-learn": sklearn.__version__, "numpy": np.__version__}, "model_file": "model.pkl", **spec}
    with open(os.path.join(folder, "model.pkl"), "wb") as f:
        pickle.dump(model, f, protocol=4)
    for file, content in {"case.json": spec, **files}.items():
        with open(os.path.join(folder, file), "w") as f:
            json.dump(content, f, allow_nan=False)
            f.write("\n")


if __name__ == "__main__":
    out, wanted = sys.argv[1], sys.argv[2:]
    everything = wanted == ["all"]
    for i, (name, (model, X_, y, T_)) in enumerate(CASES.items()):
        mine = name in EVERY_VERSION or ENVIRONMENTS[i % 4] == ENVIRONMENT
        if not everything and (name not in wanted if wanted else not mine):
            continue
        try:
            model = model()
            model.fit(X_) if y is None else model.fit(X_, y)
            outputs = answers(model, T_)
            methods = [m for m in ("predict", "transform") if m in outputs]
            if name == "radius-neighbors-new-outlier-label":
                del outputs["predict_proba"]  # its columns would be others than those of predict
            if name == "rbm":
                del outputs["score_samples"]  # flips units at random
            if name.startswith("dummy") and "n_features_in_" not in vars(model):
                continue  # nothing in such a file says what it takes
        except Exception as e:
            print("not made:", ENVIRONMENT, name, type(e).__name__, str(e)[:150])
            continue
        full = f"{name}-{ENVIRONMENT}"
        rows = [[number(v) for v in row] for row in T_.tolist()]
        bad = refused_rows(model, T_, methods)
        files = {"inputs.json": {"format": "rows", "rows": rows}, "expected.json": {"n": len(rows), "required": list(outputs), "outputs": outputs}}
        if bad:
            files["bad_inputs.json"] = {"format": "rows", "rows": bad}
        save(os.path.join(out, full), full, model, files, expect="import", n_rows=len(rows), tolerance={"rtol": 1e-9, "atol": 1e-10 if "float32" not in name else 1e-6},
             input={"format": "rows", "columns": [{"name": f"x{j}"} for j in range(T_.shape[1])]})
    for i, (name, (make, code)) in enumerate(REFUSALS.items()):
        if not everything and (name not in wanted if wanted else ENVIRONMENTS[i % 4] != ENVIRONMENT):
            continue
        full = f"refuse-{name}-{ENVIRONMENT}"
        model = make()
        if name == "dummy-stratified" and "n_features_in_" not in vars(model):
            continue
        save(os.path.join(out, full), full, model, {}, expect="refuse", **({"refusal": {"slipway_code": code}} if code else {}))
