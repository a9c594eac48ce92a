// gRPC beside our own REST, one row a request: the same server process, the same model, the same connections, in turns.
//   node --conditions=@slipway/source bench/grpc.ts [MODEL] [--requests 40000] [--rounds 3] [--connections 16] [--peer HOST:PORT --peer-model NAME]
// MODEL: a model of one matrix, such as a forest fitted on an array (examples/iris/iris.pkl by default).
// --peer asks another server of the Open Inference Protocol over gRPC in the same rounds (MLServer, Triton).
// Load: h2load (Debian: nghttp2-client), closed loop, one request at a time a connection. The server and the load each
// have a processor of their own, where taskset is there.

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { finishFrame, PREFIX } from "../packages/slipway/src/server/grpc/frames.ts";
import { ModelInferRequest } from "../packages/slipway/src/server/grpc/oip/messages.ts";
import { encodeMessage } from "../packages/slipway/src/server/grpc/protobuf/encode.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const option = (name: string): string | undefined => (process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : undefined);
const requests = Number(option("--requests") ?? 40_000);
const rounds = Number(option("--rounds") ?? 3);
const connections = option("--connections") ?? "16";
const file = process.argv[2] === undefined || process.argv[2].startsWith("--") ? join(root, "examples", "iris", "iris.pkl") : process.argv[2];
if (spawnSync("h2load", ["--version"]).error !== undefined) throw new Error("there is no h2load: apt-get install nghttp2-client");
const pinned = spawnSync("taskset", ["--version"]).error === undefined;
const pin = (core: number, command: readonly string[]): string[] => (pinned ? ["taskset", "-c", String(core), ...command] : [...command]);

const [program, ...args] = pin(0, [process.execPath, join(root, "packages", "slipway", "bin", "slipway.mjs"), "serve", `m=${file}`, "--port", "0", "--json", "--log-level", "warn", "--drain-ms", "0"]);
const child = spawn(program!, args, { stdio: ["ignore", "pipe", "inherit"] });
let text = "";
for await (const piece of child.stdout) {
  text += String(piece);
  if (text.includes("}")) break;
}
const { url } = JSON.parse(text) as { url: string };
const metadata = (await (await fetch(`${url}/v2/models/m`)).json()) as { inputs: readonly { name: string; datatype: string; shape: readonly number[] }[] };
const [input] = metadata.inputs;
if (metadata.inputs.length !== 1 || input?.shape.length !== 2) throw new Error(`${file} does not take one matrix`);
const width = input.shape[1]!;
const row = Array.from({ length: width }, (_, i) => (i % 5) + 0.5);

const folder = mkdtempSync(join(tmpdir(), "slipway-grpc-"));
const write = (name: string, bytes: string | Uint8Array): string => {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
};
const grpcBody = (model: string, datatype: "FP64" | "FP32"): Buffer => finishFrame(encodeMessage(ModelInferRequest, {
  model_name: model, inputs: [{ name: input.name, datatype, shape: [1, width] }], raw_input_contents: [new Uint8Array((datatype === "FP64" ? Float64Array.from(row) : Float32Array.from(row)).buffer)],
}, PREFIX));
const oipBody = JSON.stringify({ inputs: [{ ...input, shape: [1, width], data: row }] });
const grpc = ["-H", "content-type: application/grpc", "-H", "te: trailers"];
const json = ["--h1", "-H", "content-type: application/json"];
const infer = "/inference.GRPCInferenceService/ModelInfer";
const contenders: Record<string, readonly string[]> = {
  "REST /predict": [...json, "-d", write("rows", JSON.stringify([row])), `${url}/models/m/predict`],
  "REST /v2": [...json, "-d", write("oip", oipBody), `${url}/v2/models/m/infer`],
  gRPC: [...grpc, "-d", write("grpc", grpcBody("m", "FP64")), `${url}${infer}`],
  "gRPC, 4 streams a connection": [...grpc, "-m", "4", "-d", join(folder, "grpc"), `${url}${infer}`],
};
const peer = option("--peer");
if (peer !== undefined) contenders[`peer ${peer}`] = [...grpc, "-d", write("peer", grpcBody(option("--peer-model") ?? "m", "FP32")), `http://${peer}${infer}`];

/** Of the server's process so far, in microseconds. */
const processorTime = (): number => {
  const fields = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ")[1]!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10_000;
};
const rates = new Map<string, number[]>();
const costs = new Map<string, number[]>();
for (let round = 0; round <= rounds; round++) {
  for (const [name, options] of Object.entries(contenders)) {
    const before = processorTime();
    const [h2load, ...rest] = pin(1, ["h2load", "-n", String(requests), "-c", connections, ...options]);
    const report = execFileSync(h2load!, rest, { encoding: "utf8" });
    const succeeded = Number(/(\d+) succeeded/.exec(report)?.[1]);
    if (succeeded !== requests) throw new Error(`${name}: ${report}`);
    if (round === 0) continue;
    rates.set(name, [...(rates.get(name) ?? []), Number(/([\d.]+) req\/s/.exec(report)![1])]);
    costs.set(name, [...(costs.get(name) ?? []), (processorTime() - before) / requests]);
  }
}
child.kill("SIGTERM");
rmSync(folder, { recursive: true });
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
const base = { rate: median(rates.get("REST /predict")!), cost: median(costs.get("REST /predict")!) };
console.table([...rates].map(([name, values]) => ({
  name, requestsPerSecond: Math.round(median(values)), ofRest: Number((median(values) / base.rate).toFixed(2)),
  processorMicroseconds: name.startsWith("peer") ? undefined : Number(median(costs.get(name)!).toFixed(1)), ofRestByProcessor: name.startsWith("peer") ? undefined : Number((base.cost / median(costs.get(name)!)).toFixed(2)),
})));
