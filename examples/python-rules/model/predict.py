"""A model that no converter can read: rules that somebody wrote, with state that is loaded once."""

INPUT = "records"  # or "frame" (pandas, the default where it is installed), or "array" (NumPy)


def load():
    """Once, when the process starts. What it returns is handed to predict."""
    return {"gold": 0.9, "silver": 0.95, "none": 1.0}


def predict(discounts, rows):
    """Many rows at once, answers in the same order: numbers, texts, or a dict of outputs for each row."""
    return [{"price": round(row["list_price"] * discounts[row["tier"] or "none"], 2), "reason": "tier " + (row["tier"] or "none")} for row in rows]
