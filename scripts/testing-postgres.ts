// A real Postgres for tests: a fresh cluster in a temporary folder, on loopback, ended by `stop`.
// Made ready by: apt-get install postgresql

import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export interface TestPostgres {
  /** Of the user postgres, who needs no password. */
  readonly url: string;
  readonly port: number;
  /** The folder of the data, for pg_hba.conf and certificates. */
  readonly data: string;
  /** Makes an empty database and gives its address. */
  create(name: string): string;
  /** Runs a statement as the superuser. */
  run(sql: string, database?: string): string;
  start(): Promise<void>;
  /** Ends it: "fast" as an administrator would (connections are cut), "kill" as a crash. */
  end(how: "fast" | "kill"): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

const bin: string | undefined = findBin();

function findBin(): string | undefined {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  return [...versions.map((v) => join(debian, v, "bin")), "/usr/local/bin", "/usr/bin", "/opt/homebrew/bin"].find((folder) => existsSync(join(folder, "initdb")));
}

/** Whether tests can have one; where not, a line says how to get it. */
export function hasPostgres(): boolean {
  if (bin !== undefined) return true;
  console.warn("SKIPPED: there is no Postgres (initdb). apt-get install postgresql");
  return false;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address() as { port: number };
  await new Promise((done) => server.close(done));
  return port;
}

/** Postgres refuses to run as root. */
const asRoot: boolean = process.getuid?.() === 0;
function command(tool: string, args: readonly string[]): [string, string[]] {
  return asRoot ? ["runuser", ["-u", "postgres", "--", join(bin!, tool), ...args]] : [join(bin!, tool), [...args]];
}

export async function startPostgres(): Promise<TestPostgres> {
  const folder = mkdtempSync(join(tmpdir(), "slipway-pg-"));
  if (asRoot) chownSync(folder, Number(execFileSync("id", ["-u", "postgres"], { encoding: "utf8" })), Number(execFileSync("id", ["-g", "postgres"], { encoding: "utf8" })));
  const data = join(folder, "d");
  const [initdb, initArgs] = command("initdb", ["-D", data, "-A", "trust", "-U", "postgres", "--no-sync"]);
  execFileSync(initdb, initArgs, { stdio: "ignore", cwd: folder });
  const port = await freePort();
  writeFileSync(join(data, "postgresql.auto.conf"), `listen_addresses = '127.0.0.1'\nport = ${port}\nunix_socket_directories = '${folder}'\nfsync = off\nmax_connections = 300\n`);
  const psql = (sql: string, database = "postgres"): string => execFileSync(join(bin!, "psql"), ["-h", "127.0.0.1", "-p", String(port), "-U", "postgres", "-At", "-d", database, "-c", sql], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  let server: ChildProcess | undefined;

  const postgres: TestPostgres = {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`, port, data,
    run: psql,
    create(name) {
      psql(`create database ${name}`);
      return `postgres://postgres@127.0.0.1:${port}/${name}`;
    },
    async start() {
      const [tool, args] = command("postgres", ["-D", data]);
      const begin = (): ChildProcess => spawn(tool, args, { cwd: folder, stdio: "ignore" });
      let starts = 1;
      server = begin();
      for (let i = 0; i < 600; i++) {
        try {
          psql("select 1");
          return;
        } catch {
          // After a crash it does not start while a backend of before still holds its memory: a supervisor tries again.
          if (server.exitCode !== null && starts++ >= 20) throw new Error("Postgres ended at its start");
          if (server.exitCode !== null) server = begin();
          await sleep(50);
        }
      }
      throw new Error("Postgres does not answer");
    },
    async end(how) {
      if (server === undefined || server.exitCode !== null) return;
      const ended = new Promise((done) => server!.once("exit", done));
      const pid = Number(execFileSync("head", ["-1", join(data, "postmaster.pid")], { encoding: "utf8" }));
      process.kill(pid, how === "fast" ? "SIGINT" : "SIGKILL");
      await ended;
    },
    async stop() {
      await postgres.end("fast");
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await postgres.start();
  return postgres;
}
