// The whole example: packs both models, serves them, and opens the chat until Ctrl-C.
//
//     node examples/support-chatbot/start.mjs [--port 8080] [--page 8090]

import { example, option } from "../shared/start.mjs";

const { pack, serve, run } = example(import.meta.dirname);

pack("intents.slip", "intents.joblib", "--check", "check-intents.csv", "--name", "intents", "--version", "1.0.0");
pack("search.slip", "search.joblib", "--check", "check-search.csv", "--name", "search", "--version", "1.0.0");
const url = await serve("intents.slip", "search.slip", "--port", option("port", "8080"));
run("app.ts", url, "--port", option("page", "8090"));
