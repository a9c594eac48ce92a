"""The forms in which people keep a model that Python runs: a pickle, a `predict.py`, a folder of MLflow's.

Each gives an object with `facts()`, what can be told of it before a row is seen, and `predict(rows)`: {output: values}.
"""
import importlib
import importlib.util
import inspect
import os
import sys

from frames import np, pd


def load(style, path, entry):
    if style == "pickle":
        return wrap(load_pickle(path), entry)
    if style == "mlflow":
        import mlflow.pyfunc
        return Answering(mlflow.pyfunc.load_model(path).predict, "frame")
    return load_module(path)


def versions():
    found = {}
    for name in ("numpy", "pandas", "scipy", "sklearn", "xgboost", "lightgbm", "catboost", "torch", "tensorflow", "mlflow"):
        version = getattr(sys.modules.get(name), "__version__", None)
        if isinstance(version, str):
            found[name] = version
    return found


def load_pickle(path):
    """Classes may be in modules beside the pickle."""
    sys.path.insert(0, os.path.dirname(path))
    if importlib.util.find_spec("joblib") is not None:
        import joblib
        return joblib.load(path)
    import pickle
    with open(path, "rb") as file:
        return pickle.load(file)


def wrap(model, entry):
    if entry:
        model = model[entry] if isinstance(model, dict) else model[int(entry)] if isinstance(model, (list, tuple)) else getattr(model, entry)
    if not any(hasattr(model, name) for name in ("predict", "transform", "decision_function", "score_samples")):
        if callable(model):
            return Answering(model, "frame")
        raise TypeError("a %s has no predict, transform or decision_function" % type(model).__qualname__)
    return Estimator(model)


class Estimator:
    """An object with scikit-learn's methods: every output by the name that Slipway's compiler gives it."""

    def __init__(self, model):
        self.model = model
        self.names = getattr(model, "feature_names_in_", None)
        self.classes = getattr(model, "classes_", None)

    def facts(self):
        count = getattr(self.model, "n_features_in_", None)
        classes = plain(self.classes)
        return {
            "class": "%s.%s" % (type(self.model).__module__, type(self.model).__qualname__),
            "columns": None if self.names is None else [str(n) for n in self.names],
            "features": None if count is None else int(count),
            "classes": classes if isinstance(classes, list) and not any(isinstance(c, list) for c in classes) else None,
            "names": None,
        }

    def predict(self, rows):
        x = self.input(rows)
        answer = {}
        method = lambda name: getattr(self.model, name, None)
        if method("predict") is not None:
            predicted = method("predict")(x)
            answer["label" if self.labels(predicted) else "value"] = predicted
        if method("predict_proba") is not None and self.classes is not None:
            answer["probabilities"] = lambda: method("predict_proba")(x)
        if method("decision_function") is not None:
            answer["score"] = lambda: method("decision_function")(x)
        if method("predict") is None and method("transform") is not None:
            answer["transformed"] = method("transform")(x)
        if not answer and method("score_samples") is not None:
            answer["score_samples"] = method("score_samples")(x)
        return answer

    def labels(self, predicted):
        return self.classes is not None or getattr(getattr(predicted, "dtype", None), "kind", "f") in "iuOUSb"

    def input(self, rows):
        if len(rows.columns) == 1 and rows.columns[0]["type"] == "string" and self.names is None and getattr(self.model, "n_features_in_", None) is None:
            return rows.texts()
        if pd is not None and (self.names is not None or any(c["type"] == "string" for c in rows.columns) or getattr(self.model, "n_features_in_", None) is None):
            return rows.frame()
        return rows.matrix() if np is not None and rows.widths[1] == 0 else rows.records()


class Answering:
    """A function of many rows."""

    def __init__(self, function, form):
        self.function = function
        self.form = form

    def facts(self):
        return {"class": getattr(self.function, "__qualname__", type(self.function).__qualname__), "columns": None, "features": None, "classes": None, "names": None}

    def predict(self, rows):
        if self.form == "frame" and pd is not None:
            given = rows.frame()
        elif self.form == "array" and np is not None:
            given = rows.matrix()
        else:
            given = rows.records()
        return outputs_of(self.function(given), rows.count)


class Single(Answering):
    """A function of one row's values by name, as Cog's Predictor has it."""

    def predict(self, rows):
        answers = [self.function(**{k: v for k, v in record.items() if v is not None}) for record in rows.records()]
        return outputs_of(answers, rows.count)


def outputs_of(answer, count):
    if isinstance(answer, dict):
        inner = [answer[k] for k in ("predictions", "outputs") if len(answer) == 1 and k in answer]
        return outputs_of(inner[0], count) if inner else {str(k): v for k, v in answer.items()}
    if pd is not None and isinstance(answer, pd.DataFrame):
        return {str(name): answer[name] for name in answer.columns}
    if isinstance(answer, (list, tuple)) and len(answer) > 0 and all(isinstance(v, dict) for v in answer):
        return {str(name): [v.get(name) for v in answer] for name in answer[0]}
    if count == 1 and (isinstance(answer, (str, int, float, bool)) or getattr(answer, "shape", None) == ()):
        answer = [answer]
    kind = getattr(getattr(answer, "dtype", None), "kind", None)
    texts = kind in ("O", "U", "S") or (isinstance(answer, (list, tuple)) and any(isinstance(v, str) for v in answer))
    return {"label" if texts else "value": answer}


def load_module(path):
    folder = os.path.dirname(path)
    for place in (folder, os.path.dirname(folder)):
        if place not in sys.path:
            sys.path.insert(0, place)
    os.chdir(folder)
    offer_cog()
    spec = importlib.util.spec_from_file_location(os.path.splitext(os.path.basename(path))[0], path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    form = getattr(module, "INPUT", "frame")
    if form not in ("frame", "array", "records"):
        raise ValueError("INPUT in %s must be 'frame', 'array' or 'records', not %r" % (os.path.basename(path), form))
    if callable(getattr(module, "model_fn", None)):
        return sagemaker(module, folder, form)
    for name in ("Model", "Predictor"):
        made = getattr(module, name, None)
        if inspect.isclass(made) and callable(getattr(made, "predict", None)):
            return of_class(made, folder, module, form)
    if not callable(getattr(module, "predict", None)):
        raise TypeError("%s has no predict(), no class Model or Predictor with one, and no model_fn()" % os.path.basename(path))
    loaded = module.load() if callable(getattr(module, "load", None)) else None
    if takes(module.predict) >= 2:
        return Answering(lambda rows: module.predict(loaded, rows), form)
    if loaded is not None and takes(module.predict) == 0:
        raise TypeError("predict() takes no rows")
    return Answering(module.predict, form)


def takes(function):
    return sum(p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in inspect.signature(function).parameters.values())


def of_class(made, folder, module, form):
    """Truss: Model(**settings) with load() and predict(rows). Cog: Predictor() with setup() and predict(name=...)."""
    init = inspect.signature(made.__init__).parameters
    given = {"config": {}, "data_dir": os.path.join(folder, "data"), "secrets": {}, "environment": {}}
    every = any(p.kind is p.VAR_KEYWORD for p in init.values())
    model = made(**{k: v for k, v in given.items() if every and made.__init__ is not object.__init__ or k in init})
    for name in ("load", "setup"):
        if callable(getattr(model, name, None)):
            getattr(model, name)()
    if made.__name__ == "Predictor" and len(inspect.signature(model.predict).parameters) > 0 and not hasattr(module, "INPUT"):
        single = Single(model.predict, "records")
        return single
    return Answering(model.predict, form if hasattr(module, "INPUT") else "records" if made.__name__ == "Model" else form)


def sagemaker(module, folder, form):
    model = module.model_fn(os.path.dirname(folder) if os.path.basename(folder) == "code" else folder)
    predict = getattr(module, "predict_fn", None)
    if predict is None:
        return wrap(model, None)
    return Answering(lambda rows: predict(rows, model), form)


def offer_cog():
    """A Predictor imports its base class from cog; where that is not installed, this is all it needs of it."""
    if importlib.util.find_spec("cog") is not None:
        return
    import types
    cog = types.ModuleType("cog")
    cog.BasePredictor = type("BasePredictor", (), {"setup": lambda self, weights=None: None})
    cog.BaseModel = object
    cog.Path = str
    cog.File = object
    cog.Input = lambda default=None, **_: default
    sys.modules["cog"] = cog


def plain(values):
    """Classes as JSON has them; None where that cannot be said."""
    if values is None:
        return None
    values = values.tolist() if hasattr(values, "tolist") else list(values)
    return [v.tolist() if hasattr(v, "tolist") else v for v in values]
