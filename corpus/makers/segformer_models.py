"""A small SegFormer that segments drawn shapes, as Hugging Face's libraries keep one with its network in ONNX; with pictures and
what transformers' own image processor makes of its answers, at the pictures' size.

    python segformer_models.py OUT      (torch 2.15, transformers 5.24, onnx 1.23, pillow 12, pycocotools 2.0.11)
"""
import json
import os
import sys

import numpy as np
import onnx
import torch
from drawn_scenes import LABELS, scene, segments
from transformers import SegformerConfig, SegformerForSemanticSegmentation
from transformers.models.segformer.image_processing_pil_segformer import SegformerImageProcessorPil

SIZE, STEPS = 64, 1500
# Between the largest score of a pixel and the second: far more than sums in another order make.
MARGIN = 2e-4


def trained(rng, processor):
    torch.manual_seed(7)
    torch.set_num_threads(1)
    model = SegformerForSemanticSegmentation(SegformerConfig(
        depths=[1, 1, 1, 1], hidden_sizes=[8, 16, 24, 32], num_attention_heads=[1, 1, 2, 2], mlp_ratios=[2, 2, 2, 2], decoder_hidden_size=32, drop_path_rate=0.0, classifier_dropout_prob=0.0,
        id2label=dict(enumerate(LABELS)), label2id={label: i for i, label in enumerate(LABELS)}))
    rate = torch.optim.AdamW(model.parameters(), 2e-3)
    for step in range(STEPS):
        if step == STEPS * 2 // 3:
            rate.param_groups[0]["lr"] = 5e-4
        pairs = [scene(rng, SIZE, SIZE) for _ in range(8)]
        given = processor(images=[p for p, _ in pairs], return_tensors="pt")["pixel_values"]
        loss = model(pixel_values=given, labels=torch.from_numpy(np.stack([t for _, t in pairs])).long()).loss
        rate.zero_grad()
        loss.backward()
        rate.step()
        if step % 100 == 0:
            print(step, float(loss))
    return model.eval()


def main(out):
    os.makedirs(f"{out}/pictures", exist_ok=True)
    rng = np.random.default_rng(7)
    # What do_reduce_labels does to the truth of training pictures has no part in what is predicted.
    plain = SegformerImageProcessorPil(size={"height": SIZE, "width": SIZE})
    model = trained(rng, plain)
    processor = SegformerImageProcessorPil(size={"height": SIZE, "width": SIZE}, do_reduce_labels=True)
    model.config.architectures = [type(model).__name__]
    model.config.save_pretrained(out)
    processor.save_pretrained(out)
    dynamic = {"pixel_values": {0: "batch_size", 1: "num_channels", 2: "height", 3: "width"}, "logits": {0: "batch_size", 1: "num_labels", 2: "height", 3: "width"}}
    torch.onnx.export(model, (torch.zeros(1, 3, SIZE, SIZE),), f"{out}/model.onnx", input_names=["pixel_values"], output_names=["logits"], dynamic_axes=dynamic, opset_version=17, dynamo=False)
    made = onnx.load(f"{out}/model.onnx")
    for node in made.graph.node:
        node.doc_string = ""
    onnx.save(made, f"{out}/model.onnx")
    expected = {}
    for name, size in (("wide", (256, 128)), ("tall", (90, 170)), ("small", (32, 32)), ("odd", (77, 131))):
        for _ in range(400):
            image, truth = scene(rng, *size)
            with torch.no_grad():
                answer = model(pixel_values=processor(images=image, return_tensors="pt")["pixel_values"])
            scores = torch.nn.functional.interpolate(answer.logits, size=(image.height, image.width), mode="bilinear", align_corners=False)[0]
            most = scores.topk(2, dim=0).values
            if float((most[0] - most[1]).min()) > MARGIN and len(np.unique(truth)) > 2:
                break
        else:
            raise SystemExit(f"no picture of {size} is clear enough")
        image.save(f"{out}/pictures/{name}.png")
        classes = processor.post_process_semantic_segmentation(answer, target_sizes=[(image.height, image.width)])[0].numpy()
        expected[name] = segments(classes, LABELS)
        print(name, "right:", float((classes == truth).mean()))
    with open(f"{out}/expected.json", "w") as f:
        json.dump(expected, f, indent=1)
        f.write("\n")


main(sys.argv[1])
