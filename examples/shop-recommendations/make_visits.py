"""Makes the shop: its catalogue, what visitors looked at last year, and what they look at since summer began.

    python make_visits.py
"""
import csv
import json

import numpy as np

rng = np.random.default_rng(17)
SHELVES = {
    "kitchen": ["chef's knife", "cutting board", "frying pan", "stock pot", "whisk", "kitchen scale", "salad bowl", "peeler"],
    "coffee": ["espresso cups", "coffee grinder", "hand brewer", "milk jug", "coffee beans", "kettle"],
    "desk": ["desk lamp", "notebook", "fountain pen", "pen holder", "desk mat", "paper tray", "stapler"],
    "bedroom": ["duvet", "pillow", "bed linen", "alarm clock", "reading lamp", "wool blanket"],
    "bath": ["towel set", "bath mat", "soap dish", "shower curtain", "mirror"],
    "garden": ["watering can", "seed set", "pruning shears", "flower pot", "garden gloves", "hammock", "lantern"],
    "hiking": ["rucksack", "water bottle", "head torch", "rain jacket", "camping stove", "sleeping bag"],
    "games": ["chess set", "card game", "jigsaw puzzle", "dice", "party game"],
}
NEIGHBOURS = {"kitchen": "coffee", "coffee": "desk", "desk": "games", "bedroom": "bath", "bath": "bedroom", "garden": "hiking", "hiking": "garden", "games": "coffee"}
catalogue = [{"id": name.replace(" ", "-").replace("'", ""), "name": name, "shelf": shelf, "price": round(float(rng.lognormal(3, 0.7)), 2)} for shelf, names in SHELVES.items() for name in names]
by_shelf = {shelf: [c["id"] for c in catalogue if c["shelf"] == shelf] for shelf in SHELVES}
popular = {c["id"]: float(rng.gamma(2)) for c in catalogue}


def visit(near):
    shelf = rng.choice(list(SHELVES))
    looked = []
    for _ in range(2 + rng.poisson(3)):
        at = rng.random()
        aisle = shelf if at < 0.7 else near[shelf] if at < 0.92 else rng.choice(list(SHELVES))
        weight = np.array([popular[i] for i in by_shelf[aisle]])
        looked.append(str(rng.choice(by_shelf[aisle], p=weight / weight.sum())))
    return " ".join(dict.fromkeys(looked))


def write(name, visits):
    with open(name, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["items"])
        writer.writerows([v] for v in visits)


last_year = [visit(NEIGHBOURS) for _ in range(6000)]
write("visits.csv", last_year)
counts = {c["id"]: 0 for c in catalogue}
for looked in last_year:
    for item in looked.split():
        counts[item] += 1
for c in catalogue:
    c["views"] = counts[c["id"]]
json.dump(catalogue, open("items.json", "w"), indent=1)
# Since summer began, people look for what they take outside, across all shelves.
SUMMER = {
    "picnic": ["salad bowl", "cutting board", "wool blanket", "water bottle", "lantern", "card game", "chef's knife"],
    "balcony": ["flower pot", "watering can", "espresso cups", "hammock", "reading lamp", "notebook"],
    "camping": ["camping stove", "kettle", "coffee beans", "sleeping bag", "pillow", "dice", "frying pan", "towel set"],
}
ids = {c["name"]: c["id"] for c in catalogue}
summer = []
for _ in range(1500):
    names = SUMMER[rng.choice(list(SUMMER))]
    looked = list(rng.choice([ids[n] for n in names], min(len(names), 3 + rng.poisson(1)), replace=False))
    summer.append(" ".join(looked))
write("summer.csv", summer)
