// Run by `slipway up` when enough clicks came: train.py where there is a Python with scikit-learn; else the file that it
// made beforehand, so that the loop can be seen without one. What it leaves is a package that knows the shop's items.

import { spawnSync } from "node:child_process";
import { copyFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/setup.mjs";
import { RECOMMEND } from "./pack.mjs";

const { SLIPWAY_OUTPUT: output, SLIPWAY_MODEL: model, SHOP_PREPARED: prepared } = process.env;
const run = (program, args) => {
  const { status } = spawnSync(program, args, { stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
};

const python = prepared ? undefined : [".venv/bin/python", "python3", "python"].find((program) => spawnSync(program, ["-c", "import sklearn, pandas"]).status === 0);
if (python === undefined) {
  console.log("no Python with scikit-learn and pandas here: the prepared model is taken");
  copyFileSync("retrained.joblib", output);
} else run(python, ["train.py"]);
run(join(root, "node_modules", "node", "bin", "node"), [join(root, "packages", "slipway", "bin", "slipway.mjs"), "pack", output, ...RECOMMEND, "--name", model, "-o", `${output}.slip`]);
renameSync(`${output}.slip`, output);
