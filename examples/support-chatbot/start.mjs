// The whole example: packs the classifier, indexes the documents, serves both, and opens the chat until Ctrl-C.
//
//     node examples/support-chatbot/start.mjs [--port 8080] [--page 8090]

import { existsSync } from "node:fs";
import { join } from "node:path";
import { example, option } from "../shared/start.mjs";

const { pack, serve, slipway, run } = example(import.meta.dirname);

pack("intents.slip", "intents.joblib", "--check", "check-intents.csv", "--name", "intents", "--version", "1.0.0");
if (!existsSync(join(import.meta.dirname, "search.slip"))) slipway("index", "documents", "--model", "letters.joblib", "--name", "search", "--version", "1.0.0", "-o", "search.slip");
const url = await serve("intents.slip", "search.slip", "--port", option("port", "8080"));
run("app.ts", url, "--port", option("page", "8090"));
