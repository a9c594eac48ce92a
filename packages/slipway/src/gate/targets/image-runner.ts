// The package's image, made for the comparison, and what runs it: podman, with storage of its own so that nothing is left
// behind; else runc on the unpacked image, which needs root. The containers share this machine's network, and what they open
// is on its loopback.

import { execFile, spawn, spawnSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { writeSlip, type ModelPackage } from "@slipway/core/package";
import { openImage, runc, startContainer } from "../../deploy/index.ts";
import { buildImage, hostBase, ownPlatform, storeImage } from "../../image/index.ts";
import { LayoutStore } from "../../oci/index.ts";
import type { Skipped } from "./target.ts";

export interface ImageRun {
  /** Of standard output. */
  readonly printed: () => string;
  readonly errors: () => string;
  readonly exited: Promise<number>;
  stop(): Promise<void>;
}
export interface ImageRunner {
  /** What runs it, for the table. */
  readonly by: string;
  /** A file that containers find under `/data`. */
  put(name: string, text: string): Promise<void>;
  /** @param args in place of the image's command @param env NAME=VALUE */
  start(args: readonly string[], env: readonly string[]): ImageRun;
  close(): Promise<void>;
}

const run = promisify(execFile);
const MAX_OUTPUT = 1 << 28;

export async function imageRunner(source: ModelPackage): Promise<ImageRunner | Skipped> {
  if (process.platform !== "linux") return { skipped: "images hold programs for Linux" };
  const podman = spawnSync("podman", ["--version"], { encoding: "utf8" });
  if (podman.status === 0) return podmanRunner(source, podman.stdout.trim().replace("podman version", "podman"));
  if (runc !== undefined) return runcRunner(source, runc);
  return { skipped: "neither podman nor, as root, runc is here: apt-get install podman" };
}

async function podmanRunner(source: ModelPackage, by: string): Promise<ImageRunner> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-podman-"));
  const data = await dataFolder(folder);
  // Copies in place of mounts, so that removing the folder removes it all. crun refuses machines with cgroups of both versions,
  // and not every machine has systemd.
  const storage = ["--root", join(folder, "root"), "--runroot", join(folder, "run"), "--storage-driver=vfs", "--cgroup-manager=cgroupfs", ...(spawnSync("runc", ["--version"]).status === 0 ? ["--runtime=runc"] : [])];
  const close = async (): Promise<void> => {
    await run("podman", [...storage, "rmi", "--all", "--force"]).catch(() => undefined);
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  };
  try {
    const platform = ownPlatform();
    const store = await LayoutStore.open(join(folder, "layout"), { create: true });
    await storeImage(store, await buildImage({ packages: [source], base: await hostBase(platform, undefined), platform, compress: false }), { tag: "compared" });
    await store.close();
    // By a name within the folder: podman makes the image's name of it, which knows no capitals.
    const { stdout } = await run("podman", [...storage, "pull", "--quiet", "oci:layout:compared"], { cwd: folder });
    const image = stdout.trim();
    // Podman raises both to the most there is by default, which not everybody may.
    const processes = Math.min(4096, Number(/^Max processes\s+\S+\s+(\d+)/m.exec(await readFile("/proc/self/limits", "utf8"))?.[1] ?? Infinity));
    const limits = ["--ulimit", "nofile=1024:1024", "--ulimit", `nproc=${processes}:${processes}`];
    const shut = ["--network=host", "--read-only", "--cap-drop=ALL", "--security-opt=no-new-privileges"];
    return {
      by, put: (name, text) => writeFile(join(data, name), text, { mode: 0o644 }), close,
      start: (args, env) => {
        const child = spawn("podman", [...storage, "run", "--rm", ...shut, ...limits, "--volume", `${data}:/data:ro`, ...env.flatMap((e) => ["--env", e]), image, ...args], { stdio: ["ignore", "pipe", "pipe"] });
        let [printed, errors] = ["", ""];
        child.stdout.setEncoding("utf8").on("data", (piece: string) => (printed = (printed + piece).slice(0, MAX_OUTPUT)));
        child.stderr.setEncoding("utf8").on("data", (piece: string) => (errors = (errors + piece).slice(-20_000)));
        const exited = new Promise<number>((resolve) => {
          child.once("close", (code) => resolve(code ?? -1));
          child.once("error", () => resolve(-1));
        });
        // Podman hands the signal on to the container.
        return { printed: () => printed, errors: () => errors, exited, stop: async () => void (child.kill("SIGTERM"), await exited) };
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Needs root. */
export async function runcRunner(source: ModelPackage, program: string): Promise<ImageRunner> {
  const folder = await mkdtemp(join(tmpdir(), "slipway-runc-"));
  const file = join(folder, "model.slip");
  await writeFile(file, writeSlip(source));
  const { rootfs, work, facts, close } = await openImage(file);
  for (const path of ["proc", "dev", "tmp"]) await mkdir(join(rootfs, path), { recursive: true });
  const data = await dataFolder(rootfs);
  let count = 0;
  return {
    by: `${program}, read-only, as user ${facts.user}`,
    put: (name, text) => writeFile(join(data, name), text, { mode: 0o644 }),
    start: (args, env) => {
      const container = startContainer({ rootfs, work: join(work, `run-${++count}`), args: [...facts.entrypoint, ...args], env: [...facts.env, ...env], user: facts.user, readOnly: true });
      return {
        printed: container.printed, errors: container.output, exited: container.closed.then(() => container.exited),
        stop: async () => void (container.signal("SIGKILL"), await container.exited),
      };
    },
    close: async () => {
      await close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Readable by the image's user, whatever this process's mask is. */
async function dataFolder(parent: string): Promise<string> {
  const data = join(parent, "data");
  await mkdir(data);
  await chmod(data, 0o755);
  return data;
}
