// A real S3 for tests: MinIO in a temporary folder, on loopback or another address of this machine, with one bucket; ended by `stop`.
// Made ready by: scripts/testing-tools.sh minio

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./testing-postgres.ts";

export interface TestMinio {
  readonly endpoint: string;
  readonly user: string;
  readonly password: string;
  /** What it keeps its buckets in. */
  readonly folder: string;
  stop(): Promise<void>;
}

/** `bucket`: a folder below the server's is one. */
export async function startMinio(program: string, bucket: string, host: string = "127.0.0.1"): Promise<TestMinio> {
  const folder = mkdtempSync(join(tmpdir(), "slipway-s3-"));
  mkdirSync(join(folder, bucket));
  const port = await freePort();
  const [user, password] = ["tester", "a/secret+of=tests"];
  const server = spawn(program, ["server", "--quiet", "--address", `${host}:${port}`, folder], { stdio: "ignore", env: { ...process.env, MINIO_ROOT_USER: user, MINIO_ROOT_PASSWORD: password, MINIO_BROWSER: "off" } });
  const endpoint = `http://${host}:${port}`;
  for (let i = 0; ; i++) {
    if (i > 400 || server.exitCode !== null) throw new Error("MinIO does not start");
    // Ready is what refuses to tell strangers of a bucket: before, it says that it is not.
    const answer = await fetch(`${endpoint}/${bucket}/`).catch(() => undefined);
    if (answer?.status === 403) break;
    await sleep(50);
  }
  return {
    endpoint, user, password, folder,
    async stop() {
      const ended = new Promise((done) => server.once("exit", done));
      server.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
