"""Detectors: a small one trained on drawn shapes with a head as YOLOv8 has it, a DETR as Hugging Face keeps one, and bare
networks that give each other layout; with pictures and what Pillow, PyTorch, torchvision and transformers make of them.

    python detection_models.py OUT      (torch 2.15, torchvision 0.29, transformers 5.24, onnx 1.23, pillow 12, numpy)
"""
import json
import os
import sys

import numpy as np
import onnx
import torch
import torchvision
from onnx import TensorProto, helper, numpy_helper
from PIL import Image, ImageDraw
from torch import nn

SHAPES = ["square", "circle", "triangle"]
SIZE, STRIDE, STEPS = 96, 8, 1500
torch.set_num_threads(1)


def scene(rng, width, height, largest=40):
    """Shapes on a quiet ground: a picture, its boxes and classes."""
    ground = tuple(int(v) for v in rng.integers(200, 256, 3))
    image = Image.new("RGB", (width, height), ground)
    draw = ImageDraw.Draw(image)
    boxes, classes = [], []
    for _ in range(int(rng.integers(1, 5))):
        side = int(rng.integers(largest // 3, largest))
        x, y = int(rng.integers(1, width - side - 1)), int(rng.integers(1, height - side - 1))
        if any(x < b[2] + 4 and b[0] < x + side + 4 and y < b[3] + 4 and b[1] < y + side + 4 for b in boxes):
            continue
        kind = int(rng.integers(0, 3))
        colour = tuple(int(v) for v in rng.integers(0, 150, 3))
        box = (x, y, x + side, y + side)
        if kind == 0:
            draw.rectangle(box, fill=colour)
        elif kind == 1:
            draw.ellipse(box, fill=colour)
        else:
            draw.polygon([(x, y + side), (x + side // 2, y), (x + side, y + side)], fill=colour)
        boxes.append(box)
        classes.append(kind)
    return image, boxes, classes


class Yolo(nn.Module):
    """[N, 3, 96, 96] of 0 to 1 -> [N, 4 + 3, 144]: center, size in pixels; scores."""

    def __init__(self):
        super().__init__()
        widths = [3, 12, 24, 32]
        self.body = nn.Sequential(*[layer for a, b in zip(widths, widths[1:]) for layer in (nn.Conv2d(a, b, 3, 2, 1), nn.ReLU())], nn.Conv2d(32, 32, 3, 1, 1), nn.ReLU(), nn.Conv2d(32, 32, 3, 1, 2, 2), nn.ReLU())
        self.head = nn.Conv2d(32, 4 + len(SHAPES), 1)
        y, x = torch.meshgrid(torch.arange(SIZE // STRIDE), torch.arange(SIZE // STRIDE), indexing="ij")
        self.register_buffer("grid", (torch.stack([x, y]).float() + 0.5) * STRIDE)

    def forward(self, images):
        raw = self.head(self.body(images))
        center = self.grid + raw[:, :2] * STRIDE
        size = torch.nn.functional.softplus(raw[:, 2:4]) * STRIDE * 2
        return torch.cat([center, size, raw[:, 4:].sigmoid()], 1).flatten(2)


def train():
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    model = Yolo()
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    cells = SIZE // STRIDE
    scenes = 1000
    images, targets, nears, masks = torch.zeros(scenes, 3, SIZE, SIZE), torch.zeros(scenes, len(SHAPES), cells, cells), torch.zeros(scenes, 4, cells, cells), torch.zeros(scenes, 1, cells, cells)
    middle = (np.arange(cells) + 0.5) * STRIDE
    for i in range(scenes):
        width, height = (int(v) for v in rng.integers(60, 240, 2))
        image, boxes, classes = scene(rng, width, height, max(16, int(rng.uniform(0.3, 0.7) * min(width, height))))
        image, sx, sy, left, top = letterbox(image, SIZE)
        boxes = [(x0 * sx + left, y0 * sy + top, x1 * sx + left, y1 * sy + top) for x0, y0, x1, y1 in boxes]
        images[i] = torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1).float() / 255
        for (x0, y0, x1, y1), kind in zip(boxes, classes):
            cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
            inside = torch.from_numpy((np.abs(middle - cy) < STRIDE * 0.8)[:, None] & (np.abs(middle - cx) < STRIDE * 0.8)[None])
            targets[i, kind][inside] = 1
            nears[i][:, inside] = torch.tensor([cx, cy, x1 - x0, y1 - y0]).float()[:, None]
            masks[i, 0][inside] = 1
    for step in range(STEPS):
        optimizer.param_groups[0]["lr"] = 6e-3 * min(1, step / 50, (STEPS - step) / (STEPS * 0.7))
        some = torch.from_numpy(rng.integers(0, scenes, 16))
        target, near, mask = targets[some], nears[some], masks[some]
        out = model(images[some]).unflatten(2, (cells, cells))
        scores = nn.functional.binary_cross_entropy(out[:, 4:], target, reduction="sum") / mask.sum()
        boxes = (nn.functional.smooth_l1_loss(out[:, :4], near, reduction="none") * mask).sum() / mask.sum()
        loss = scores + boxes / 10
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    print("loss", loss.item(), file=sys.stderr)
    return model.eval()


def letterbox(image, size, fill=114):
    """As Ultralytics places a picture, resized as Pillow does: the picture, its scale and place."""
    width, height = image.size
    ratio = min(size / width, size / height)
    w, h = round(width * ratio), round(height * ratio)
    left, top = (size - w) // 2, (size - h) // 2
    out = Image.new("RGB", (size, size), (fill,) * 3)
    out.paste(image.resize((w, h), 2), (left, top))
    return out, w / width, h / height, left, top


def corners(boxes):
    half = boxes[:, 2:] / 2
    return torch.cat([boxes[:, :2] - half, boxes[:, :2] + half], 1)


def settle(boxes, scores, classes, score, iou, labels):
    """torchvision's batched non-maximum suppression over what scores enough."""
    keep = scores > score
    boxes, scores, classes = boxes[keep], scores[keep], classes[keep]
    keep = torchvision.ops.boxes._batched_nms_vanilla(boxes, scores, classes, iou)
    return [{"box": boxes[i].tolist(), "label": labels[int(classes[i])], "score": float(scores[i])} for i in keep]


def back(found, scale_x, scale_y, left, top, width, height):
    for f in found:
        x0, y0, x1, y1 = f["box"]
        f["box"] = [min(width, max(0, (x0 - left) / scale_x)), min(height, max(0, (y0 - top) / scale_y)), min(width, max(0, (x1 - left) / scale_x)), min(height, max(0, (y1 - top) / scale_y))]
    return found


def export(model, example, path, inputs, outputs, dynamic=None):
    torch.onnx.export(model, (example,), path, input_names=inputs, output_names=outputs, dynamic_axes=dynamic, opset_version=17, dynamo=False)


def yolo(out):
    folder = os.path.join(out, "shapes")
    os.makedirs(os.path.join(folder, "pictures"), exist_ok=True)
    model = train()
    path = os.path.join(folder, "shapes.onnx")
    export(model, torch.zeros(1, 3, SIZE, SIZE), path, ["images"], ["output0"], {"images": {0: "batch"}, "output0": {0: "batch"}})
    file = onnx.load(path)
    for axis, size in enumerate([4 + len(SHAPES), (SIZE // STRIDE) ** 2], 1):
        file.graph.output[0].type.tensor_type.shape.dim[axis].dim_value = size
    file.metadata_props.add(key="names", value=str({i: s for i, s in enumerate(SHAPES)}))
    onnx.save(file, path)
    rng = np.random.default_rng(7)
    expected = {}
    for name, (width, height) in {"wide": (240, 130), "tall": (101, 187), "small": (61, 60)}.items():
        image, _, _ = scene(rng, width, height, min(width, height) // 2)
        image.save(os.path.join(folder, "pictures", name + ".png"))
        boxed, *place = letterbox(image, SIZE)
        with torch.no_grad():
            raw = model(torch.from_numpy(np.asarray(boxed).copy()).permute(2, 0, 1)[None].float() / 255)[0].T
        best, kinds = raw[:, 4:].max(1)
        expected[name] = back(settle(corners(raw[:, :4]), best, kinds, 0.25, 0.45, SHAPES), *place, width, height)
    json.dump(expected, open(os.path.join(folder, "expected.json"), "w"), indent=1)
    json.dump({"resize": "pad", "fill": 114}, open(os.path.join(folder, "image.json"), "w"))


def constants(path, outputs, row=(3, 32, 32), batch=True):
    """A network whose outputs are what they are, whatever the picture is."""
    initializers, nodes, infos = [], [helper.make_node("ReduceMin", ["images"], ["least"], keepdims=0), helper.make_node("Mul", ["least", "zero"], ["nothing"]), helper.make_node("Cast", ["nothing"], ["nothing_i"], to=TensorProto.INT64)], []
    initializers.append(numpy_helper.from_array(np.float32(0), "zero"))
    for name, value in outputs.items():
        initializers.append(numpy_helper.from_array(value, name + "_raw"))
        nodes.append(helper.make_node("Add", [name + "_raw", "nothing" if value.dtype == np.float32 else "nothing_i"], [name]))
        infos.append(helper.make_tensor_value_info(name, TensorProto.FLOAT if value.dtype == np.float32 else TensorProto.INT64, value.shape))
    shape = [1, *row] if batch else list(row)
    graph = helper.make_graph(nodes, "heads", [helper.make_tensor_value_info("images", TensorProto.FLOAT, shape)], infos, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 12)], ir_version=7)
    onnx.checker.check_model(model)
    onnx.save(model, path)


def heads(out):
    """Every other layout, over the same random boxes. Boxes are in pixels of a tensor of 32 by 32, which is the picture."""
    folder = os.path.join(out, "heads")
    os.makedirs(folder, exist_ok=True)
    rng = np.random.default_rng(11)
    anchors, classes, labels = 60, 4, ["a", "b", "c", "d"]
    centers = torch.from_numpy(np.concatenate([rng.uniform(4, 28, (anchors, 2)), rng.uniform(3, 12, (anchors, 2))], 1).astype(np.float32))
    scores = torch.from_numpy(rng.uniform(0, 1, (anchors, classes)).astype(np.float32)) ** 2
    objectness = torch.from_numpy(rng.uniform(0, 1, (anchors, 1)).astype(np.float32))
    boxes = corners(centers)
    expected = {}
    write = lambda name, found: expected.__setitem__(name, back(found, 1, 1, 0, 0, 32, 32))
    save = lambda name, outputs, **more: constants(os.path.join(folder, name + ".onnx"), {k: np.ascontiguousarray(v.numpy() if torch.is_tensor(v) else v) for k, v in outputs.items()}, **more)

    best, kinds = scores.max(1)
    save("yolov8", {"output0": torch.cat([centers, scores], 1).T[None]})
    write("yolov8", settle(boxes, best, kinds, 0.25, 0.45, labels))
    write("yolov8-all", settle(boxes, best, torch.zeros_like(kinds), 0.25, 0.45, ["x"]))
    for f, i in zip(expected["yolov8-all"], [int(k) for k in torchvision.ops.nms(boxes[best > 0.25], best[best > 0.25], 0.45)]):
        f["label"] = labels[int(kinds[best > 0.25][i])]
    both, both_kinds = (scores * objectness).max(1)
    save("yolov5", {"output0": torch.cat([centers, objectness, scores], 1)[None]})
    write("yolov5", settle(boxes, both, both_kinds, 0.25, 0.45, labels))
    # Every class of a box for itself; the first one stands for nothing.
    flat = scores[:, 1:]
    save("ssd", {"boxes": (boxes / 32)[None], "scores": scores[None]})
    write("ssd", settle(boxes.repeat_interleave(classes - 1, 0), flat.reshape(-1), torch.arange(1, classes).repeat(anchors), 0.25, 0.45, labels))
    final = settle(boxes, best, kinds, 0.0, 0.45, labels)
    kept = {"boxes": torch.tensor([f["box"] for f in final]), "labels": torch.tensor([labels.index(f["label"]) for f in final]), "scores": torch.tensor([f["score"] for f in final])}
    write("torchvision", [dict(f) for f in final if f["score"] > 0.5])
    save("torchvision", kept, batch=False)
    write("tensorflow", [dict(f) for f in final if f["score"] > 0.25])
    save("tensorflow", {"detection_boxes": (kept["boxes"] / 32)[None][:, :, [1, 0, 3, 2]], "detection_scores": kept["scores"][None], "detection_classes": kept["labels"][None].float(), "num_detections": torch.tensor([float(len(final))])})
    write("yolov10", [dict(f) for f in final if f["score"] > 0.25])
    save("yolov10", {"output0": torch.cat([kept["boxes"], kept["scores"][:, None], kept["labels"][:, None].float()], 1)[None]})
    json.dump({"labels": labels, "expected": expected}, open(os.path.join(folder, "expected.json"), "w"), indent=1)


class Bare(nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, pixels):
        found = self.model(pixel_values=pixels)
        return found.logits, found.pred_boxes


def transformers_detector(out, name, model, processor, pictures, threshold):
    folder = os.path.join(out, name)
    os.makedirs(os.path.join(folder, "pictures"), exist_ok=True)
    model.eval()
    model.config.architectures = [type(model).__name__]
    model.config.to_json_file(os.path.join(folder, "config.json"))
    processor.to_json_file(os.path.join(folder, "preprocessor_config.json"))
    example = processor(images=pictures["wide"], return_tensors="pt")["pixel_values"]
    with torch.no_grad():
        export(Bare(model).eval(), example, os.path.join(folder, "model.onnx"), ["pixel_values"], ["logits", "pred_boxes"], {"pixel_values": {0: "batch", 2: "height", 3: "width"}, "logits": {0: "batch"}, "pred_boxes": {0: "batch"}})
    expected = {}
    for key, image in pictures.items():
        image.save(os.path.join(folder, "pictures", key + ".png"))
        given = processor(images=image, return_tensors="pt")
        with torch.no_grad():
            found = model(pixel_values=given["pixel_values"])
        result = processor.post_process_object_detection(found, threshold=threshold, target_sizes=[(image.height, image.width)])[0]
        order = torch.argsort(result["scores"], descending=True, stable=True)
        expected[key] = {"size": list(given["pixel_values"].shape[2:]), "detections": back([{"box": result["boxes"][i].tolist(), "label": model.config.id2label[int(result["labels"][i])], "score": float(result["scores"][i])} for i in order], 1, 1, 0, 0, image.width, image.height)}
    json.dump({"score": threshold, "pictures": expected}, open(os.path.join(folder, "expected.json"), "w"), indent=1)


def detr(out):
    from transformers import DetrConfig, DetrForObjectDetection, ResNetConfig
    from transformers.models.detr.image_processing_pil_detr import DetrImageProcessorPil
    torch.manual_seed(5)
    rng = np.random.default_rng(5)
    pictures = {name: scene(rng, *size)[0] for name, size in {"wide": (150, 90), "tall": (70, 160), "long": (220, 60)}.items()}
    backbone = ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic", out_features=["stage2"])
    config = DetrConfig(use_timm_backbone=False, use_pretrained_backbone=False, backbone=None, backbone_config=backbone, num_queries=12, d_model=32, encoder_layers=1, decoder_layers=1, encoder_ffn_dim=32, decoder_ffn_dim=32, encoder_attention_heads=2, decoder_attention_heads=2, id2label={0: "cat", 1: "dog", 2: "bird"})
    model = DetrForObjectDetection(config)
    with torch.no_grad():
        for p in model.parameters():
            if p.dim() > 1:
                p.mul_(2.5)
        # Untrained queries are all alike otherwise.
        model.model.query_position_embeddings.weight.mul_(6)
        model.class_labels_classifier.weight.mul_(2)
    transformers_detector(out, "detr", model, DetrImageProcessorPil(size={"shortest_edge": 64, "longest_edge": 110}), pictures, 0.3)


if __name__ == "__main__":
    chosen = sys.argv[2:] or ["yolo", "heads", "detr"]
    for name in chosen:
        {"yolo": yolo, "heads": heads, "detr": detr}[name](sys.argv[1])
