// Run by `slipway up` when enough clicks came: train.py where there is a Python with scikit-learn; else the file that it
// made beforehand, so that the loop can be seen without one.

import { spawnSync } from "node:child_process";
import { copyFileSync } from "node:fs";

const python = process.env.SHOP_PREPARED ? undefined : [".venv/bin/python", "python3", "python"].find((program) => spawnSync(program, ["-c", "import sklearn, pandas"]).status === 0);
if (python === undefined) {
  console.log("no Python with scikit-learn and pandas here: the prepared model is taken");
  copyFileSync("retrained.joblib", process.env.SLIPWAY_OUTPUT);
} else {
  process.exitCode = spawnSync(python, ["train.py"], { stdio: "inherit" }).status ?? 1;
}
