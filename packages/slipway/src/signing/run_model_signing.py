"""Runs the command line of model-signing for every line of arguments (a JSON list) and answers whether it succeeded."""

import json
import sys

from model_signing._cli import main

answers = sys.stdout
sys.stdout = sys.stderr
for line in sys.stdin:
    try:
        main(json.loads(line), standalone_mode=False)
        ok = True
    except SystemExit as done:
        ok = not done.code
    except Exception as error:
        print(error, file=sys.stderr)
        ok = False
    print(json.dumps(ok), file=answers, flush=True)
