from scoring import Scoring

INPUT = "array"


def load():
    return Scoring()


def predict(model, rows):
    return model.predict(rows)
