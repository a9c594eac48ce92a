import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get as httpGet } from "node:http";
import { connect as connectHttp2, type ClientHttp2Session } from "node:http2";
import { get as httpsGet, type RequestOptions } from "node:https";
import { once } from "node:events";
import { connect, createServer as createTcpServer } from "node:net";
import { connect as connectTls, type PeerCertificate } from "node:tls";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { loadModelPackage } from "../../runtime/index.ts";
import { matrixModel } from "../../runtime/testing.ts";
import { createServer } from "../app.ts";
import { startServer, type RunningServer } from "../index.ts";
import { makeCertificates } from "../tls/testing.ts";
import { readTlsFiles } from "../tls/files.ts";
import type { Peer } from "./peer.ts";
import { createPort } from "./port.ts";
import { sniff, spokenBy } from "./sniff.ts";

const running: { close(): Promise<void> }[] = [];
const sessions: ClientHttp2Session[] = [];
afterEach(async () => {
  for (const session of sessions.splice(0)) session.destroy();
  await Promise.all(running.splice(0).map((s) => s.close()));
});
async function start(options: Parameters<typeof startServer>[1] = {}): Promise<RunningServer> {
  const server = await startServer([await loadModelPackage(matrixModel())], { port: 0, ...options });
  running.push(server);
  return server;
}
function http2(url: string, options: Parameters<typeof connectHttp2>[1] = {}): ClientHttp2Session {
  const session = connectHttp2(url, options);
  session.on("error", () => undefined);
  sessions.push(session);
  return session;
}
async function ask(session: ClientHttp2Session, path: string, body?: string): Promise<{ status: number; text: string }> {
  const stream = session.request(body === undefined ? { ":path": path } : { ":path": path, ":method": "POST" });
  stream.end(body);
  const head = once(stream, "response") as Promise<[Record<string, number>]>;
  let text = "";
  for await (const piece of stream) text += String(piece);
  return { status: (await head)[0][":status"]!, text };
}
const get = (url: string, options: RequestOptions = {}): Promise<number> => new Promise((resolve, reject) => {
  (url.startsWith("https") ? httpsGet : httpGet)(url, { agent: false, ...options }, (r) => {
    r.resume();
    r.on("end", () => resolve(r.statusCode!));
  }).on("error", reject);
});

describe("one port", () => {
  it("tells protocols by their first bytes", () => {
    expect([spokenBy(Buffer.from([0x16, 3, 1])), spokenBy(Buffer.from("PRI * HTTP/2.0\r\n")), spokenBy(Buffer.from("POST / HTTP/1.1")), spokenBy(Buffer.from("\0"))]).toEqual(["tls", "http2", "http1", "http1"]);
    expect([spokenBy(Buffer.from("")), spokenBy(Buffer.from("P")), spokenBy(Buffer.from("PRI"))]).toEqual([undefined, undefined, undefined]);
  });
  it("serves HTTP/1.1 and HTTP/2 side by side, many requests a connection", async () => {
    const { url } = await start();
    const session = http2(url);
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => ask(session, "/predict", `[${i},1,1]`)));
    expect(answers.map((a) => [a.status, (JSON.parse(a.text) as { predictions: [{ value: number }] }).predictions[0].value])).toEqual(Array.from({ length: 20 }, (_, i) => [200, i + 5]));
    expect((await ask(session, "/nowhere")).status).toBe(404);
    expect(await get(`${url}/health/ready`)).toBe(200);
  });
  it("takes first bytes that come one by one", async () => {
    const { port } = await start();
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    for (const byte of "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 7\r\nConnection: close\r\n\r\n[1,2,3]") {
      socket.write(byte);
      await new Promise((resolve) => setImmediate(resolve));
    }
    let text = "";
    for await (const piece of socket) text += String(piece);
    expect(text).toMatch(/^HTTP\/1\.1 200 .*"value":14/s);
  });
  it("closes a connection that says nothing in time", async () => {
    const gone = new Promise<void>((resolve) => {
      const listener = createTcpServer((socket) => sniff(socket, 20, () => undefined, () => {
        listener.close();
        resolve();
      }));
      listener.listen(0, "127.0.0.1", () => connect((listener.address() as { port: number }).port, "127.0.0.1").write("PR"));
    });
    await gone;
  });
  it("gives up an answer over HTTP/2 that the client takes no more", async () => {
    const app = createServer({ models: [await loadModelPackage(matrixModel())] });
    const door = createPort(app);
    await new Promise<void>((resolve) => door.server.listen(0, "127.0.0.1", resolve));
    const session = http2(`http://127.0.0.1:${(door.server.address() as { port: number }).port}`);
    const stream = session.request({ ":path": "/predict", ":method": "POST" });
    stream.end(JSON.stringify(Array.from({ length: 100_000 }, () => [1, 2, 3])));
    stream.on("error", () => undefined);
    await once(stream, "response");
    stream.close(8);
    while (app.context.telemetry.inFlight > 0) await new Promise((resolve) => setTimeout(resolve, 10));
    await door.close(0);
    await app.context.models.close();
  });
  it("answers an upgrade to h2c over HTTP/1.1", async () => {
    const { url } = await start();
    expect(await get(`${url}/health/live`, { headers: { connection: "Upgrade, HTTP2-Settings", upgrade: "h2c", "http2-settings": "AAMAAABkAAQAoAAAAAIAAAAA" } })).toBe(200);
  });
  it("closes connections that say nothing or speak nonsense, and HTTP/2 that breaks its rules", async () => {
    const server = await start();
    const silent = connect(server.port, "127.0.0.1");
    await once(silent, "connect");
    const broken = connect(server.port, "127.0.0.1");
    broken.on("error", () => undefined);
    broken.write(Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Buffer.alloc(64, 0xff)]));
    broken.resume();
    await once(broken, "close");
    expect(await get(`${server.url}/health/live`)).toBe(200);
    await server.close();
    running.length = 0;
    silent.on("error", () => undefined);
    if (!silent.destroyed) await once(silent.resume(), "close");
  });
  it("tells HTTP/2 clients to go, and finishes what they asked", async () => {
    const server = await start();
    const session = http2(server.url);
    expect((await ask(session, "/health/live")).status).toBe(200);
    const gone = once(session, "goaway") as Promise<[number, number]>;
    const last = ask(session, "/predict", "[1,2,3]");
    await new Promise((resolve) => setTimeout(resolve, 5));
    const closing = server.close();
    expect((await last).status).toBe(200);
    expect((await gone)[0]).toBe(0);
    await closing;
    running.length = 0;
  });
});

const certificates = makeCertificates();
afterAll(() => certificates && rmSync(certificates.folder, { recursive: true }));

describe.skipIf(certificates === undefined)("TLS", () => {
  const { path, issue } = certificates ?? ({} as NonNullable<typeof certificates>);
  const files = { get cert() { return path("server.pem"); }, get key() { return path("server.key"); } };
  const authority = (): { ca: Buffer } => ({ ca: readFileSync(path("ca.pem")) });
  const shown = (port: number): Promise<PeerCertificate> => new Promise((resolve, reject) => {
    const socket = connectTls({ port, host: "127.0.0.1", ...authority() }, () => {
      resolve(socket.getPeerCertificate());
      socket.destroy();
    });
    socket.on("error", reject);
  });

  it("serves HTTP/1.1 and HTTP/2 by ALPN, and refuses plain requests", async () => {
    const { url, port } = await start({ tls: { ...files } });
    expect(url).toBe(`https://127.0.0.1:${port}`);
    expect(await get(`${url}/health/live`, authority())).toBe(200);
    expect((await ask(http2(url, authority()), "/predict", "[1,2,3]")).text).toContain('"value":14');
    expect(await get(`http://127.0.0.1:${port}/health/live`)).toBe(400);
    const old = connectTls({ port, host: "127.0.0.1", ...authority(), maxVersion: "TLSv1.1", minVersion: "TLSv1" });
    expect((await once(old, "error") as [Error])[0]).toBeInstanceOf(Error);
  });
  it("knows clients by their certificate", async () => {
    const options = (client: "required" | "optional") => ({ ...files, ca: path("ca.pem"), client });
    const app = createServer({ models: [await loadModelPackage(matrixModel())] });
    const peers: (Peer | undefined)[] = [];
    const route = app.route.bind(app);
    app.route = (call) => (peers.push(call.peer), route(call));
    for (const client of ["required", "optional"] as const) {
      const door = createPort(app, { tls: readTlsFiles(options(client)) });
      await new Promise<void>((resolve) => door.server.listen(0, "127.0.0.1", resolve));
      running.push({ close: () => door.close(0) });
      const url = `https://127.0.0.1:${(door.server.address() as { port: number }).port}`;
      const known = { ...authority(), cert: readFileSync(path("client.pem")), key: readFileSync(path("client.key")) };
      const stranger = { ...authority(), cert: readFileSync(path("stranger.pem")), key: readFileSync(path("stranger.key")) };
      expect(await get(`${url}/health/live`, known)).toBe(200);
      expect((await ask(http2(url, known), "/health/live")).status).toBe(200);
      expect(peers.splice(0).map((p) => [p?.subject, p?.commonName, p?.alternativeNames])).toEqual(Array.from({ length: 2 }, () => ["O=Shop, CN=checkout", "checkout", ["URI:spiffe://shop/checkout"]]));
      if (client === "required") {
        await expect(get(`${url}/health/live`, stranger)).rejects.toThrow();
        await expect(get(`${url}/health/live`, authority())).rejects.toThrow();
      } else {
        expect([await get(`${url}/health/live`, stranger), await get(`${url}/health/live`, authority())]).toEqual([200, 200]);
        expect(peers.splice(0)).toEqual([undefined, undefined]);
      }
    }
  });
  it("reads changed files again, and keeps the old ones when they do not fit", async () => {
    const [cert, key] = [path("live.pem"), path("live.key")];
    const use = (name: string): void => {
      copyFileSync(path(`${name}.pem`), cert);
      copyFileSync(path(`${name}.key`), key);
    };
    use("server");
    issue("renewed", "/CN=renewed", "subjectAltName=IP:127.0.0.1");
    const lines: string[] = [];
    const { port } = await start({ tls: { cert, key }, log: { level: "info", write: (line) => lines.push(line) } });
    expect((await shown(port)).subject.CN).toBe("localhost");
    writeFileSync(key, "nonsense");
    process.emit("SIGHUP");
    expect(lines.join("")).toContain('"code":"tls-file"');
    expect((await shown(port)).subject.CN).toBe("localhost");
    use("renewed");
    process.emit("SIGHUP");
    expect((await shown(port)).subject.CN).toBe("renewed");
  });
  it("notices a change of the files by itself", async () => {
    const [cert, key] = [path("watched.pem"), path("watched.key")];
    copyFileSync(path("server.pem"), cert);
    copyFileSync(path("server.key"), key);
    const watched = readTlsFiles({ cert, key }, undefined, 20);
    const changed = new Promise<string>((resolve) => {
      const stop = watched.watch(({ key: renewed }) => {
        stop();
        resolve(String(renewed));
      });
    });
    // More than once: the first look at the files is taken in the background.
    const replace = setInterval(() => {
      copyFileSync(path("client.pem"), cert);
      copyFileSync(path("client.key"), key);
    }, 100);
    void changed.then(() => clearInterval(replace));
    expect(await changed).toBe(readFileSync(path("client.key"), "latin1"));
  });
  it("says what is wrong with files", () => {
    issue("old", "/CN=old", "subjectAltName=DNS:old", 0);
    const code = (options: Parameters<typeof readTlsFiles>[0]): string => {
      try {
        readTlsFiles(options);
      } catch (error) {
        return (error as { code: string }).code;
      }
      return "none";
    };
    writeFileSync(path("der.pem"), Buffer.from([0x30, 0x82]));
    expect(code({ ...files, cert: path("nothing.pem") })).toBe("tls-file");
    expect(code({ ...files, cert: path("der.pem") })).toBe("tls-file");
    expect(code({ ...files, cert: path("server.key") })).toBe("tls-certificate");
    expect(code({ ...files, key: path("server.pem") })).toBe("tls-key");
    expect(code({ ...files, key: path("client.key") })).toBe("tls-key");
    expect(code({ cert: path("old.pem"), key: path("old.key") })).toBe("tls-certificate");
    expect(code({ ...files, client: "required" })).toBe("tls-options");
    expect(code({ ...files, ca: path("ca.key") })).toBe("tls-certificate");
  });
});
