// A real Postgres for tests: a fresh cluster in a temporary folder, on loopback, ended by `stop`.
// Made ready by: apt-get install postgresql
import { execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
const bin = findBin();
function findBin() {
    const debian = "/usr/lib/postgresql";
    const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
    return [...versions.map((v) => join(debian, v, "bin")), "/usr/local/bin", "/usr/bin", "/opt/homebrew/bin"].find((folder) => existsSync(join(folder, "initdb")));
}
/** Whether tests can have one; where not, a line says how to get it. */
export function hasPostgres() {
    if (bin !== undefined)
        return true;
    console.warn("SKIPPED: there is no Postgres (initdb). apt-get install postgresql");
    return false;
}
export async function freePort() {
    const server = createServer();
    await new Promise((done) => server.listen(0, "127.0.0.1", done));
    const { port } = server.address();
    await new Promise((done) => server.close(done));
    return port;
}
/** Postgres refuses to run as root. */
const asRoot = process.getuid?.() === 0;
function command(tool, args) {
    return asRoot ? ["runuser", ["-u", "postgres", "--", join(bin, tool), ...args]] : [join(bin, tool), [...args]];
}
export async function startPostgres() {
    const folder = mkdtempSync(join(tmpdir(), "slipway-pg-"));
    if (asRoot)
        chownSync(folder, Number(execFileSync("id", ["-u", "postgres"], { encoding: "utf8" })), Number(execFileSync("id", ["-g", "postgres"], { encoding: "utf8" })));
    const data = join(folder, "d");
    const [initdb, initArgs] = command("initdb", ["-D", data, "-A", "trust", "-U", "postgres", "--no-sync"]);
    execFileSync(initdb, initArgs, { stdio: "ignore", cwd: folder });
    const port = await freePort();
    writeFileSync(join(data, "postgresql.auto.conf"), `listen_addresses = '127.0.0.1'\nport = ${port}\nunix_socket_directories = '${folder}'\nfsync = off\nmax_connections = 300\n`);
    const psql = (sql, database = "postgres") => execFileSync(join(bin, "psql"), ["-h", "127.0.0.1", "-p", String(port), "-U", "postgres", "-At", "-d", database, "-c", sql], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    let server;
    const postgres = {
        url: `postgres://postgres@127.0.0.1:${port}/postgres`, port, data,
        run: psql,
        create(name) {
            psql(`create database ${name}`);
            return `postgres://postgres@127.0.0.1:${port}/${name}`;
        },
        async start() {
            const [tool, args] = command("postgres", ["-D", data]);
            server = spawn(tool, args, { cwd: folder, stdio: "ignore" });
            for (let i = 0; i < 600; i++) {
                try {
                    psql("select 1");
                    return;
                }
                catch {
                    if (server.exitCode !== null)
                        throw new Error("Postgres ended at its start");
                    await sleep(50);
                }
            }
            throw new Error("Postgres does not answer");
        },
        async end(how) {
            if (server === undefined || server.exitCode !== null)
                return;
            const ended = new Promise((done) => server.once("exit", done));
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
