"""Runs onnx.checker on every model of a folder and prints a JSON object: file name to null or the first line of the error.

    python scripts/check-onnx.py FOLDER
"""
import json
import pathlib
import sys

import onnx

found = {}
for path in sorted(pathlib.Path(sys.argv[1]).glob("*.onnx")):
    try:
        onnx.checker.check_model(onnx.load(str(path)), full_check=True)
        found[path.name] = None
    except Exception as error:  # the checker raises several unrelated classes
        found[path.name] = (str(error).strip() or type(error).__name__).splitlines()[0]
print(json.dumps(found))
