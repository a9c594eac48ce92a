// A real emulator of Azure's Blob storage for tests: Azurite in memory, on loopback; ended by `stop`.
// Made ready by: scripts/testing-tools.sh azurite

import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./testing-postgres.ts";

export interface TestAzurite {
  /** With the account's name in its path. */
  readonly endpoint: string;
  readonly account: string;
  readonly key: string;
  readonly connection: string;
  stop(): Promise<void>;
}

export async function startAzurite(program: string): Promise<TestAzurite> {
  const port = await freePort();
  const [account, key] = ["tester", Buffer.from("a key of tests, which opens nothing").toString("base64")];
  const server = spawn(process.execPath, [program, "--silent", "--disableTelemetry", "--inMemoryPersistence", "--blobHost", "127.0.0.1", "--blobPort", String(port)], { cwd: tmpdir(), stdio: "ignore", env: { ...process.env, AZURITE_ACCOUNTS: `${account}:${key}` } });
  const endpoint = `http://127.0.0.1:${port}/${account}`;
  for (let i = 0; ; i++) {
    if (i > 600 || server.exitCode !== null) throw new Error("Azurite does not start");
    if (await fetch(endpoint).catch(() => undefined)) break;
    await sleep(50);
  }
  return {
    endpoint, account, key, connection: `DefaultEndpointsProtocol=http;AccountName=${account};AccountKey=${key};BlobEndpoint=${endpoint};`,
    async stop() {
      const ended = new Promise((done) => server.once("exit", done));
      server.kill("SIGKILL");
      await ended;
    },
  };
}
