// For a test: a program in place of training. Of the folder of new data it takes the model that was prepared for whoever
// follows the version in use, and says why it was asked.

import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";

const { SLIPWAY_DATA, SLIPWAY_VERSION, SLIPWAY_EVIDENCE, SLIPWAY_OUTPUT } = process.env;
const { cause, evidence } = JSON.parse(readFileSync(SLIPWAY_EVIDENCE, "utf8"));
console.log(`trained because of ${cause}: ${evidence.name} is ${evidence.value}`);
copyFileSync(join(SLIPWAY_DATA, `after-${SLIPWAY_VERSION}.slip`), SLIPWAY_OUTPUT);
