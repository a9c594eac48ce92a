"""An image classifier as Hugging Face keeps one, in small, with pictures and what Pillow and ONNX Runtime in Python make of
them; and pixels of Pillow's resizing with each filter.

    python image_models.py OUT          (pillow 12, onnx 1.20, onnxruntime 1.23, numpy)
"""
import json
import os
import sys

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

LABELS = ["cat", "dog", "bird", "fish"]
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]
FILTERS = {"nearest": 0, "lanczos": 1, "bilinear": 2, "bicubic": 3, "box": 4, "hamming": 5}


def picture(width, height, seed, mode="RGB"):
    """Waves and edges, so that filters differ."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    channels = len(mode) if mode != "L" else 1
    planes = [127 + 100 * np.sin(x / (2 + 3 * rng.random()) + rng.random()) * np.cos(y / (2 + 5 * rng.random())) + 25 * ((x // 7 + y // 5) % 2) for _ in range(channels)]
    pixels = np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)
    return Image.fromarray(pixels[..., 0] if mode == "L" else pixels, mode)


def network(path):
    rng = np.random.default_rng(3)
    weight = lambda name, *shape: numpy_helper.from_array((rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32), name)
    nodes = [
        helper.make_node("Conv", ["pixel_values", "w1"], ["x1"], strides=[3, 3]), helper.make_node("Relu", ["x1"], ["x2"]),
        helper.make_node("GlobalMaxPool", ["x2"], ["x3"]), helper.make_node("Flatten", ["x3"], ["x4"]), helper.make_node("MatMul", ["x4", "w2"], ["logits"]),
    ]
    graph = helper.make_graph(nodes, "image", [helper.make_tensor_value_info("pixel_values", TensorProto.FLOAT, ["N", 3, 28, 28])], [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["N", len(LABELS)])], [weight("w1", 8, 3, 5, 5), weight("w2", 8, len(LABELS))])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def shortest(image, edge, resample):
    width, height = image.size
    size = (edge, int(edge * height / width)) if width <= height else (int(edge * width / height), edge)
    return image.resize(size, resample)


def center(image, height, width):
    """As transformers' image processors cut: the floor of half of what is too much."""
    left, top = (image.size[0] - width) // 2, (image.size[1] - height) // 2
    return image.crop((left, top, left + width, top + height))


def main(out):
    folder = os.path.join(out, "classifier")
    os.makedirs(os.path.join(folder, "onnx"), exist_ok=True)
    os.makedirs(os.path.join(folder, "pictures"), exist_ok=True)
    dump = lambda name, value: json.dump(value, open(os.path.join(folder, name), "w"))
    dump("config.json", {"architectures": ["ResNetForImageClassification"], "model_type": "resnet", "id2label": {str(i): l for i, l in enumerate(LABELS)}})
    dump("preprocessor_config.json", {"do_resize": True, "size": {"shortest_edge": 32}, "resample": 3, "do_center_crop": True, "crop_size": {"height": 28, "width": 28}, "do_rescale": True, "rescale_factor": 1 / 255, "do_normalize": True, "image_mean": MEAN, "image_std": STD, "image_processor_type": "ConvNextImageProcessor"})
    path = os.path.join(folder, "onnx", "model.onnx")
    network(path)
    session = onnxruntime.InferenceSession(path)
    expected = {"pictures": {}, "resized": {}}
    for name, image in {"wide": picture(97, 41, 1), "tall": picture(33, 120, 2), "small": picture(19, 17, 3), "alpha": picture(50, 50, 4, "RGBA"), "grey": picture(64, 48, 5, "L")}.items():
        image.save(os.path.join(folder, "pictures", name + ".png"))
        rgb = image.convert("RGB")
        pixels = np.asarray(center(shortest(rgb, 32, 3), 28, 28))
        values = ((pixels.astype(np.float32) / 255 - np.float32(MEAN)) / np.float32(STD)).transpose(2, 0, 1)[None].astype(np.float32)
        logits = session.run(None, {"pixel_values": values})[0][0]
        e = np.exp(logits - logits.max())
        expected["pictures"][name] = {"pixels": pixels.reshape(-1).tolist(), "probabilities": (e / e.sum()).tolist(), "label": LABELS[int(logits.argmax())]}
    wide = picture(97, 41, 1)
    for name, number in FILTERS.items():
        expected["resized"][name] = {"down": np.asarray(wide.resize((20, 13), number)).reshape(-1).tolist(), "up": np.asarray(wide.resize((40, 70), number)).reshape(-1).tolist()}
    dump("expected.json", expected)


main(sys.argv[1])
