// The whole example: packs both models, serves them, and runs a plant with its control room until Ctrl-C. Readings go
// through NATS where there is a nats-server on this machine, through MQTT with --mqtt where there is mosquitto, or through the
// broker that --broker names.
//
//     node examples/machine-failure/start.mjs [--drift] [--mqtt] [--broker nats://HOST:4222 | --broker mqtt://HOST:1883] [--alarm URL] [--port 8080] [--page 8090]

import { example, option } from "../shared/start.mjs";

const { pack, serve, run, startMqtt, startNats } = example(import.meta.dirname);

pack("anomaly.slip", "anomaly.joblib", "--check", "check-anomaly.csv", "--name", "anomaly", "--version", "1.0.0");
pack("failure.slip", "failure.joblib", "--check", "check-failure.csv", "--name", "failure", "--version", "1.0.0");
const url = await serve("anomaly.slip", "failure.slip", "--port", option("port", "8080"));
const broker = option("broker") ?? (await (process.argv.includes("--mqtt") ? startMqtt() : startNats()));
const alarm = option("alarm");
run("app.ts", url, "--port", option("page", "8090"), ...(broker ? ["--broker", broker] : []), ...(alarm ? ["--alarm", alarm] : []), ...(process.argv.includes("--drift") ? ["--drift"] : []));
