// The whole example: packs both models, serves them, and runs a plant with its control room until Ctrl-C. Readings go
// through NATS where there is a nats-server on this machine, or the one that --nats names.
//
//     node examples/machine-failure/start.mjs [--drift] [--nats nats://HOST:4222] [--alarm URL] [--port 8080] [--page 8090]

import { example, option } from "../shared/start.mjs";

const { pack, serve, run, startNats } = example(import.meta.dirname);

pack("anomaly.slip", "anomaly.joblib", "--check", "check-anomaly.csv", "--name", "anomaly", "--version", "1.0.0");
pack("failure.slip", "failure.joblib", "--check", "check-failure.csv", "--name", "failure", "--version", "1.0.0");
const url = await serve("anomaly.slip", "failure.slip", "--port", option("port", "8080"));
const nats = option("nats") ?? (await startNats());
const alarm = option("alarm");
run("app.ts", url, "--port", option("page", "8090"), ...(nats ? ["--nats", nats] : []), ...(alarm ? ["--alarm", alarm] : []), ...(process.argv.includes("--drift") ? ["--drift"] : []));
