// A registry that lies, stalls, loops and breaks off: every answer ends in a coded error, in bounded time and memory, and
// no credentials leave for where they do not belong.

import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { collect } from "../testing-contract.ts";
import { MEDIA_TYPE } from "../parse-manifest.ts";
import { RegistryStore } from "./registry-store.ts";

type Handler = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void;
interface Fake {
  readonly host: string;
  readonly seen: { readonly method: string; readonly url: string; readonly authorization: string | undefined }[];
}

const servers: Server[] = [];
const home = mkdtempSync(join(tmpdir(), "slipway-hostile-"));
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

async function fake(handle: Handler): Promise<Fake> {
  const seen: Fake["seen"][number][] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (c: Buffer) => chunks.push(c));
    request.on("error", () => {});
    request.on("end", () => {
      // What finds out about TLS.
      if (request.url !== "/v2/") seen.push({ method: request.method!, url: request.url!, authorization: request.headers.authorization });
      handle(request, response, Buffer.concat(chunks));
    });
  });
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}
const open = (host: string, more: Record<string, string> = {}, options: object = {}): Promise<RegistryStore> =>
  RegistryStore.open(host, "a/b", { home, env: { PATH: process.env["PATH"], ...more }, retry: { attempts: 3, firstMs: 1, longestMs: 20 }, limits: { idleMs: 300 }, ...options });
const login = (host: string, entry: object): Record<string, string> => {
  const path = join(home, `${randomBytes(6).toString("hex")}.json`);
  writeFileSync(path, JSON.stringify({ auths: { [host]: entry } }));
  return { REGISTRY_AUTH_FILE: path };
};
const ADA = { auth: Buffer.from("ada:secret").toString("base64") };
const code = (c: string): object => expect.objectContaining({ code: c });
const sha = (bytes: Uint8Array): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const BLOB = randomBytes(3_000_000);

describe("blobs", () => {
  it("are refused when they are others than asked for, longer, or shorter", async () => {
    const digest = sha(BLOB);
    const read = async (handle: Handler, size?: number): Promise<Uint8Array> => (await open((await fake(handle)).host)).readBlob(digest, { maxBytes: 4_000_000, ...(size === undefined ? {} : { size }) });
    await expect(read((_, r) => r.end(randomBytes(100)))).rejects.toThrow(code("oci-digest-mismatch"));
    await expect(read((_, r) => r.end(BLOB.subarray(1)), BLOB.length)).rejects.toThrow(code("oci-digest-mismatch"));
    await expect(read((_, r) => r.writeHead(200, { "content-length": "99999999999" }).flushHeaders())).rejects.toThrow(code("oci-too-large"));
    // Without a length, without an end.
    await expect(read((_, r) => {
      const pour = (): void => {
        if (!r.destroyed) r.write(Buffer.alloc(100_000), () => setImmediate(pour));
      };
      pour();
    })).rejects.toThrow(code("oci-too-large"));
    await expect(read((_, r) => void r.writeHead(200, { "content-length": "100" }).write("x"))).rejects.toThrow(code("oci-timeout"));
  });

  it("go on where the connection broke, and are whole in the end", async () => {
    let answers = 0;
    const server = await fake((request, r) => {
      const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
      const rest = BLOB.subarray(from);
      r.writeHead(from > 0 ? 206 : 200, { "content-length": String(rest.length), ...(from > 0 ? { "content-range": `bytes ${from}-${BLOB.length - 1}/${BLOB.length}` } : {}) });
      if (answers++ < 2) r.write(rest.subarray(0, 1_200_000), () => r.destroy());
      else r.end(rest);
    });
    const store = await open(server.host);
    expect(Buffer.compare(await store.readBlob(sha(BLOB), { maxBytes: BLOB.length, size: BLOB.length }), BLOB)).toBe(0);
    expect(answers).toBe(3);
  });

  it("are refused when another part comes than the one that was missing", async () => {
    let first = true;
    const server = await fake((_, r) => {
      if (first) r.writeHead(200, { "content-length": String(BLOB.length) }).write(BLOB.subarray(0, 1_200_000), () => r.destroy());
      else r.writeHead(206, { "content-range": `bytes 0-9/${BLOB.length}`, "content-length": "10" }).end(BLOB.subarray(0, 10));
      first = false;
    });
    await expect((await open(server.host)).readBlob(sha(BLOB), { maxBytes: BLOB.length })).rejects.toThrow(code("oci-malformed"));
  });
});

describe("manifests and lists", () => {
  const manifest = (handle: Handler, reference = "v1"): Promise<unknown> => fake(handle).then((s) => open(s.host)).then((store) => store.readManifest(reference));

  it("are refused when they are none, too large, or another than the digest says", async () => {
    await expect(manifest((_, r) => r.end("<html>"))).rejects.toThrow(code("oci-malformed"));
    await expect(manifest((_, r) => r.end("null"))).rejects.toThrow(code("oci-malformed"));
    await expect(manifest((_, r) => r.end(`${"[".repeat(200_000)}`))).rejects.toThrow(code("oci-malformed"));
    await expect(manifest((_, r) => r.end(Buffer.alloc(5 << 20, 32)))).rejects.toThrow(code("oci-too-large"));
    const config = { mediaType: MEDIA_TYPE.empty, digest: `sha256:${"0".repeat(64)}`, size: 2 };
    await expect(manifest((_, r) => r.end(JSON.stringify({ schemaVersion: 2, config, layers: [{ ...config, digest: "sha256:../../x" }] })))).rejects.toThrow(code("oci-malformed"));
    await expect(manifest((_, r) => r.end(JSON.stringify({ schemaVersion: 2, config, layers: [{ ...config, size: -1 }] })))).rejects.toThrow(code("oci-malformed"));
    await expect(manifest((_, r) => r.end(JSON.stringify({ schemaVersion: 2, config, layers: Array.from({ length: 1001 }, () => config) })))).rejects.toThrow(code("oci-malformed"));
    // An index to one reader and a manifest to another.
    await expect(manifest((_, r) => r.writeHead(200, { "content-type": MEDIA_TYPE.index }).end(JSON.stringify({ schemaVersion: 2, mediaType: MEDIA_TYPE.manifest, config, layers: [] })))).rejects.toThrow(code("oci-malformed"));
    await expect(manifest((_, r) => r.end(JSON.stringify({ schemaVersion: 2, config, layers: [] })), `sha256:${"1".repeat(64)}`)).rejects.toThrow(code("oci-digest-mismatch"));
  });

  it("end, also where the registry would go on for ever or leads elsewhere", async () => {
    const tags = async (handle: Handler): Promise<string[]> => collect((await open((await fake(handle)).host)).tags());
    await expect(tags((_, r) => r.writeHead(200, { link: '</v2/a/b/tags/list?last=x>; rel="next"' }).end('{"tags":["x"]}'))).rejects.toThrow(code("oci-malformed"));
    await expect(tags((_, r) => r.writeHead(200, { link: '<http://127.0.0.1:1/v2/>; rel="next"' }).end('{"tags":["x"]}'))).rejects.toThrow(code("oci-redirect"));
    await expect(tags((_, r) => r.end('{"tags":"x"}'))).rejects.toThrow(code("oci-malformed"));
    expect(await tags((_, r) => r.end('{"tags":["ok","../no","sha256-xyz",7]}'))).toEqual(["7", "ok", "sha256-xyz"]);
  });
});

describe("failures", () => {
  it("are asked again a few times, and then told with what the registry said, without control characters", async () => {
    const busy = await fake((_, r) => r.writeHead(503, { "retry-after": "99999" }).end(JSON.stringify({ errors: [{ code: "UNAVAILABLE", message: "later\u001b[31m please" }] })));
    await expect((await open(busy.host)).readManifest("v1")).rejects.toThrow(expect.objectContaining({ code: "oci-unavailable", message: expect.stringMatching(/UNAVAILABLE later \[31m please/) as string }));
    expect(busy.seen).toHaveLength(3);
    const limited = await fake((_, r) => r.writeHead(429).end());
    await expect((await open(limited.host)).readManifest("v1")).rejects.toThrow(code("oci-rate-limited"));
    const broken = await fake((request) => request.socket.destroy());
    await expect((await open(broken.host, {}, { plainHttp: true })).readManifest("v1")).rejects.toThrow(code("oci-unavailable"));
    const silent = await fake(() => {});
    await expect((await open(silent.host, {}, { plainHttp: true })).readManifest("v1")).rejects.toThrow(code("oci-timeout"));
  });

  it("pass when the registry recovers", async () => {
    let asked = 0;
    const server = await fake((_, r) => (asked++ < 2 ? r.writeHead(502).end() : r.writeHead(404).end()));
    await expect((await open(server.host)).readManifest("v1")).rejects.toThrow(code("oci-not-found"));
  });
});

describe("redirects", () => {
  it("are followed to other hosts without credentials", async () => {
    const bytes = randomBytes(1000);
    const other = await fake((_, r) => r.end(bytes));
    const server = await fake((request, r) => (request.headers.authorization === undefined ? r.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end() : r.writeHead(307, { location: `http://${other.host}/blob?signed=1` }).end()));
    const store = await open(server.host, login(server.host, ADA));
    expect(Buffer.compare(await store.readBlob(sha(bytes), { maxBytes: 1000 }), bytes)).toBe(0);
    expect(server.seen.at(-1)!.authorization).toBe(`Basic ${ADA.auth}`);
    expect(other.seen).toEqual([{ method: "GET", url: "/blob?signed=1", authorization: undefined }]);
  });

  it("that ask for credentials on the way get none", async () => {
    const other = await fake((_, r) => r.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end());
    const server = await fake((request, r) => (request.headers.authorization === undefined ? r.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end() : r.writeHead(307, { location: `http://${other.host}/` }).end()));
    await expect((await open(server.host, { ...login(server.host, ADA) })).readBlob(sha(BLOB), { maxBytes: 1 })).rejects.toThrow(code("oci-unauthenticated"));
    expect(other.seen.every((s) => s.authorization === undefined)).toBe(true);
  });

  it("are refused in circles, to plain HTTP elsewhere, and to what is no address", async () => {
    const blob = async (location: string): Promise<unknown> => (await open((await fake((_, r) => r.writeHead(302, { location }).end())).host)).readBlob(sha(BLOB), { maxBytes: 1 });
    await expect(blob("/again")).rejects.toThrow(code("oci-redirect"));
    await expect(blob("http://registry.example/x")).rejects.toThrow(code("oci-insecure"));
    await expect(blob("file:///etc/passwd")).rejects.toThrow(code("oci-redirect"));
    await expect(blob("http://ada:secret@127.0.0.1/")).rejects.toThrow(code("oci-redirect"));
    await expect(blob("http://[")).rejects.toThrow(code("oci-malformed"));
  });

  it("of uploads get no credentials either", async () => {
    const other = await fake((_, r) => r.writeHead(201).end());
    const server = await fake((request, r) => {
      if (request.headers.authorization === undefined) r.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
      else if (request.method === "HEAD") r.writeHead(404).end();
      else r.writeHead(202, { location: `http://${other.host}/upload` }).end();
    });
    await (await open(server.host, login(server.host, ADA))).writeBlob(randomBytes(10));
    expect(other.seen).toHaveLength(1);
    expect(other.seen[0]).toMatchObject({ method: "PUT", authorization: undefined });
  });
});

describe("token servers", () => {
  /** A registry that names this token server and takes the token "good". */
  const registry = (challenge: string): Promise<Fake> => fake((request, r) => (request.headers.authorization === "Bearer good" ? r.writeHead(404).end() : r.writeHead(401, { "www-authenticate": challenge }).end()));
  const bearer = (realm: string): string => `Bearer realm="${realm}",service="tests",scope="repository:a/b:pull"`;

  it("get the user's name and password, and the registry gets the token", async () => {
    const tokens = await fake((_, r) => r.end('{"token":"good","expires_in":300}'));
    const server = await registry(bearer(`http://${tokens.host}/token`));
    const store = await open(server.host, login(server.host, ADA));
    for (let i = 0; i < 3; i++) await expect(store.readManifest("v1")).rejects.toThrow(code("oci-not-found"));
    expect(tokens.seen).toHaveLength(1);
    expect(tokens.seen[0]).toMatchObject({ method: "GET", authorization: `Basic ${ADA.auth}` });
    expect(Object.fromEntries(new URL(tokens.seen[0]!.url, "http://x").searchParams)).toEqual({ service: "tests", scope: "repository:a/b:pull", account: "ada" });
    expect(server.seen.every((s) => s.authorization === undefined || s.authorization === "Bearer good")).toBe(true);
  });

  it("get an identity token as OAuth2 has it", async () => {
    let form = "";
    const tokens = await fake((_, r, body) => {
      form = body.toString();
      r.end('{"access_token":"good"}');
    });
    const server = await registry(bearer(`http://${tokens.host}/token`));
    await expect((await open(server.host, login(server.host, { identitytoken: "refresh me" }))).readManifest("v1")).rejects.toThrow(code("oci-not-found"));
    expect(Object.fromEntries(new URLSearchParams(form))).toMatchObject({ grant_type: "refresh_token", refresh_token: "refresh me", service: "tests", scope: "repository:a/b:pull" });
  });

  it("are asked again when a token has ended", async () => {
    let made = 0;
    const tokens = await fake((_, r) => r.end(`{"token":"t${++made}","expires_in":300}`));
    const server = await fake((request, r) => (request.headers.authorization === `Bearer t${made}` && made > 1 ? r.writeHead(404).end() : r.writeHead(401, { "www-authenticate": bearer(`http://${tokens.host}/`) }).end()));
    await expect((await open(server.host)).readManifest("v1")).rejects.toThrow(code("oci-not-found"));
    expect(made).toBe(2);
  });

  it("are refused without encryption elsewhere, with nonsense for an address or an answer, and where they redirect", async () => {
    const ask = async (challenge: string): Promise<unknown> => {
      const server = await registry(challenge);
      return (await open(server.host, login(server.host, ADA))).readManifest("v1");
    };
    await expect(ask(bearer("http://tokens.example/"))).rejects.toThrow(code("oci-insecure"));
    await expect(ask(bearer("file:///etc/passwd"))).rejects.toThrow(code("oci-malformed"));
    await expect(ask(bearer("http://x:y@127.0.0.1/"))).rejects.toThrow(code("oci-malformed"));
    await expect(ask('Bearer realm="')).rejects.toThrow(code("oci-malformed"));
    await expect(ask("Negotiate abc")).rejects.toThrow(code("oci-unauthenticated"));
    await expect(ask(`Digest ${"x".repeat(7000)}`)).rejects.toThrow(code("oci-unauthenticated"));
    const answers: [Handler, string][] = [
      [(_, r) => r.end("no json"), "oci-malformed"],
      [(_, r) => r.end("{}"), "oci-malformed"],
      [(_, r) => r.end(JSON.stringify({ token: "a\r\nx-evil: 1" })), "oci-malformed"],
      [(_, r) => r.end(JSON.stringify({ token: "x".repeat(70_000) })), "oci-malformed"],
      [(_, r) => r.end(Buffer.alloc(2 << 20, 32)), "oci-too-large"],
      [(_, r) => r.writeHead(302, { location: "/" }).end(), "oci-redirect"],
      [(_, r) => r.writeHead(401).end(), "oci-unauthenticated"],
      [(_, r) => r.end('{"token":"bad"}'), "oci-unauthenticated"],
    ];
    for (const [handle, expected] of answers) {
      const tokens = await fake(handle);
      await expect(ask(bearer(`http://${tokens.host}/`))).rejects.toThrow(code(expected));
    }
  });
});

describe("uploads", () => {
  it("go on where the registry says it has come, and are refused where it cannot have come so far", async () => {
    const bytes = randomBytes(250_000);
    let got = Buffer.alloc(0);
    let broke = false;
    const server = await fake((request, r, body) => {
      const location = { location: "/upload?state=1" };
      if (request.method === "HEAD") r.writeHead(404).end();
      else if (request.method === "POST") r.writeHead(202, location).end();
      else if (request.method === "PATCH" && got.length > 0 && !broke) {
        // Half of it arrived.
        broke = true;
        got = Buffer.concat([got, body.subarray(0, 40_000)]);
        request.socket.destroy();
      } else if (request.method === "PATCH") {
        got = Buffer.concat([got, body]);
        r.writeHead(202, { ...location, range: `0-${got.length - 1}` }).end();
      } else if (request.method === "GET") r.writeHead(204, { ...location, range: `0-${got.length - 1}` }).end();
      else r.writeHead(201).end();
    });
    const store = await open(server.host, {}, { chunkBytes: 100_000 });
    await store.writeBlob(bytes);
    expect(got.equals(bytes)).toBe(true);
    expect(server.seen.at(-1)!.url).toBe(`/upload?state=1&digest=${encodeURIComponent(sha(bytes))}`);
    const liar = await fake((request, r) => (request.method === "HEAD" ? r.writeHead(404).end() : r.writeHead(202, { location: "/u", range: "0-999999999" }).end()));
    await expect((await open(liar.host, {}, { chunkBytes: 100_000 })).writeBlob(bytes)).rejects.toThrow(code("oci-malformed"));
  });

  it("are sent whole where pieces are not taken", async () => {
    const bytes = randomBytes(250_000);
    let whole: Buffer | undefined;
    const server = await fake((request, r, body) => {
      if (request.method === "HEAD") r.writeHead(404).end();
      else if (request.method === "POST") r.writeHead(202, { location: "/u" }).end();
      else if (request.method === "PATCH") r.writeHead(405).end();
      else {
        whole = body;
        r.writeHead(201).end();
      }
    });
    await (await open(server.host, {}, { chunkBytes: 100_000 })).writeBlob(bytes);
    expect(whole!.equals(bytes)).toBe(true);
  });
});
