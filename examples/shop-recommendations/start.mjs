// The whole example: packs and registers the model, starts `slipway up`, which trains and rolls out by itself, and opens
// the shop until Ctrl-C.
//
//     node examples/shop-recommendations/start.mjs [--drift] [--every 250] [--port 8080] [--page 8090]

import { existsSync } from "node:fs";
import { join } from "node:path";
import { example, option } from "../shared/start.mjs";
import { RECOMMEND } from "./pack.mjs";

const { slipway, pack, key, up, run } = example(import.meta.dirname);

if (!existsSync(join(import.meta.dirname, "shop.slip"))) {
  pack("shop.slip", "recommend.joblib", ...RECOMMEND, "--check", "check.csv", "--name", "shop", "--version", "1.0.0");
  slipway("registry", "push", "shop.slip", "--alias", "production");
}
process.env.SLIPWAY_API_KEY = key("shop", "operator");
const url = await up("--port", option("port", "8080"));
run("app.ts", url, "--port", option("page", "8090"), "--every", option("every", "250"), ...(process.argv.includes("--drift") ? ["--drift"] : []));
