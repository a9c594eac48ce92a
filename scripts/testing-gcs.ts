// A real emulator of Google's Cloud Storage for tests: fake-gcs-server in memory, on loopback, with one bucket; ended by `stop`.
// Made ready by: scripts/testing-tools.sh fake-gcs-server
//
// In front of it stands what the emulator leaves out of the JSON API, after https://cloud.google.com/storage/docs/json_api/v1: who asks
// has to have a token, which the token service here gives for a word that the service account's key has signed; and copies and
// removals take notice of ifGenerationMatch.

import { createVerify, generateKeyPairSync } from "node:crypto";
import { spawn } from "node:child_process";
import { createServer, request as send, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "./testing-postgres.ts";

export interface TestGcs {
  readonly endpoint: string;
  /** The key file of a service account, as JSON. */
  readonly keyFile: string;
  /** How many tokens were given. */
  tokens(): number;
  /** From now on those of before are worth nothing. */
  expire(): void;
  stop(): Promise<void>;
}

export async function startGcs(program: string, bucket: string): Promise<TestGcs> {
  const port = await freePort();
  const server = spawn(program, ["-backend", "memory", "-scheme", "http", "-host", "127.0.0.1", "-port", String(port)], { stdio: "ignore" });
  const emulator = `http://127.0.0.1:${port}`;
  for (let i = 0; ; i++) {
    if (i > 400 || server.exitCode !== null) throw new Error("fake-gcs-server does not start");
    if ((await fetch(`${emulator}/_internal/healthcheck`).catch(() => undefined))?.ok === true) break;
    await sleep(50);
  }
  await fetch(`${emulator}/storage/v1/b?project=tests`, { method: "POST", body: JSON.stringify({ name: bucket }) });

  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const email = "tester@tests.iam.gserviceaccount.com";
  const good = new Set<string>();
  let given = 0;
  const front = createServer((asked, answer) => void act(asked, answer).catch(() => answer.destroy()));
  await new Promise<void>((done) => front.listen(0, "127.0.0.1", done));
  const endpoint = `http://127.0.0.1:${(front.address() as AddressInfo).port}`;

  const generationOf = async (path: string): Promise<string> => {
    const found = await fetch(`${emulator}${path}`);
    return found.ok ? ((await found.json()) as { generation: string }).generation : "0";
  };
  async function act(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const url = new URL(asked.url!, endpoint);
    const refuse = (status: number, reason: string): void => void answer.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ error: { code: status, errors: [{ reason }] } }));
    if (url.pathname === "/token") {
      const form = new URLSearchParams(Buffer.concat(await asked.toArray() as Buffer[]).toString("utf8"));
      const [head, claims, signature] = (form.get("assertion") ?? "").split(".");
      const said = JSON.parse(Buffer.from(claims ?? "", "base64url").toString("utf8") || "{}") as { iss?: string; aud?: string; exp?: number };
      if (said.iss !== email || said.aud !== `${endpoint}/token` || !(said.exp! > Date.now() / 1000) || !createVerify("RSA-SHA256").update(`${head!}.${claims!}`).verify(publicKey, signature!, "base64url")) return void answer.writeHead(400).end(JSON.stringify({ error: "invalid_grant" }));
      good.add(`token-${++given}`);
      return void answer.writeHead(200).end(JSON.stringify({ access_token: `token-${given}`, expires_in: 3600, token_type: "Bearer" }));
    }
    if (!good.has(/^Bearer (\S+)$/.exec(asked.headers.authorization ?? "")?.[1] ?? "")) return refuse(401, "authError");
    const wanted = url.searchParams.get("ifGenerationMatch");
    const target = asked.method === "DELETE" ? url.pathname : /\/rewriteTo(\/.*)$/.exec(url.pathname)?.[1];
    if (wanted !== null && target !== undefined && (await generationOf(target.replace(/^(?!\/storage)/, "/storage/v1"))) !== wanted) return refuse(412, "conditionNotMet");
    const on = send(`${emulator}${asked.url!}`, { method: asked.method, headers: asked.headers }, (got) => {
      answer.writeHead(got.statusCode!, got.headers);
      got.pipe(answer);
    });
    on.on("error", () => answer.destroy());
    asked.pipe(on);
  }
  return {
    endpoint, tokens: () => given, expire: () => good.clear(),
    keyFile: JSON.stringify({ type: "service_account", client_email: email, private_key: privateKey.export({ type: "pkcs8", format: "pem" }), token_uri: `${endpoint}/token` }),
    async stop() {
      front.closeAllConnections();
      front.close();
      const ended = new Promise((done) => server.once("exit", done));
      server.kill("SIGKILL");
      await ended;
    },
  };
}
