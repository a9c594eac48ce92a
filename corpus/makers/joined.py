"""Preprocessing and models saved in files of their own, as notebooks do, and what they predict together.

python corpus/makers/joined.py sklearn corpus/joined   with scikit-learn, xgboost and joblib
python corpus/makers/joined.py keras corpus/joined     with TensorFlow, after the first
python corpus/makers/joined.py onnx corpus/joined      with onnx and onnxruntime, after the first
"""
import json
import pickle
import sys
from pathlib import Path

import numpy as np

stage, folder = sys.argv[1], Path(sys.argv[2])


def keep(**predictions):
    path = folder / "expected.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    known.update({k: np.asarray(v).tolist() for k, v in predictions.items()})
    path.write_text(json.dumps(known, indent=0) + "\n")


def given():
    return json.loads((folder / "transformed.json").read_text())


if stage == "sklearn":
    import joblib
    import pandas as pd
    from sklearn.compose import ColumnTransformer
    from sklearn.decomposition import PCA
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import LabelEncoder, OneHotEncoder, StandardScaler
    from xgboost import XGBClassifier

    rng = np.random.default_rng(7)
    frame = pd.DataFrame({c: rng.normal(i, 1 + i, 120) for i, c in enumerate("abcd")})
    frame["city"] = rng.choice(["Bonn", "Kyiv", "Rome"], 120)
    numbers = frame[list("abcd")].to_numpy()
    y = (numbers[:, 0] + numbers[:, 1] * (frame["city"] == "Rome") > 0.7).astype(int).to_numpy()
    gaps = numbers.copy()
    gaps[::7, 2] = np.nan

    imputer = SimpleImputer().fit(gaps)
    scaler = StandardScaler().fit(imputer.transform(gaps))
    scaled = scaler.transform(imputer.transform(gaps))
    named = StandardScaler().fit(frame[list("abcd")])
    named_frame = pd.DataFrame(named.transform(frame[list("abcd")]), columns=list("abcd"))
    encoder = ColumnTransformer([("n", StandardScaler(), list("abcd")), ("c", OneHotEncoder(handle_unknown="ignore"), ["city"])]).fit(frame)
    encoded = encoder.transform(frame)
    joblib.dump(imputer, folder / "imputer.joblib")
    pickle.dump(scaler, open(folder / "scaler.pkl", "wb"))
    joblib.dump(encoder, folder / "encoder.joblib")
    pickle.dump(named, open(folder / "named-scaler.pkl", "wb"))
    pickle.dump(LabelEncoder().fit(["no", "yes"]), open(folder / "labels.pkl", "wb"))
    pickle.dump(PCA(3).fit(scaled), open(folder / "pca.pkl", "wb"))

    plain = LogisticRegression().fit(scaled, y)
    pickle.dump(plain, open(folder / "model.pkl", "wb"))
    pickle.dump({"scaler": scaler, "model": plain, "made": "by a notebook"}, open(folder / "bundle.pkl", "wb"))
    by_name = LogisticRegression().fit(named_frame[["d", "a"]], y)
    pickle.dump(by_name, open(folder / "by-name.pkl", "wb"))
    boosted = XGBClassifier(n_estimators=5, max_depth=3).fit(scaled, y)
    boosted.save_model(folder / "boosted.json")

    rows = frame.iloc[:12]
    holes = gaps[:12]
    (folder / "rows.json").write_text(json.dumps([
        {k: (None if v != v else v) for k, v in {**dict(zip("abcd", h.tolist())), "city": c}.items()} for h, c in zip(holes, rows["city"])]) + "\n")
    (folder / "full.json").write_text(json.dumps(rows.to_dict("records")) + "\n")
    (folder / "transformed.json").write_text(json.dumps({"scaled": scaled[:12].tolist(), "encoded": np.asarray(encoded)[:12].tolist()}) + "\n")
    keep(model=plain.predict_proba(scaled[:12]), by_name=by_name.predict_proba(named_frame[["d", "a"]].iloc[:12]),
         boosted=boosted.predict_proba(scaled[:12]))
elif stage == "keras":
    import tensorflow as tf
    from tensorflow import keras

    keras.utils.set_random_seed(3)
    for name, key, width in (("network.h5", "scaled", 4), ("network.keras", "encoded", 7)):
        model = keras.Sequential([keras.Input((width,)), keras.layers.Dense(6, activation="relu"), keras.layers.Dense(2, activation="softmax")])
        model.save(folder / name)
        x = np.asarray(given()[key], np.float32)
        keep(**{name: model.predict(x, verbose=0)})
        if key == "scaled":
            one = keras.Input(batch_shape=(1, width))
            (folder / "network.tflite").write_bytes(tf.lite.TFLiteConverter.from_keras_model(keras.Model(one, model(one))).convert())
    image = keras.Sequential([keras.Input((4, 1)), keras.layers.Conv1D(2, 2), keras.layers.GlobalAveragePooling1D()])
    image.save(folder / "windows.h5")
elif stage == "onnx":
    import onnx
    import onnxruntime
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(5)
    w = numpy_helper.from_array(rng.normal(size=(4, 3)).astype(np.float32), "w")
    for opset in (11, 13, 17):
        nodes = [
            helper.make_node("MatMul", ["transformed", "w"], ["h"]),
            helper.make_node("ReduceMean", ["h"], ["m"], axes=[1], keepdims=1),
            helper.make_node("Sub", ["h", "m"], ["a"]),
        ]
        graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("transformed", TensorProto.FLOAT, ["N", 4])],
                                  [helper.make_tensor_value_info("a", TensorProto.FLOAT, ["N", 3])], [w])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
        onnx.save(model, folder / f"opset{opset}.onnx")
        keep(**{f"opset{opset}.onnx": onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"transformed": np.asarray(given()["scaled"], np.float32)})[0]})
