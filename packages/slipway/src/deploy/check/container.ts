// An unpacked image, started: by runc, with a read-only root, no capabilities and the image's user; or, where there is no
// runc or no right to use it, as a plain process that takes its files from the folder. Without the network's namespace: the
// check as a whole has one of its own (check-main.ts is started in it).

import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

export interface StartOptions {
  readonly rootfs: string;
  /** A folder for what the start needs, new for each. */
  readonly work: string;
  readonly args: readonly string[];
  /** NAME=VALUE */
  readonly env: readonly string[];
  readonly user: string;
  readonly readOnly: boolean;
  /** Folders of this machine that it may write to, under the same names; needs runc. */
  readonly folders?: readonly string[];
}

export interface Container {
  readonly by: "runc" | "process";
  /** What it printed last, on both. */
  readonly output: () => string;
  /** What it printed on standard output. */
  readonly printed: () => string;
  /** Its exit code; -1 where a signal ended it. */
  readonly exited: Promise<number>;
  /** Once it has ended and all that it printed is here. */
  readonly closed: Promise<void>;
  readonly isOver: () => boolean;
  signal(signal: "SIGTERM" | "SIGKILL"): void;
}

const MAX_OUTPUT = 1 << 20;
const MAX_PRINTED = 1 << 28;

/** Needs root, as it makes namespaces and mounts. */
export const runc: string | undefined = process.platform === "linux" && process.getuid?.() === 0 ? ["runc", "crun"].find((name) => spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0) : undefined;

export function startContainer(options: StartOptions): Container {
  return runc === undefined ? startProcess(options) : startRunc(options, runc);
}

/** Whether it answered 200 in time, and runs on. */
export async function waitReady(container: Container, withinMs: number, get: () => Promise<{ readonly status: number }>): Promise<boolean> {
  for (const end = performance.now() + withinMs; performance.now() < end && !container.isOver(); ) {
    if ((await get()).status === 200) return true;
    await pause(20);
  }
  return false;
}

/** The one line that says why it ended. */
export function lastError(output: string): string {
  const lines = output.trim().split("\n");
  return (lines.find((line) => line.startsWith("slipway: ")) ?? lines.at(-1) ?? "").slice(0, 300) || "it said nothing";
}

function startProcess({ rootfs, args, env }: StartOptions): Container {
  const [program, ...rest] = args as [string, ...string[]];
  const inside = (word: string): string => (word.startsWith("/") ? join(rootfs, word) : word);
  return follow("process", spawn(inside(program), rest.map((word, i) => (i === 0 ? inside(word) : word)), { cwd: rootfs, env: { ...Object.fromEntries(env.map((e) => [e.slice(0, e.indexOf("=")), e.slice(e.indexOf("=") + 1)])), _SLIPWAY_IMAGE_ROOT: rootfs }, stdio: ["ignore", "pipe", "pipe"] }));
}

function startRunc({ rootfs, work, args, env, user, readOnly, folders = [] }: StartOptions, program: string): Container {
  mkdirSync(work, { recursive: true });
  const [uid = 0, gid = 0] = user.split(":").map(Number);
  const none = { bounding: [], effective: [], inheritable: [], permitted: [], ambient: [] };
  const bind = ["nosuid", "noexec", "nodev"];
  writeFileSync(join(work, "config.json"), JSON.stringify({
    ociVersion: "1.0.2",
    process: { terminal: false, user: { uid, gid }, args, env, cwd: "/", capabilities: none, noNewPrivileges: true },
    root: { path: rootfs, readonly: readOnly },
    hostname: "slipway-check",
    mounts: [
      { destination: "/proc", type: "proc", source: "proc" },
      { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "strictatime", "mode=755", "size=65536k"] },
      { destination: "/tmp", type: "tmpfs", source: "tmpfs", options: [...bind, "mode=1777", "size=65536k"] },
      ...folders.map((folder) => ({ destination: folder, type: "bind", source: folder, options: ["rbind", "rw", ...bind] })),
    ],
    linux: { namespaces: [{ type: "pid" }, { type: "ipc" }, { type: "uts" }, { type: "mount" }], cgroupsPath: "", maskedPaths: ["/proc/kcore", "/proc/keys", "/proc/timer_list"], readonlyPaths: ["/proc/sys", "/proc/sysrq-trigger"] },
  }));
  const id = `slipway-check-${process.pid}-${Date.now().toString(36)}`;
  const child = spawn(program, ["--root", join(work, "state"), "run", "--bundle", work, id], { stdio: ["ignore", "pipe", "pipe"] });
  return follow("runc", child, () => void spawnSync(program, ["--root", join(work, "state"), "delete", "--force", id], { stdio: "ignore" }));
}

function follow(by: Container["by"], child: ChildProcess, kill: () => void = () => void child.kill("SIGKILL")): Container {
  let text = "";
  let printed = "";
  let over = false;
  for (const stream of [child.stdout!, child.stderr!]) stream.setEncoding("utf8").on("data", (piece: string) => (text = (text + piece).slice(-MAX_OUTPUT)));
  child.stdout!.on("data", (piece: string) => (printed = (printed + piece).slice(0, MAX_PRINTED)));
  const exited = new Promise<number>((resolve) => {
    child.once("exit", (code) => {
      over = true;
      resolve(code ?? -1);
    });
    child.once("error", (error) => {
      text += error.message;
      over = true;
      resolve(-1);
    });
  });
  const closed = Promise.race([new Promise<void>((resolve) => child.once("close", () => resolve())), new Promise<void>((resolve) => child.once("error", () => resolve()))]);
  return { by, output: () => text, printed: () => printed, exited, closed, isOver: () => over, signal: (signal) => (signal === "SIGKILL" ? kill() : void child.kill(signal)) };
}
