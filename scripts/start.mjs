// `npm start`: the main job on a real saved pipeline. Sets the checkout up first if that was not done.

import { spawn } from "node:child_process";
import { join } from "node:path";
import { root, setUp } from "./setup.mjs";

const node = setUp();
const child = spawn(node, ["--conditions=@slipway/source", "--disable-warning=ExperimentalWarning", join(root, "scripts", "demo.ts"), ...process.argv.slice(2)], { stdio: "inherit", cwd: root });
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" || signal === "SIGTERM" ? 0 : 1)));
