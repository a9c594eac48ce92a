// What the examples' start.mjs have in common: the checkout made ready, the model packed and served, and the
// example's own program beside it, until Ctrl-C.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { root, setUp } from "../../scripts/setup.mjs";

const BIN = join(root, "packages", "slipway", "bin", "slipway.mjs");

/** The value of `--NAME VALUE` on the command line. */
export function option(name, otherwise) {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : process.argv[at + 1];
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

export function example(folder) {
  const node = setUp();
  const children = [];
  const stop = () => children.forEach((child) => child.kill("SIGTERM"));
  // A terminal's Ctrl-C reaches the children by itself.
  process.on("SIGTERM", stop);
  process.on("SIGINT", () => process.stdin.isTTY || stop());

  function follow(child) {
    children.push(child);
    child.on("exit", (code) => {
      process.exitCode ||= code ?? 0;
      stop();
    });
    return child;
  }

  /** Runs a command of Slipway's to its end. */
  function slipway(...args) {
    console.log(`\n$ slipway ${args.join(" ")}\n`);
    const { status } = spawnSync(node, [BIN, ...args], { cwd: folder, stdio: "inherit" });
    if (status !== 0) process.exit(status ?? 1);
  }

  async function service(...args) {
    console.log(`\n$ slipway ${args.join(" ")}\n`);
    const child = follow(spawn(node, [BIN, ...args, "--json"], { cwd: folder, stdio: ["ignore", "pipe", "inherit"] }));
    let text = "";
    for await (const line of createInterface({ input: child.stdout })) {
      text += line;
      if (line !== "}" && !(line.startsWith("{") && line.endsWith("}"))) continue;
      const { url, signIn } = JSON.parse(text);
      if (signIn !== undefined) console.log(`the dashboard: ${signIn}`);
      return url;
    }
    return new Promise(() => {}); // it ended, and said why
  }

  return {
    slipway,
    /** Packs once; delete the package to pack anew. */
    pack(out, ...args) {
      if (!existsSync(join(folder, out))) slipway("pack", ...args, "-o", out);
    },
    /** Serves, and resolves with the service's address. */
    serve: (...args) => service("serve", ...args, "--log-level", "warn"),
    /** The same with the registry, the dashboard and what they do by themselves. */
    up: (...args) => service("up", ...args, "--log-level", "warn"),
    /** A key for a program of the example's own. */
    key(name, role) {
      return JSON.parse(spawnSync(node, [BIN, "keys", "create", "--name", name, "--role", role, "--json"], { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).stdout).key;
    },
    /** Starts a NATS server of this machine's on a free port; undefined, and said so, where there is none. */
    async startNats() {
      const program = ["/usr/sbin/nats-server", "/usr/bin/nats-server", "/usr/local/bin/nats-server", "/opt/homebrew/bin/nats-server"].find(existsSync);
      if (program === undefined) return void console.log("there is no nats-server here (apt-get install nats-server, brew install nats-server): readings go over HTTP");
      const child = follow(spawn(program, ["-a", "127.0.0.1", "-p", "-1"], { stdio: ["ignore", "ignore", "pipe"] }));
      for await (const line of createInterface({ input: child.stderr })) {
        const port = /client connections on [^ ]*:(\d+)/.exec(line)?.[1];
        if (port === undefined) continue;
        child.stderr.resume(); // nobody reads the rest
        return `nats://127.0.0.1:${port}`;
      }
    },
    /** The same of mosquitto, which speaks MQTT. It keeps nothing, and takes everybody on this machine. */
    async startMqtt() {
      const program = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto", "/opt/homebrew/sbin/mosquitto"].find(existsSync);
      if (program === undefined) return void console.log("there is no mosquitto here (apt-get install mosquitto, brew install mosquitto): readings go over HTTP");
      const port = await freePort();
      const config = join(mkdtempSync(join(tmpdir(), "slipway-mqtt-")), "mosquitto.conf");
      writeFileSync(config, `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\n`);
      const child = follow(spawn(program, ["-c", config, "-v"], { stdio: ["ignore", "ignore", "pipe"] }));
      for await (const line of createInterface({ input: child.stderr })) {
        if (!/mosquitto version .* running/.test(line)) continue;
        child.stderr.resume(); // nobody reads the rest
        return `mqtt://127.0.0.1:${port}`;
      }
    },
    /** Runs a program of the example's own, which finds the service in SLIPWAY_URL. */
    run(program, url, ...args) {
      follow(spawn(node, ["--disable-warning=ExperimentalWarning", join(folder, program), ...args], { cwd: folder, stdio: "inherit", env: { ...process.env, SLIPWAY_URL: url } }));
    },
  };
}
