"""MLflow model folders and stores, made by MLflow itself, with what its own pyfunc predicts.

    python mlflow_folders.py OUT

Run it once for each MLflow (1.30, 2.22, 3.x): every flavour whose library is installed is written as
OUT/<flavour>-<case>-mlflow<version>, and a store with runs and registered versions as OUT/store-mlflow<version>.
"""
import json, os, shutil, sys, warnings
warnings.filterwarnings("ignore")
os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
import mlflow, numpy as np, pandas as pd
from mlflow.models import infer_signature

VERSION = "mlflow" + "".join(mlflow.__version__.split(".")[:2])
OUT = os.path.abspath(sys.argv[1])
# Else MLflow loads every model once more in another process to find out what it needs.
PIP = dict(pip_requirements=["mlflow"])
g = np.random.default_rng(7)


def frame(n=400):
    X = pd.DataFrame({"age": g.integers(18, 80, n), "income": np.round(g.normal(40, 12, n), 2), "town": g.choice(["Oslo", "Paris", "Rome"], n)})
    z = 0.06 * (X.age - 45) + 0.05 * (X.income - 40) + (X.town == "Rome") * 1.2 + g.normal(0, 0.6, n)
    return X, np.where(z > 0, "yes", "no"), z.to_numpy()


X, y, z = frame()
N = X[["age", "income"]].astype("float64")
I = (y == "yes").astype(int)


def write(name, save, rows, predict=None, columns=None):
    """save(path, signature, example); what is expected is what MLflow's own pyfunc says."""
    folder = os.path.join(OUT, f"{name}-{VERSION}")
    shutil.rmtree(folder, ignore_errors=True)
    path = os.path.join(folder, "model")
    try:
        save(path)
    except Exception as e:
        print("skipped", name, type(e).__name__, str(e)[:200])
        shutil.rmtree(folder, ignore_errors=True)
        return
    for extra in ("conda.yaml", "python_env.yaml", "requirements.txt", "environment_variables.txt"):
        if os.path.exists(os.path.join(path, extra)):
            os.remove(os.path.join(path, extra))
    if predict is not None:
        loaded = mlflow.pyfunc.load_model(path)
        found = loaded.predict(rows)
        found = np.asarray(found).tolist()
        given = rows.to_dict("records") if isinstance(rows, pd.DataFrame) else np.asarray(rows).tolist()
        with open(os.path.join(folder, "expected.json"), "w") as f:
            json.dump({"rows": given, "predictions": found, "output": predict}, f)
    print("wrote", os.path.basename(folder), sorted(os.listdir(path)))


def sklearn_cases():
    import mlflow.sklearn
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LinearRegression, LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler
    columns = ColumnTransformer([("num", StandardScaler(), ["age", "income"]), ("cat", OneHotEncoder(handle_unknown="ignore"), ["town"])])
    pipe = make_pipeline(columns, LogisticRegression()).fit(X, y)
    signature = infer_signature(X, pipe.predict(X))
    write("sklearn-pipeline", lambda p: mlflow.sklearn.save_model(pipe, p, **PIP, signature=signature, input_example=X.head(2)), X.head(20), "label")
    if int(mlflow.__version__.split(".")[0]) >= 3:
        for form in ("cloudpickle", "skops"):
            write(f"sklearn-{form}", lambda p: mlflow.sklearn.save_model(pipe, p, **PIP, signature=signature, serialization_format=form), X.head(20), "label")
    # Fitted on an array: only MLflow's signature knows what the columns are called.
    plain = LinearRegression().fit(N.to_numpy(), z)
    write("sklearn-array", lambda p: mlflow.sklearn.save_model(plain, p, **PIP, signature=infer_signature(N, plain.predict(N.to_numpy())), input_example=N.head(1)), N.head(20), "value")
    write("sklearn-bare", lambda p: mlflow.sklearn.save_model(plain, p, **PIP), N.head(20), "value")


def booster_cases():
    try:
        import mlflow.xgboost, xgboost as xgb
        clf = xgb.XGBClassifier(n_estimators=5, max_depth=2).fit(N, I)
        write("xgboost-classifier", lambda p: mlflow.xgboost.save_model(clf, p, **PIP, signature=infer_signature(N, clf.predict(N))), N.head(20), "label")
        booster = xgb.train({"objective": "reg:squarederror", "max_depth": 2}, xgb.DMatrix(N, z), 5)
        write("xgboost-booster", lambda p: mlflow.xgboost.save_model(booster, p, **PIP, signature=infer_signature(N, booster.predict(xgb.DMatrix(N)))), N.head(20), "value")
    except ImportError as e:
        print("no xgboost", e)
    try:
        import lightgbm as lgb, mlflow.lightgbm
        few = dict(n_estimators=5, num_leaves=4, verbose=-1)
        clf = lgb.LGBMClassifier(**few).fit(N, y)
        write("lightgbm-classifier", lambda p: mlflow.lightgbm.save_model(clf, p, **PIP, signature=infer_signature(N, clf.predict(N))), N.head(20), "label")
        booster = lgb.train({"objective": "regression", "num_leaves": 4, "verbose": -1}, lgb.Dataset(N, z), 5)
        write("lightgbm-booster", lambda p: mlflow.lightgbm.save_model(booster, p, **PIP, signature=infer_signature(N, booster.predict(N))), N.head(20), "value")
    except ImportError as e:
        print("no lightgbm", e)
    try:
        import catboost, mlflow.catboost
        clf = catboost.CatBoostClassifier(iterations=5, depth=2, verbose=0, allow_writing_files=False, cat_features=["town"]).fit(X, y)
        write("catboost-classifier", lambda p: mlflow.catboost.save_model(clf, p, **PIP, signature=infer_signature(X, clf.predict(X).ravel())), X.head(20), "label")
    except ImportError as e:
        print("no catboost", e)


def network_cases():
    F = N.to_numpy().astype("float32")
    try:
        import onnx, mlflow.onnx
        from onnx import TensorProto, helper, numpy_helper
        graph = helper.make_graph(
            [helper.make_node("MatMul", ["X", "w"], ["value"])], "g",
            [helper.make_tensor_value_info("X", TensorProto.FLOAT, [None, 2])], [helper.make_tensor_value_info("value", TensorProto.FLOAT, [None, 1])],
            [numpy_helper.from_array(np.array([[1.5], [-2]], dtype="float32"), "w")])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
        write("onnx", lambda p: mlflow.onnx.save_model(model, p, **PIP, signature=infer_signature(F, F[:, :1])), None, None)
        with open(os.path.join(OUT, f"onnx-{VERSION}", "expected.json"), "w") as f:
            json.dump({"rows": F[:8].tolist(), "predictions": (F[:8] @ np.array([[1.5], [-2]], dtype="float32")).tolist(), "output": "value"}, f)
    except (ImportError, FileNotFoundError) as e:
        print("no onnx", e)
    try:
        import keras, mlflow.tensorflow
        keras.utils.set_random_seed(1)
        net = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, activation="tanh"), keras.layers.Dense(1)])
        sig = infer_signature(F, np.asarray(net(F)))
        write("keras", lambda p: mlflow.tensorflow.save_model(net, p, **PIP, signature=sig), F[:8], "dense")
        try:
            import mlflow.keras
            write("keras3", lambda p: mlflow.keras.save_model(net, p, **PIP, signature=sig), F[:8], "dense")
        except (ImportError, AttributeError) as e:
            print("no keras3", e)
        import tensorflow as tf
        class Double(tf.Module):
            @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32)])
            def __call__(self, x):
                return {"doubled": 2 * x}
        write("tensorflow-module", lambda p: mlflow.tensorflow.save_model(Double(), p, **PIP, signature=infer_signature(F, 2 * F)), None, None)
    except ImportError as e:
        print("no keras", e)
    try:
        import torch, mlflow.pytorch
        torch.manual_seed(1)
        net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.ReLU(), torch.nn.Linear(3, 1)).eval()
        sig = infer_signature(F, net(torch.from_numpy(F)).detach().numpy())
        write("pytorch-whole", lambda p: mlflow.pytorch.save_model(net, p, **PIP, signature=sig), F[:8], "output")
        write("pytorch-scripted", lambda p: mlflow.pytorch.save_model(torch.jit.trace(net, torch.from_numpy(F[:2])), p, **PIP, signature=sig), F[:8], "output")
    except ImportError as e:
        print("no torch", e)


def refused_cases():
    class Plus(mlflow.pyfunc.PythonModel):
        def predict(self, context, model_input, params=None):
            return model_input["age"] + 1
    write("custom-python", lambda p: mlflow.pyfunc.save_model(p, python_model=Plus(), **PIP), None)


def store():
    """Two runs, three registered versions, an alias, a stage where there are some."""
    from sklearn.linear_model import LinearRegression
    import mlflow.sklearn
    folder = os.path.join(OUT, f"store-{VERSION}")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    os.chdir(folder)
    uri = "file:" + os.path.join(folder, "mlruns")
    mlflow.set_tracking_uri(uri)
    # MLflow 1 registers models in a database only.
    database = "sqlite:///" + os.path.join(folder, "mlflow.db")
    mlflow.set_registry_uri(database if mlflow.__version__.startswith("1.") else uri)
    mlflow.set_experiment("prices")
    facts = {"versions": {}, "runs": []}
    client = mlflow.tracking.MlflowClient()
    for version, slope in enumerate((1.0, 2.0, 3.0), 1):
        model = LinearRegression().fit(N.to_numpy(), slope * N["age"].to_numpy())
        more = dict(serialization_format="pickle") if int(mlflow.__version__.split(".")[0]) >= 3 else {}
        with mlflow.start_run() as run:
            mlflow.log_metric("rmse", 0.5 / version)
            name = {"name": "model"} if int(mlflow.__version__.split(".")[0]) >= 3 else {"artifact_path": "model"}
            mlflow.sklearn.log_model(model, **name, **PIP, signature=infer_signature(N, model.predict(N.to_numpy())), registered_model_name="prices", **more)
        facts["runs"].append(run.info.run_id)
        facts["versions"][str(version)] = slope
    if hasattr(client, "set_registered_model_alias"):
        client.set_registered_model_alias("prices", "champion", "2")
        facts["alias"] = "champion"
    else:
        client.transition_model_version_stage("prices", "2", "Production")
        facts["stage"] = "Production"
    for root, _, files in os.walk(folder):
        for f in files:
            if f in ("conda.yaml", "python_env.yaml", "requirements.txt"):
                os.remove(os.path.join(root, f))
    with open(os.path.join(folder, "facts.json"), "w") as f:
        json.dump(facts, f)
    if os.path.exists("mlflow.db"):
        import sqlite3
        with sqlite3.connect("mlflow.db") as db:
            keep = ("registered_models", "model_versions", "registered_model_aliases")
            for (table,) in db.execute("select name from sqlite_master where type = 'table'").fetchall():
                if table not in keep:
                    db.execute(f'drop table "{table}"')
        sqlite3.connect("mlflow.db").execute("vacuum")
    print("wrote", folder)


if __name__ == "__main__":
    os.makedirs(OUT, exist_ok=True)
    for part in (sklearn_cases, booster_cases, network_cases, refused_cases, store):
        try:
            part()
        except Exception as e:
            import traceback
            traceback.print_exc()
