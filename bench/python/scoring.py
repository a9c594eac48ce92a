"""The model that all servers of bench/python.ts hold: a class that nobody can compile, with some arithmetic in NumPy."""
import numpy as np


class Scoring:
    def __init__(self):
        rng = np.random.default_rng(0)
        self.weights = rng.standard_normal((20, 8))
        self.names = ["low", "mid", "high"]

    def predict(self, rows):
        """[N, 20] numbers -> N texts with a score each: [{"band": ..., "score": ...}]."""
        hidden = np.tanh(np.asarray(rows, dtype=np.float64) @ self.weights)
        scores = 1 / (1 + np.exp(-hidden.sum(axis=1)))
        return [{"band": self.names[min(2, int(s * 3))], "score": float(s)} for s in scores]
