// node device.mjs: the program that runs on a device, from the folder that it lies in. Where it writes is told by systemd
// (STATE_DIRECTORY), or is the folder `state` where it was started.

import { readFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseConfig } from "./config.ts";
import { Device } from "./device.ts";
import { nodeDisk } from "./disk.ts";
import { startService } from "./service.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));
/** A package that was up for so long is not one that ends the process. */
const CONFIRM_MS = 60_000;
const log = (message: string): void => void process.stderr.write(`${message}\n`);
const runtime = join(folder, "onnxruntime", "ort.wasm.min.mjs");

async function main(): Promise<void> {
  const config = await parseConfig(await readFile(join(folder, "device.json")));
  const device = await Device.start({
    disk: nodeDisk, config, folder, log, stateFolder: resolve(process.env["STATE_DIRECTORY"] ?? "state"),
    onnxruntime: existsSync(runtime) ? pathToFileURL(runtime).href : undefined,
  });
  const port = process.env["PORT"] === undefined ? config.listen.port : Number(process.env["PORT"]);
  const server = await startService(device, { host: config.listen.host, port });
  const { port: bound } = server.address() as AddressInfo;
  log(`${config.model} answers on http://${config.listen.host}:${bound}`);
  setInterval(() => void device.confirm(), CONFIRM_MS).unref();
  const turn = async (): Promise<void> => {
    if (config.updates !== undefined) await device.update();
    await device.sendHome();
    if (!stopping) next = setTimeout(() => void turn(), config.everySeconds * 1000 * (0.9 + Math.random() / 5));
  };
  let stopping = false;
  let next: NodeJS.Timeout | undefined;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    clearTimeout(next);
    server.close(() => void device.close());
    server.closeIdleConnections();
  };
  process.once("SIGTERM", stop).once("SIGINT", stop);
  await turn();
}

main().catch((error: unknown) => {
  log(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
