#!/usr/bin/env node
// Runs the built command line; in a checkout the source itself.
// An older Node is answered by the checkout's own (the devDependency `node`), or by a sentence.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const [major, minor] = process.versions.node.split(".").map(Number);

if (major < 22 || (major === 22 && minor < 18)) {
  const own = path("../../../node_modules/node/bin/node");
  if (existsSync(own) && process.env.SLIPWAY_RESTARTED === undefined) {
    const { spawn } = await import("node:child_process");
    const { constants } = await import("node:os");
    const child = spawn(own, [path("./slipway.mjs"), ...process.argv.slice(2)], { stdio: "inherit", env: { ...process.env, SLIPWAY_RESTARTED: "1" } });
    // Who stops this process means the other one. A terminal's Ctrl-C reaches both by itself.
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => signal === "SIGINT" && process.stdin.isTTY ? undefined : child.kill(signal));
    // npm ends the shell between it and this process on SIGTERM, and nobody says so here: another parent does.
    const parent = process.ppid;
    if (process.env.npm_lifecycle_event !== undefined) setInterval(() => process.ppid === parent || child.kill("SIGTERM"), 250).unref();
    process.exit(await new Promise((resolve) => child.on("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal]))));
  }
  console.error(`slipway needs Node 22.18 or later; this is ${process.version}. Install a newer one: https://nodejs.org`);
  process.exit(2);
}

const module = await import("node:module");
module.enableCompileCache?.();
if (existsSync(path("../src/cli/main.ts"))) {
  // In the checkout the packages are taken from their sources, never from a build that may be old.
  module.registerHooks({ resolve: (specifier, context, next) => next(specifier, { ...context, conditions: ["@slipway/source", ...context.conditions] }) });
  const { main } = await import("../src/cli/main.ts");
  await main(process.argv.slice(2));
} else {
  const { main } = await import("../assets/cli/main.js");
  await main(process.argv.slice(2));
}
