"""Drawn shapes with the class of each pixel, and masks as answers have them: for the makers of networks that segment."""
import numpy as np
from PIL import Image, ImageDraw
from pycocotools import mask as coco

LABELS = ["background", "square", "circle", "triangle"]


def scene(rng, width, height):
    """Shapes on a quiet ground: a picture, and the class of each pixel."""
    image = Image.new("RGB", (width, height), tuple(int(v) for v in rng.integers(200, 256, 3)))
    truth = Image.new("L", (width, height), 0)
    edge = min(width, height)
    for _ in range(int(rng.integers(1, 4))):
        side = int(rng.integers(edge // 4, edge // 2))
        x, y = int(rng.integers(0, width - side)), int(rng.integers(0, height - side))
        kind = int(rng.integers(1, 4))
        colour = tuple(int(v) for v in rng.integers(0, 150, 3))
        for canvas, fill in ((image, colour), (truth, kind)):
            draw = ImageDraw.Draw(canvas)
            box = (x, y, x + side, y + side)
            if kind == 1:
                draw.rectangle(box, fill=fill)
            elif kind == 2:
                draw.ellipse(box, fill=fill)
            else:
                draw.polygon([(x, y + side), (x + side // 2, y), (x + side, y + side)], fill=fill)
    return image, np.asarray(truth)


def segments(classes, labels):
    found = []
    for c in np.unique(classes):
        runs = coco.encode(np.asfortranarray((classes == c).astype(np.uint8)))
        found.append({"label": labels[c], "class": int(c), "pixels": int(coco.area(runs)), "counts": runs["counts"].decode()})
    return {"size": list(classes.shape), "segments": found}
