// The package's image as platforms run it: asked over HTTP, as a pod with a command of its own, and on Lambda.

import { createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { LambdaEmulator } from "../../functions/index.ts";
import type { Row } from "../context.ts";
import { jsonOf, readAnswer, WAYS } from "../ways.ts";
import type { ImageRun, ImageRunner } from "./image-runner.ts";
import { namedNumbers } from "./named-numbers.ts";
import type { Target, TargetAnswers, TargetRequest } from "./target.ts";

const START_MS = 60_000;
/** An image that hangs is given up after that. */
const ANSWER_MS = 300_000;

function onImage(name: string, ask: (image: ImageRunner, request: TargetRequest) => Promise<TargetAnswers>): Target {
  return {
    name,
    async run(request) {
      const image = await request.image();
      return "skipped" in image ? image : ask(image, request);
    },
  };
}

/** As `POST /predict` gives them. */
const read = (answer: unknown, { direct }: TargetRequest): readonly Row[] => WAYS[0]!.read(answer, direct.outputs);

const served = onImage("image: serve", async (image, request) => {
  const port = await freePort();
  const started = image.start(["serve"], [`SLIPWAY_PORT=${port}`, "SLIPWAY_HOST=127.0.0.1"]);
  try {
    await ready(started, async () => (await fetch(`http://127.0.0.1:${port}/health/ready`)).status === 200);
    const { path, type, body } = WAYS[0]!.request(request.rows, request.source.manifest.name, request.source.signature);
    const [response, text] = await inTime(fetch(`http://127.0.0.1:${port}${path}`, { method: "POST", headers: { "content-type": type }, body }).then(async (r) => [r, await r.text()] as const), started);
    if (response.status !== 200) throw new Error(`the image answered ${response.status}: ${text.slice(0, 300)}`);
    return { rows: read(readAnswer(text), request), ranIn: image.by };
  } finally {
    await started.stop();
  }
});

const command = onImage("image: a pod's command, predict", async (image, request) => {
  const { rows, source: { manifest } } = request;
  await image.put("rows.json", jsonOf(rows));
  const started = image.start(["predict", `/models/${manifest.name}.slip`, "/data/rows.json", "--json"], []);
  const code = await inTime(started.exited, started).catch(async (error: unknown) => {
    await started.stop();
    throw error;
  });
  if (code !== 0) throw new Error(`it ended with ${code}: ${lastLine(started)}`);
  return { rows: readAnswer(started.printed()) as Row[], ranIn: image.by };
});

const lambda = onImage("image: Lambda's runtime interface", async (image, request) => {
  const emulator = await LambdaEmulator.start();
  const started = image.start(["serve"], [`AWS_LAMBDA_RUNTIME_API=${emulator.host}`, "AWS_LAMBDA_FUNCTION_NAME=compared", "AWS_LAMBDA_FUNCTION_VERSION=$LATEST", "AWS_REGION=eu-west-1"]);
  try {
    let [over, failed] = [false, ""];
    void emulator.ready.then(() => (over = true), (error: unknown) => (failed = JSON.stringify(error)));
    await ready(started, () => {
      if (failed !== "") throw new Failed(`its start failed: ${failed.slice(0, 300)}`);
      return Promise.resolve(over);
    });
    const { ok, payload } = await inTime(emulator.invoke(jsonOf({ records: request.rows.map(namedNumbers) })), started);
    if (!ok) throw new Error(`the function failed: ${JSON.stringify(payload).slice(0, 300)}`);
    return { rows: read(payload, request), ranIn: image.by };
  } finally {
    await started.stop();
    await emulator.close();
  }
});

class Failed extends Error {}

async function ready(started: ImageRun, isReady: () => Promise<boolean>): Promise<void> {
  let code: number | undefined;
  void started.exited.then((c) => (code = c));
  for (const end = Date.now() + START_MS; Date.now() < end; await pause(50)) {
    if (code !== undefined) throw new Error(`it ended with ${code}: ${lastLine(started)}`);
    try {
      if (await isReady()) return;
    } catch (error) {
      if (error instanceof Failed) throw error;
    }
  }
  throw new Error(`it is not ready after ${START_MS / 1000} s: ${lastLine(started)}`);
}

async function inTime<T>(answer: Promise<T>, started: ImageRun): Promise<T> {
  const over = new AbortController();
  try {
    return await Promise.race([answer, pause(ANSWER_MS, undefined, { signal: over.signal }).then((): never => { throw new Error(`it did not answer within ${ANSWER_MS / 1000} s: ${lastLine(started)}`); })]);
  } finally {
    over.abort();
  }
}

function lastLine(started: ImageRun): string {
  const lines = started.errors().trim().split("\n");
  return (lines.find((line) => line.startsWith("slipway: ")) ?? lines.at(-1) ?? "").slice(0, 300);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject).listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

export const IMAGE_TARGETS: readonly Target[] = [served, command, lambda];
