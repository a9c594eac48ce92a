// The whole example: compiles the model into a folder of plain files, puts the page beside it, and gives the folder until
// Ctrl-C. Any web server can give it as well.
//
//     node examples/image-recognition/start.mjs [--page 8090]

import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { example, option } from "../shared/start.mjs";

const folder = import.meta.dirname;
const { slipway, pack, run } = example(folder);

pack("digits.slip", "digits.joblib", "--check", "check.csv", "--name", "digits", "--version", "1.0.0");
slipway("edge", "digits.slip", "-o", "site", "--target", "browser");
for (const name of ["index.html", "draw.css", "page.js", "dots.js", "service-worker.js"]) copyFileSync(join(folder, name), join(folder, "site", name));
copyFileSync(join(folder, "..", "shared", "page", "style.css"), join(folder, "site", "style.css"));
run("app.ts", "", "--port", option("page", "8090"));
