// `npm start`: the main job on a real saved pipeline. Sets the checkout up first if that was not done.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { root, setUp } from "./setup.mjs";

const node = setUp();
const child = spawn(node, ["--conditions=@slipway/source", "--disable-warning=ExperimentalWarning", join(root, "scripts", "demo.ts"), ...process.argv.slice(2)], {
  stdio: "inherit", cwd: root,
  // Compiled once: a later start takes half the time.
  env: { NODE_COMPILE_CACHE: join(root, "node_modules", ".cache", "node"), ...process.env },
});
// A terminal's Ctrl-C reaches both processes by itself.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => signal === "SIGINT" && process.stdin.isTTY ? undefined : child.kill(signal));
// npm ends the shell between it and this process on SIGTERM, and nobody says so here: another parent does.
const parent = process.ppid;
setInterval(() => process.ppid === parent || child.kill("SIGTERM"), 250).unref();
child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" || signal === "SIGTERM" ? 0 : 1)));
