// The whole example: compiles the model into a folder of plain files, puts the page beside it, and gives the folder until
// Ctrl-C. Any web server can give it as well. With --app: the same page as a folder for Capacitor, which makes an app for phones
// of it.
//
//     node examples/image-recognition/start.mjs [--page 8090 | --app]

import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { example, option } from "../shared/start.mjs";

const folder = import.meta.dirname;
const { slipway, pack, run } = example(folder);

pack("digits.slip", "digits.joblib", "--check", "check.csv", "--name", "digits", "--version", "1.0.0");
const app = process.argv.includes("--app");
const site = app ? join("app", "www") : "site";
slipway("edge", "digits.slip", "-o", app ? "app" : "site", "--target", app ? "capacitor" : "browser");
for (const name of ["index.html", "draw.css", "page.js", "dots.js", "service-worker.js"]) copyFileSync(join(folder, name), join(folder, site, name));
copyFileSync(join(folder, "..", "shared", "page", "style.css"), join(folder, site, "style.css"));
if (app) console.log("\nthe page is in app/www: cd app && npm install && npx cap add android && npx cap open android");
else run("app.ts", "", "--port", option("page", "8090"));
