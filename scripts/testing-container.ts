// An image run by runc as a cautious platform runs it: its own user, no capabilities, a read-only root with no place to write in
// but the one for shared memory, and no namespaces to be made inside (Docker's and containerd's default seccomp profiles refuse
// that too). On this machine's network, so that a test can ask it.

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const runc: boolean = process.platform === "linux" && process.getuid?.() === 0 && spawnSync("runc", ["--version"], { stdio: "ignore" }).status === 0;
if (!runc) console.warn("SKIPPED: containers need root and runc. apt-get install runc");

export interface TestContainer {
  /** What it printed so far, on both. */
  readonly output: () => string;
  /** Resolves when it printed this; rejects when it ended before. */
  printed(text: string): Promise<void>;
  /** Runs another program in it; what it printed, and its exit code. */
  exec(args: readonly string[]): { readonly status: number | null; readonly out: string };
  /** The process ids on this machine whose command line holds this. */
  processes(word: string): number[];
  stop(): Promise<number | null>;
}

/** @param rootfs the unpacked image @param work a new folder beside it */
export function startTestContainer(rootfs: string, work: string, { args, env }: { readonly args: readonly string[]; readonly env: readonly string[] }): TestContainer {
  mkdirSync(work, { recursive: true });
  const none = { bounding: [], effective: [], inheritable: [], permitted: [], ambient: [] };
  const nothing = ["nosuid", "noexec", "nodev"];
  writeFileSync(join(work, "config.json"), JSON.stringify({
    ociVersion: "1.0.2",
    process: { terminal: false, user: { uid: 65532, gid: 65532 }, args, env, cwd: "/", capabilities: none, noNewPrivileges: true },
    root: { path: rootfs, readonly: true },
    mounts: [
      { destination: "/proc", type: "proc", source: "proc" },
      { destination: "/dev", type: "tmpfs", source: "tmpfs", options: ["nosuid", "strictatime", "mode=755", "size=65536k"] },
      { destination: "/dev/shm", type: "tmpfs", source: "shm", options: [...nothing, "mode=1777", "size=65536k"] },
    ],
    linux: {
      namespaces: [{ type: "pid" }, { type: "ipc" }, { type: "uts" }, { type: "mount" }],
      seccomp: { defaultAction: "SCMP_ACT_ALLOW", syscalls: [{ names: ["unshare", "setns", "mount"], action: "SCMP_ACT_ERRNO" }] },
    },
  }));
  const id = `slipway-test-${process.pid}-${Date.now().toString(36)}`;
  const root = ["--root", join(work, "state")];
  const child = spawn("runc", [...root, "run", "--bundle", work, id], { stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  const seen = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (piece: string) => {
    text += piece;
    for (const look of seen) look();
  });
  const exited = new Promise<number | null>((resolve) => child.once("close", (code) => resolve(code)));
  return {
    output: () => text,
    printed: (wanted) => new Promise((resolve, reject) => {
      const look = (): void => {
        if (text.includes(wanted)) {
          seen.delete(look);
          resolve();
        }
      };
      seen.add(look);
      void exited.then((code) => reject(new Error(`it ended with ${code}: ${text}`)));
      look();
    }),
    exec: (words) => {
      const { status, stdout, stderr } = spawnSync("runc", [...root, "exec", id, ...words], { encoding: "utf8" });
      return { status, out: stdout + stderr };
    },
    processes: (word) => {
      const inside = JSON.parse(execFileSync("runc", [...root, "state", id], { encoding: "utf8" })) as { pid: number };
      return readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(Number).filter((pid) => parentOf(pid) === inside.pid && commandOf(pid).includes(word));
    },
    stop: async () => {
      spawnSync("runc", [...root, "kill", id, "TERM"], { stdio: "ignore" });
      const timer = setTimeout(() => spawnSync("runc", [...root, "delete", "--force", id], { stdio: "ignore" }), 20_000);
      const code = await exited;
      clearTimeout(timer);
      spawnSync("runc", [...root, "delete", "--force", id], { stdio: "ignore" });
      return code;
    },
  };
}

function parentOf(pid: number): number | undefined {
  try {
    return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1]);
  } catch {
    return undefined;
  }
}
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}
