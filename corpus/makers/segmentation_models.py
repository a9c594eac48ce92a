"""A small U-Net that segments drawn shapes, as Keras saves it, the same network as PyTorch's libraries export theirs (scores
[N, C, H, W], an output `aux` beside `out`), and as one score a pixel; with pictures and what Keras, Pillow and pycocotools make
of them.

    KERAS_BACKEND=jax python segmentation_models.py OUT      (keras 3.15, jax 0.10, onnx 1.23, pillow 13, pycocotools 2.0.11)
"""
import json
import os
import sys

os.environ.setdefault("KERAS_BACKEND", "jax")
import keras
import numpy as np
import onnx
from keras import layers
from onnx import TensorProto, helper, numpy_helper
from onnx.reference import ReferenceEvaluator
from PIL import Image

from drawn_scenes import LABELS, scene, segments

SIZE, STEPS, WIDTHS = 64, 1500, (8, 16, 24)
# Between the largest score of a pixel and the second: far more than sums in another order make.
MARGIN = 1e-4


def unet():
    """[N, 64, 64, 3] of 0 to 1 -> [N, 64, 64, 4] probabilities."""
    given = x = keras.Input((SIZE, SIZE, 3), name="pictures")
    kept = []
    for i, width in enumerate(WIDTHS):
        x = layers.Conv2D(width, 3, padding="same", activation="relu", name=f"down{i}")(x)
        if i < len(WIDTHS) - 1:
            kept.append(x)
            x = layers.MaxPooling2D(2)(x)
    x = layers.Conv2D(WIDTHS[-1], 3, padding="same", dilation_rate=2, activation="relu", name="middle")(x)
    for i in reversed(range(len(kept))):
        x = layers.Concatenate()([layers.UpSampling2D(2, interpolation="nearest")(x), kept[i]])
        x = layers.Conv2D(WIDTHS[i], 3, padding="same", activation="relu", name=f"up{i}")(x)
    return keras.Model(given, layers.Conv2D(len(LABELS), 1, activation="softmax", name="head")(x), name="unet")


def train(model, rng):
    model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy")
    for step in range(STEPS):
        if step == STEPS * 2 // 3:
            model.optimizer.learning_rate = 8e-4
        pairs = [scene(rng, SIZE, SIZE) for _ in range(16)]
        loss = model.train_on_batch(np.stack([np.asarray(p) for p, _ in pairs]).astype(np.float32) / 255, np.stack([t for _, t in pairs]))
        if step % 100 == 0:
            print(step, float(loss))


def exported(model, binary=None):
    """The same in ONNX, channels first. `binary`: one score a pixel, as a logit or through a sigmoid."""
    nodes, constants = [], []

    def conv(x, name, dilation=1):
        kernel, bias = model.get_layer(name).get_weights()
        constants.extend([numpy_helper.from_array(np.ascontiguousarray(kernel.transpose(3, 2, 0, 1)), f"{name}.weight"), numpy_helper.from_array(bias, f"{name}.bias")])
        pad = kernel.shape[0] // 2 * dilation
        nodes.append(helper.make_node("Conv", [x, f"{name}.weight", f"{name}.bias"], [name], pads=[pad] * 4, dilations=[dilation] * 2))
        return name

    def relu(x):
        nodes.append(helper.make_node("Relu", [x], [f"{x}.relu"]))
        return f"{x}.relu"

    x, kept = "input", []
    constants.append(numpy_helper.from_array(np.float32([1, 1, 2, 2]), "twice"))
    for i in range(len(WIDTHS)):
        x = relu(conv(x, f"down{i}"))
        if i < len(WIDTHS) - 1:
            kept.append(x)
            nodes.append(helper.make_node("MaxPool", [x], [f"pool{i}"], kernel_shape=[2, 2], strides=[2, 2]))
            x = f"pool{i}"
    x = relu(conv(x, "middle", 2))
    for i in reversed(range(len(kept))):
        nodes.append(helper.make_node("Resize", [x, "", "twice"], [f"large{i}"], mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"))
        nodes.append(helper.make_node("Concat", [f"large{i}", kept[i]], [f"joined{i}"], axis=1))
        x = relu(conv(f"joined{i}", f"up{i}"))
    conv(x, "head")
    value = lambda name, channels: helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", channels, SIZE, SIZE])
    if binary is None:
        nodes.append(helper.make_node("Identity", ["head"], ["out"]))
        nodes.append(helper.make_node("Neg", ["head"], ["aux"]))
        outputs = [value("out", len(LABELS)), value("aux", len(LABELS))]
    else:
        for name, values in (("from", [0]), ("one", [1]), ("to", [len(LABELS)]), ("axis", [1])):
            constants.append(numpy_helper.from_array(np.int64(values), name))
        nodes.append(helper.make_node("Slice", ["head", "one", "to", "axis"], ["shapes"]))
        nodes.append(helper.make_node("Slice", ["head", "from", "one", "axis"], ["ground"]))
        nodes.append(helper.make_node("ReduceMax", ["shapes"], ["most"], axes=[1], keepdims=1))
        nodes.append(helper.make_node("Sub", ["most", "ground"], ["logit" if binary == "sigmoid" else "mask"]))
        if binary == "sigmoid":
            nodes.append(helper.make_node("Sigmoid", ["logit"], ["mask"]))
        outputs = [value("mask", 1)]
    graph = helper.make_graph(nodes, "unet", [value("input", 3)], outputs, constants)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], producer_name="pytorch")
    made.ir_version = 8
    onnx.checker.check_model(made)
    return made


def sized(image, size):
    """Across and then down, as Pillow before 13 always does."""
    return image.resize((size[0], image.height), Image.Resampling.BILINEAR).resize(size, Image.Resampling.BILINEAR)


def back(classes, size):
    """The map at the picture's size, as Pillow takes the nearest."""
    return np.asarray(Image.fromarray(classes.astype(np.uint8)).resize(size, Image.Resampling.NEAREST))


def main(out):
    os.makedirs(f"{out}/pictures", exist_ok=True)
    keras.utils.set_random_seed(7)
    rng = np.random.default_rng(7)
    model = unet()
    train(model, rng)
    # Without the optimizer's state.
    bare = unet()
    bare.set_weights(model.get_weights())
    bare.save(f"{out}/unet.keras")
    for name, made in (("fcn", exported(model)), ("silhouette", exported(model, "sigmoid")), ("silhouette-logits", exported(model, "logit"))):
        onnx.save(made, f"{out}/{name}.onnx")
    scores = ReferenceEvaluator(f"{out}/fcn.onnx")
    single = ReferenceEvaluator(f"{out}/silhouette-logits.onnx")
    expected = {"labels": LABELS, "unet": {}, "silhouette": {}, "padded": {}}
    for name, size in (("wide", (256, 128)), ("tall", (90, 170)), ("small", (32, 32)), ("odd", (77, 131))):
        for _ in range(200):
            image, truth = scene(rng, *size)
            pixels = np.asarray(sized(image, (SIZE, SIZE))).astype(np.float32)[None] / 255
            probabilities = np.asarray(model.predict(pixels, verbose=0))[0]
            logits = scores.run(["out"], {"input": pixels.transpose(0, 3, 1, 2)})[0][0]
            foreground = single.run(None, {"input": pixels.transpose(0, 3, 1, 2)})[0][0, 0]
            first, second = np.sort(probabilities, axis=-1)[..., :-3:-1].transpose(2, 0, 1)
            # Letterboxed, black around it.
            ratio = max(size[0] / SIZE, size[1] / SIZE)
            inner = (round(size[0] / ratio), round(size[1] / ratio))
            left, top = (SIZE - inner[0]) // 2, (SIZE - inner[1]) // 2
            canvas = Image.new("RGB", (SIZE, SIZE))
            canvas.paste(sized(image, inner), (left, top))
            framed = np.asarray(model.predict(np.asarray(canvas).astype(np.float32)[None] / 255, verbose=0))[0]
            inside = framed[top:top + inner[1], left:left + inner[0]]
            third, fourth = np.sort(inside, axis=-1)[..., :-3:-1].transpose(2, 0, 1)
            if min((first - second).min(), (third - fourth).min()) > MARGIN and np.abs(foreground).min() > MARGIN and len(np.unique(truth)) > 2:
                break
        else:
            raise SystemExit(f"no picture of {size} is clear enough")
        image.save(f"{out}/pictures/{name}.png")
        classes = probabilities.argmax(-1)
        assert (logits.argmax(0) == classes).all()
        expected["unet"][name] = segments(back(classes, size), LABELS)
        expected["silhouette"][name] = segments(back(foreground > 0, size), ["background", "foreground"])
        expected["padded"][name] = segments(back(inside.argmax(-1), size), LABELS)
        print(name, "right:", float((back(classes, size) == truth).mean()))
    # Red is a class: there and back by the nearest pixel.
    marbles = Image.fromarray(np.stack([np.kron(rng.integers(0, 4, (44, 26)), np.ones((3, 3)))[:131, :77].astype(np.uint8)] * 3, axis=-1))
    marbles.save(f"{out}/pictures/marbles.png")
    expected["nearest"] = segments(back(np.asarray(marbles.resize((SIZE, SIZE), Image.Resampling.NEAREST))[..., 0], marbles.size), LABELS)
    with open(f"{out}/expected.json", "w") as f:
        json.dump(expected, f, indent=1)
        f.write("\n")
    with open(f"{out}/task.json", "w") as f:
        json.dump({"task": "segmentation", "labels": LABELS}, f)
        f.write("\n")


main(sys.argv[1])
